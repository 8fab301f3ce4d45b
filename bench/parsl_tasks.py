"""parsl_tasks.py N files|values: N cached tasks of Parsl on two threads, without its log, checkpointed as each ends; again in the same directory
they are found. Each is a bash command that writes a line to out/i, or prints it."""

import sys

import parsl
from parsl.dataflow.memoization import BasicMemoizer, get_all_checkpoints


@parsl.bash_app(cache=True)
def task(i, to):
    return f"echo {i}" if to is None else f"echo {i} > {to}/{i}"


count, kind = int(sys.argv[1]), sys.argv[2]
memoizer = BasicMemoizer(checkpoint_mode="task_exit", checkpoint_files=get_all_checkpoints())
threads = parsl.ThreadPoolExecutor(max_threads=2)
parsl.load(parsl.Config(executors=[threads], strategy="none", initialize_logging=False, memoizer=memoizer))
for future in [task(i, "out" if kind == "files" else None) for i in range(1, count + 1)]:
    future.result()
parsl.dfk().cleanup()
