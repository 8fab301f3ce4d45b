"""tree.py COMMAND…: runs a command and prints one JSON line: its exit status, the seconds it took, and of it and all its descendants,
those that outlive it too, the processor time in seconds and the largest memory of one process in bytes. Its own output goes to stderr."""

import ctypes
import json
import os
import sys
import time

PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans below become children of this process

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
began = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
status, wall, cpu, memory = 0, 0.0, 0.0, 0
while True:
    try:
        pid, ended, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    cpu += usage.ru_utime + usage.ru_stime
    memory = max(memory, usage.ru_maxrss * 1024)
    if pid == child:
        status, wall = os.waitstatus_to_exitcode(ended), time.perf_counter() - began
print(json.dumps({"status": status, "wall": wall, "cpu": cpu, "memory": memory}))
