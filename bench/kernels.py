"""Start, answers, output and memory of kernels, measured in turns so that the machine's other work falls on all alike.

usage: kernels.py < PLAN
PLAN is JSON: {"rounds", "cells", "lines", "kernels": [{"name", "spec", "directory", "python"}], "start"?: seconds}.
Prints a JSON line for each round of each kernel: its name, and `found` with lists of milliseconds (a start, a cell, the lines of one
cell until idle), of CPU milliseconds of the kernel's processes (to the first reply; a cell), of MB, whether all lines came before
idle, and how many requests were made and had no answer.
"""

import json
import sys

from kernel_client import START, NoReply, results, started

WARMING = 5
# A kernel that has left so many requests without an answer is asked nothing more.
ENOUGH = 10
LISTS = ["startMs", "startCpuMs", "cellMs", "cellCpuMs", "linesMs", "linesWhole", "rssMb"]


def printing(lines, python):
    return f"for i in range({lines}): print(i)" if python else f"for (let i = 0; i < {lines}; i++) console.log(i)"


class Asked:
    """How many requests were made of one kernel, and how many had no answer; `patience` is how many more of these it may have."""

    def __init__(self, patience):
        self.patience, self.requests, self.lost = patience, 0, 0

    def missed(self):
        self.requests += 1
        self.lost += 1
        if self.lost >= self.patience:
            raise NoReply

    def cell(self, kernel):
        """Milliseconds of a cell, a list of none where it had no reply."""
        try:
            took = kernel.cell_ms()
        except NoReply:
            self.missed()
            return []
        self.requests += 1
        return [took]


def once(plan, spec, patience):
    found, asked = {key: [] for key in LISTS}, Asked(patience)
    kernel = None
    try:
        kernel = started(spec["spec"], spec["directory"], lost=asked.missed, patience=plan.get("start", START))
        asked.requests += 1
        found["startMs"].append(kernel.start_ms)
        found["startCpuMs"].append(kernel.tree()[0])
        for _ in range(WARMING):
            asked.cell(kernel)
        before = kernel.tree()[0]
        for _ in range(plan["cells"]):
            found["cellMs"].extend(asked.cell(kernel))
        found["cellCpuMs"].append((kernel.tree()[0] - before) / plan["cells"])
        took, text, _ = kernel.output(printing(plan["lines"], spec["python"]), late=0.1)
        found["linesWhole"].append(text.split() == [str(i) for i in range(plan["lines"])])
        found["rssMb"].append(kernel.tree()[1])
        if took is None:
            asked.missed()
        else:
            asked.requests += 1
            found["linesMs"].append(took * 1000)
    except NoReply:
        pass
    finally:
        if kernel is not None:
            found["version"] = f"{kernel.info['implementation']} {kernel.info['implementation_version']}"
            kernel.close()
    return {**found, "requests": asked.requests, "lost": asked.lost}


def main():
    out = results()
    plan = json.load(sys.stdin)
    patience = {spec["name"]: ENOUGH for spec in plan["kernels"]}
    for count in range(plan["rounds"] + 1):
        for spec in plan["kernels"]:
            name = spec["name"]
            if patience[name] <= 0:
                continue
            found = once(plan, spec, patience[name])
            patience[name] -= found["lost"]
            if patience[name] <= 0:
                print(f"bench: {name}: given up in round {count}, {ENOUGH} requests had no answer", file=sys.stderr)
            # The first round warms the disk's cache.
            if count > 0 or patience[name] <= 0:
                print(json.dumps({"name": name, "found": found}), file=out)


main()
