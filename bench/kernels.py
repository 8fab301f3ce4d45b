"""Start, answers, output and memory of kernels, measured in turns so that the machine's other work falls on all alike.

usage: kernels.py < PLAN
PLAN is JSON: {"rounds", "cells", "lines", "kernels": [{"name", "spec", "directory", "python"}]}.
Prints one JSON object: for each name lists of milliseconds (a start, a cell, the lines of one cell until idle), of CPU milliseconds of
the kernel's processes (to the first reply; a cell), of MB, and whether all lines came before idle.
"""

import json
import sys

from kernel_client import Kernel

WARMING = 5


def printing(lines, python):
    return f"for i in range({lines}): print(i)" if python else f"for (let i = 0; i < {lines}; i++) console.log(i)"


def once(plan, spec, found):
    kernel = Kernel(spec["spec"], spec["directory"])
    try:
        found["startMs"].append(kernel.start_ms)
        found["startCpuMs"].append(kernel.tree()[0])
        for _ in range(WARMING):
            kernel.cell_ms()
        before = kernel.tree()[0]
        found["cellMs"].extend(kernel.cell_ms() for _ in range(plan["cells"]))
        found["cellCpuMs"].append((kernel.tree()[0] - before) / plan["cells"])
        took, text, _ = kernel.output(printing(plan["lines"], spec["python"]), late=0.1)
        if took is not None:
            found["linesMs"].append(took * 1000)
        found["linesWhole"].append(text.split() == [str(i) for i in range(plan["lines"])])
        found["rssMb"].append(kernel.tree()[1])
        found["version"] = f"{kernel.info['implementation']} {kernel.info['implementation_version']}"
    finally:
        kernel.close()


def main():
    plan = json.load(sys.stdin)
    lists = ["startMs", "startCpuMs", "cellMs", "cellCpuMs", "linesMs", "linesWhole", "rssMb"]
    found = {spec["name"]: {key: [] for key in lists} for spec in plan["kernels"]}
    for count in range(plan["rounds"] + 1):
        for spec in plan["kernels"]:
            # The first round warms the disk's cache.
            once(plan, spec, found[spec["name"]] if count > 0 else {key: [] for key in lists})
    print(json.dumps(found))


main()
