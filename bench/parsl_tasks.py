"""parsl_tasks.py N files|values [--log] [--fill]: N cached tasks of Parsl on two threads, checkpointed as each ends; again in the same directory
they are found. Each is a bash command that writes a line to out/i, or prints it. --log: with Parsl's log, which it writes by default.
--fill: the tasks are done without a process each, so that there is quickly something to be found; the checkpoints are the same."""

import sys

import parsl
import parsl.app.bash
from parsl.dataflow.memoization import BasicMemoizer, get_all_checkpoints

count, kind, options = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


def done_at_once(func, i, to):
    if to is not None:
        with open(f"{to}/{i}", "w") as file:
            file.write(f"{i}\n")
    return 0


if "--fill" in options:
    parsl.app.bash.remote_side_bash_executor = done_at_once


@parsl.bash_app(cache=True)
def task(i, to):
    return f"echo {i}" if to is None else f"echo {i} > {to}/{i}"


memoizer = BasicMemoizer(checkpoint_mode="task_exit", checkpoint_files=get_all_checkpoints())
threads = parsl.ThreadPoolExecutor(max_threads=2)
parsl.load(
    parsl.Config(executors=[threads], strategy="none", initialize_logging="--log" in options, memoizer=memoizer)
)
for future in [task(i, "out" if kind == "files" else None) for i in range(1, count + 1)]:
    future.result()
parsl.dfk().cleanup()
