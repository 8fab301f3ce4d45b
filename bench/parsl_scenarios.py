"""The fourteen scenarios of scenarios.ts as somebody who uses Parsl writes them.

usage: parsl_scenarios.py            all: one JSON object a line, {"number", "wanted", "got"}, and one with the version
       parsl_scenarios.py --play N   number N alone, in this process and directory: what it came to, as JSON

Each is played in a process and a directory of its own, so that none hangs or disturbs another. Parsl runs here as its
documentation proposes for notebooks: threads, caching asked for, checkpoints written and read.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import types

import parsl
from parsl.dataflow.memoization import BasicMemoizer, get_all_checkpoints


def begin(threads=2):
    memoizer = BasicMemoizer(checkpoint_mode="task_exit", checkpoint_files=get_all_checkpoints())
    executor = parsl.ThreadPoolExecutor(max_threads=threads)
    parsl.load(parsl.Config(executors=[executor], strategy="none", memoizer=memoizer, initialize_logging=False))


def lines(name):
    try:
        with open(name) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def pid_in(name, seconds=10):
    """The process number that a task writes to a file."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if lines(name):
            return int(lines(name)[0])
        time.sleep(0.02)
    raise TimeoutError(f"nobody wrote {name}")


def has_ended(pid, seconds=1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    os.kill(pid, 9)
    return False


def defined(name, text):
    """A function from its text, as a cell of a notebook defines it."""
    scope = {"__name__": "__main__", "parsl": parsl}
    exec(text, scope)
    return scope[name]


def edited_body():
    begin()
    text = "@parsl.bash_app(cache=True)\ndef step(x):\n    return f'echo {} {{x}} >> out'\n"
    for word in ("v1", "v2", "v1", "v2"):
        defined("step", text.format(word))(1).result()
    return lines("out")


def one_name():
    begin()
    text = "import parsl\n@parsl.bash_app(cache=True)\ndef same(x):\n    return f'echo {} {{x}} >> out'\n"
    for _ in range(2):
        for letter in "AB":
            module = types.ModuleType("module_" + letter.lower())
            sys.modules[module.__name__] = module
            exec(text.format(letter), module.__dict__)
            module.same(5).result()
    return lines("out")


def mended_cause():
    begin()

    @parsl.python_app(cache=True)
    def flaky():
        import os

        if not os.path.exists("daemon-is-up"):
            raise RuntimeError("the daemon is down")
        return "fine"

    if flaky().exception() is None:
        return "no failure"
    open("daemon-is-up", "w").close()
    return flaky().result()


def file_input():
    begin()
    with open("in.txt", "w") as file:
        file.write("1\n")

    @parsl.bash_app(cache=True)
    def use(inputs=()):
        return f"cat {inputs[0]} >> out"

    for _ in range(2):
        use(inputs=[parsl.File("in.txt")]).result()
    return lines("out")


def changed_input():
    begin()

    @parsl.bash_app(cache=True)
    def use(path):
        return f"cat {path} >> out"

    for content in ("1", "2", "1"):
        with open("in.txt", "w") as file:
            file.write(content + "\n")
        use("in.txt").result()
    return lines("out")


def changed_producer():
    begin()

    @parsl.bash_app(cache=True)
    def up(word):
        return f"echo {word} > up.txt"

    @parsl.bash_app(cache=True)
    def down(after):
        return "cat up.txt >> out"

    for word in ("old", "new", "old"):
        down(up(word)).result()
    return lines("out")


def deleted_product():
    begin()

    @parsl.bash_app(cache=True)
    def make(path):
        return f"echo made >> out; echo product > {path}"

    make("product").result()
    os.remove("product")
    make("product").result()
    return lines("out") + lines("product")


def four_at_once():
    begin(4)

    @parsl.bash_app(cache=True)
    def slow():
        return "echo ran >> out; sleep 0.5"

    for future in [slow() for _ in range(4)]:
        future.result()
    return len(lines("out"))


def many_types():
    begin()

    @parsl.python_app(cache=True)
    def text(value):
        return repr(value)

    def said(value):
        try:
            return text(value).result()
        except Exception:
            return "an error"

    return [said(value) for value in (True, 1.0, 1.5, "text", [1, 2], {"a": 1}, b"x", {1, 2})]


def own_log():
    begin()

    @parsl.bash_app(cache=True)
    def logged(stdout=parsl.AUTO_LOGNAME):
        return "echo ran once >> out; echo the log is here"

    for _ in range(2):
        logged().result()
    return lines("out")


def cancelled():
    begin()

    @parsl.bash_app
    def sleeper():
        return "echo $$ > pid; exec sleep 600"

    future = sleeper()
    pid = pid_in("pid")
    try:
        said = "cancelled" if future.cancel() else "not cancelled"
    except NotImplementedError:
        said = "NotImplementedError"
    return f"{said}, process {'gone' if has_ended(pid) else 'runs on'}"


def two_slots():
    begin(2)

    @parsl.bash_app(cache=True)
    def inner(i):
        return f"echo inner {i} >> out"

    @parsl.python_app
    def outer(i):
        return inner(i).result()

    futures = [outer(i) for i in (1, 2, 3)]
    end = time.monotonic() + 5
    while time.monotonic() < end and not all(future.done() for future in futures):
        time.sleep(0.05)
    return sorted(lines("out")) if all(future.done() for future in futures) else "hangs"


def over_time():
    begin()

    @parsl.bash_app
    def sleeper(walltime=1):
        return "echo $$ > pid; setsid bash -c 'echo $$ > child; exec sleep 600' & exec sleep 600"

    error = sleeper().exception()
    why = "out of time" if type(error).__name__ == "AppTimeout" else repr(error)
    process, child = (("gone" if has_ended(pid_in(name)) else "runs on") for name in ("pid", "child"))
    return f"{why}, process {process}, child {child}"


def torn_record():
    def ten():
        begin()

        @parsl.bash_app(cache=True)
        def step(i):
            return f"echo {i} >> out"

        for future in [step(i) for i in range(10)]:
            future.result()
        parsl.dfk().cleanup()
        parsl.clear()

    ten()
    (name,) = (os.path.join("runinfo", run, "checkpoint", "tasks.pkl") for run in os.listdir("runinfo"))
    os.truncate(name, os.path.getsize(name) - 20)
    ten()
    again = len(lines("out")) - 10
    return "at most 1" if again in (0, 1) else f"{again} ran again"


# By number, from 1: the play, and what is wanted of it in Python's own words where those differ.
PLAYS = [
    (edited_body, ["v1 1", "v2 1"]),
    (one_name, ["A 5", "B 5"]),
    (mended_cause, "fine"),
    (file_input, ["1"]),
    (changed_input, ["1", "2"]),
    (changed_producer, ["old", "new"]),
    (deleted_product, ["made", "made", "product"]),
    (four_at_once, 1),
    (many_types, ["True", "1.0", "1.5", "'text'", "[1, 2]", "{'a': 1}", "an error", "an error"]),
    (own_log, ["ran once"]),
    (cancelled, "cancelled, process gone"),
    (two_slots, ["inner 1", "inner 2", "inner 3"]),
    (over_time, "out of time, process gone, child gone"),
    (torn_record, "at most 1"),
]


def play(number):
    try:
        got = PLAYS[number - 1][0]()
    except Exception as error:
        got = f"{type(error).__name__}: {error}"[:100]
    print(json.dumps(got), flush=True)
    # Threads that hang would keep the process.
    os._exit(0)


def main():
    if sys.argv[1:2] == ["--play"]:
        play(int(sys.argv[2]))
    for number, (_, wanted) in enumerate(PLAYS, 1):
        with tempfile.TemporaryDirectory(prefix="parsl-") as folder:
            words = [sys.executable, os.path.abspath(__file__), "--play", str(number)]
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
        print(json.dumps({"number": number, "wanted": wanted, "got": json.loads(done.stdout.splitlines()[-1])}), flush=True)
    print(json.dumps({"version": parsl.__version__}))


main()
