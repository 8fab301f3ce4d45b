"""What kernels do: Jupyter's own tests, interrupts, many lines, and a heap that is full.

usage: kernel_behaviour.py < PLAN
PLAN is JSON: {"kernels": [{"name", "spec", "directory"}]}. Prints a JSON line for each kernel: its name, and what it `does`. A kernel that
does not answer is a result.
"""

import json
import os
import signal
import sys
import time
import unittest

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel
from kernel_client import START, STARTS, NoReply, end_all, results, started
from kernel_samples import samples

PATIENCE = 6
FULL = 120
# The tests themselves wait a tenth of a second for some messages: on a busy machine what can pass does not always.
TRIES = 2
INTERRUPTS = 3
HEAP_MB = 300
LINES = (1000, 20000)
# Each runtime reads its own; Python is told in the cell.
SMALL_HEAP = {
    "NODE_OPTIONS": f"--max-old-space-size={HEAP_MB}",
    "DENO_V8_FLAGS": f"--max-old-space-size={HEAP_MB}",
}


def or_silent(kind, silent):
    """Makes what finds something out give `silent` where the kernel does not answer."""

    def found(*arguments):
        try:
            return kind(*arguments)
        except NoReply:
            return silent
        finally:
            end_all()

    return found


def interrupted(spec, directory, what):
    """Interrupts a cell a few times: what became of it, its milliseconds, and whether a name that was there before still is."""
    kernel = started(spec, directory)
    try:
        typed = samples(kernel.info)
        kernel.cell_ms(typed["keep"])
        times = []
        for _ in range(INTERRUPTS):
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
            times.append(took)
        return {"is": "interrupted", "ms": times, "kept": "42" in kernel.output(typed["kept"], idle=PATIENCE)[1]}
    finally:
        kernel.close()


def full_heap(spec, directory):
    """Fills the heap: what the cell said, and whether the next one works and knows an old name."""
    kernel = started(spec, directory, SMALL_HEAP)
    try:
        typed = samples(kernel.info)
        kernel.cell_ms(typed["keep"])
        reply = kernel.reply(kernel.client.execute(typed["heap"]), FULL)
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
    kernel = started(spec, directory)
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
        try:
            reply = client.complete(typed, len(typed), reply=True, timeout=PATIENCE)
        except TimeoutError:
            return set()
        if matches := set(reply["content"]["matches"]):
            return matches
        time.sleep(0.5)
    return set()


def client_of(spec):
    """A manager and a client as the tests make them, of a kernel that answers."""
    for tries in range(STARTS):
        try:
            return start_new_kernel(kernel_name=spec, startup_timeout=START)
        except RuntimeError:
            end_all()
            if tries == STARTS - 1:
                raise


def suites(spec, attributes):
    """The classes of Jupyter's tests for a kernel."""

    class Conformance(jupyter_kernel_test.KernelTests):
        kernel_name = spec

        @classmethod
        def setUpClass(cls):
            cls.km, cls.kc = client_of(spec)
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


class Passed(unittest.TestResult):
    """The tests that pass, by name. One that is never run, as its kernel does not start, has not passed; nor has one without a sample."""

    def __init__(self, spec):
        super().__init__()
        self.spec, self.names = spec, set()

    def addSuccess(self, test):
        self.names.add(name_of(test))

    def told(self):
        """What did not pass."""
        wrong = [*self.failures, *self.errors, *self.skipped]
        for test, why in wrong:
            print(f"bench: {self.spec}: {name_of(test)}: {why.strip().splitlines()[-1]}", file=sys.stderr)
        return {name_of(test) for test, _ in wrong}


def conformance(spec, directory):
    """Jupyter's own tests: how many there are, and which the kernel does not pass."""
    try:
        kernel = started(spec, directory)
        attributes = samples(kernel.info)["attributes"]
        if "completion_samples" not in attributes:
            attributes["completion_samples"] = [completion(kernel)]
        kernel.close()
    except NoReply:
        attributes = {}
    os.chdir(directory)
    signal.signal(signal.SIGALRM, too_long)
    names, passed = set(), set()
    for _ in range(TRIES):
        for suite in suites(spec, attributes):
            found = unittest.defaultTestLoader.loadTestsFromTestCase(suite)
            names |= {name_of(test) for test in found}
            tests = unittest.TestSuite(test for test in found if name_of(test) not in passed)
            if tests.countTestCases() == 0:
                continue
            result = Passed(spec)
            tests.run(result)
            end_all()
            # A test of several samples may have passed with some of them.
            passed |= result.names - result.told()
    return {"tests": len(names), "failed": sorted(names - passed)}


def name_of(test):
    """The name of a test; a sample of one has its test's."""
    return getattr(test, "test_case", test).id().rpartition(".")[2]


def behaviour(spec, directory):
    stopped = or_silent(interrupted, {"is": "no reply"})
    lines = or_silent(lines_of, {"before": 0, "all": 0})
    return {
        "conformance": conformance(spec, directory),
        "interrupts": {what: stopped(spec, directory, what) for what in ("spin", "spin after await", "await")},
        "lines": {count: lines(spec, directory, count) for count in LINES},
        "heap": or_silent(full_heap, {"is": "no reply"})(spec, directory),
    }


def main():
    out = results()
    for each in json.load(sys.stdin)["kernels"]:
        began = time.perf_counter()
        print(json.dumps({"name": each["name"], "does": behaviour(each["spec"], each["directory"])}), file=out)
        print(f"bench: {each['name']}: {time.perf_counter() - began:.0f} s", file=sys.stderr)


main()
