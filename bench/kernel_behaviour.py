"""What kernels do: Jupyter's own tests, interrupts, many lines, and a heap that is full.

usage: kernel_behaviour.py < PLAN
PLAN is JSON: {"kernels": [{"name", "spec", "directory"}]}. Prints one JSON object, for each name what it did.
"""

import json
import os
import signal
import sys
import time
import unittest

import jupyter_kernel_test
from kernel_client import Kernel
from kernel_samples import samples

PATIENCE = 6
HEAP_MB = 300
LINES = (1000, 20000)
# Each runtime reads its own; Python is told in the cell.
SMALL_HEAP = {
    "NODE_OPTIONS": f"--max-old-space-size={HEAP_MB}",
    "DENO_V8_FLAGS": f"--max-old-space-size={HEAP_MB}",
}


def interrupted(spec, directory, what):
    """Interrupts a cell: what became of it, and of a name that was there before."""
    kernel = Kernel(spec, directory)
    try:
        typed = samples(kernel.info)
        kernel.cell_ms(typed["keep"])
        ident = kernel.client.execute(typed[what])
        time.sleep(0.7)
        began = time.perf_counter()
        kernel.manager.interrupt_kernel()
        reply = kernel.reply(ident, PATIENCE)
        took = (time.perf_counter() - began) * 1000
        if not kernel.manager.is_alive():
            return {"is": "died"}
        if reply is None:
            return {"is": "no reply"}
        return {"is": "interrupted", "ms": took, "kept": "42" in kernel.output(typed["kept"], idle=PATIENCE)[1]}
    finally:
        kernel.close()


def full_heap(spec, directory):
    """Fills the heap: what the cell said, and whether the next one works and knows an old name."""
    kernel = Kernel(spec, directory, SMALL_HEAP)
    try:
        typed = samples(kernel.info)
        kernel.cell_ms(typed["keep"])
        ident = kernel.client.execute(typed["heap"])
        reply = None
        for _ in range(120):
            reply = kernel.reply(ident, 1)
            if reply is not None or not kernel.manager.is_alive():
                break
        error = None if reply is None else f"{reply.get('ename', '')}: {reply.get('evalue', '')}"
        # Who dies a moment after its reply has died.
        time.sleep(1)
        if not kernel.manager.is_alive():
            return {"is": "died", "error": error}
        if reply is None:
            return {"is": "no reply"}
        took, text, _ = kernel.output(typed["kept"], idle=PATIENCE)
        return {"is": "no next cell" if took is None else "lives", "error": error, "kept": "42" in text}
    finally:
        kernel.close()


def lines_of(spec, directory, count):
    kernel = Kernel(spec, directory)
    try:
        _, before, after = kernel.output(samples(kernel.info)["lines"].replace("{n}", str(count)))
        return {"before": before.count("\n"), "all": (before + after).count("\n")}
    finally:
        kernel.close()


def completion(kernel):
    """The one completion of a word that has one, as the kernel writes it: with or without what stands before the dot."""
    typed = "JSON.stringif"
    whole = {"JSON.stringify"}
    matches = completes(kernel.client, typed)
    return {"text": typed, "matches": whole if matches == whole else {"stringify"}}


def completes(client, typed):
    """The completions of a text; asked again for a while where there are none, as kernels load what they need for it meanwhile."""
    for _ in range(10):
        matches = set(client.complete(typed, len(typed), reply=True, timeout=30)["content"]["matches"])
        if matches:
            return matches
        time.sleep(0.5)
    return set()


def suites(spec, attributes):
    """The classes of Jupyter's tests for a kernel."""

    class Conformance(jupyter_kernel_test.KernelTests):
        kernel_name = spec

        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            completes(cls.kc, cls.completion_samples[0]["text"])

    class Welcome(jupyter_kernel_test.IopubWelcomeTests):
        kernel_name = spec
        support_iopub_welcome = True

        # The test waits for ever where no message comes.
        def setUp(self):
            signal.alarm(15)

        def tearDown(self):
            signal.alarm(0)

    for name, value in attributes.items():
        setattr(Conformance, name, value)
    return [Conformance, Welcome]


def too_long(_signal, _frame):
    raise TimeoutError


def conformance(spec, directory):
    """Jupyter's own tests: how many there are, and which the kernel does not pass. One that it has no sample for, it does not pass."""
    kernel = Kernel(spec, directory)
    attributes = samples(kernel.info)["attributes"]
    if "completion_samples" not in attributes:
        attributes["completion_samples"] = [completion(kernel)]
    kernel.close()
    os.chdir(directory)
    signal.signal(signal.SIGALRM, too_long)
    names, failed = set(), set()
    for suite in suites(spec, attributes):
        tests = unittest.defaultTestLoader.loadTestsFromTestCase(suite)
        names |= {name_of(test) for test in tests}
        result = unittest.TestResult()
        tests.run(result)
        for test, why in [*result.failures, *result.errors, *result.skipped]:
            print(f"{spec}: {name_of(test)}: {why.strip().splitlines()[-1]}", file=sys.stderr)
            failed.add(name_of(test))
    return {"tests": len(names), "failed": sorted(failed & names)}


def name_of(test):
    """The name of a test; a sample of one has its test's."""
    return getattr(test, "test_case", test).id().rpartition(".")[2]


def behaviour(spec, directory):
    return {
        "conformance": conformance(spec, directory),
        "interrupts": {what: interrupted(spec, directory, what) for what in ("spin", "spin after await", "await")},
        "lines": {count: lines_of(spec, directory, count) for count in LINES},
        "heap": full_heap(spec, directory),
    }


plan = json.load(sys.stdin)
print(json.dumps({each["name"]: behaviour(each["spec"], each["directory"]) for each in plan["kernels"]}))
