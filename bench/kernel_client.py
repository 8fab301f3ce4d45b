"""A kernel with a client of it, as the scripts beside this one measure it."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from queue import Empty

import zmq
from jupyter_client import KernelManager

TICK = 1000 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Seconds for the first reply of a kernel and for that of a cell: more than any takes that answers at all, on a busy machine too.
START = 40
CELL = 10
# So often is a kernel started that does not answer.
STARTS = 3
PR_SET_CHILD_SUBREAPER = 36


class NoReply(Exception):
    """A kernel does not answer, or is not there any more."""


def results():
    """Where this script writes what it finds, a JSON line at a time. No kernel inherits it, so its end is the end of this script."""
    # What outlives its kernel becomes a child of this process, and is found when it is to be ended.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    found = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return found


def below(pid):
    """The numbers of a process and its descendants that are there. Quick: the kernels that are measured rest meanwhile."""
    found, left = set(), [pid]
    while left:
        each = left.pop()
        try:
            threads = os.listdir(f"/proc/{each}/task")
            children = [Path(f"/proc/{each}/task/{thread}/children").read_text() for thread in threads]
        except OSError:
            continue
        found.add(each)
        left.extend(int(child) for text in children for child in text.split())
    return found


def end_all():
    """Ends every process that this one has started, and what they have."""
    while left := below(os.getpid()) - {os.getpid()}:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def started(spec, directory, env=None, lost=lambda: None, patience=START):
    """A kernel that answers; tried a few times, and told of each that does not."""
    for _ in range(STARTS):
        try:
            return Kernel(spec, directory, env, patience)
        except NoReply:
            print(f"bench: {spec}: no kernel_info_reply", file=sys.stderr)
            lost()
    raise NoReply


class Kernel:
    """A started kernel. `start_ms` is from the start of its process to its kernel_info_reply, `info` what that said."""

    def __init__(self, spec, directory, env=None, patience=START):
        # A stock client tries a new port every 100 ms, and would see start times in steps of that.
        context = zmq.Context()
        context.reconnect_ivl = 2
        self.manager = KernelManager(kernel_name=spec)
        began = time.perf_counter()
        self.manager.start_kernel(cwd=directory, env={**os.environ, **(env or {})})
        self.pid = self.manager.provisioner.pid
        self.client = self.manager.client(context=context)
        self.client.start_channels(hb=False)
        self.info = self.reply(self.client.kernel_info(), patience)
        self.start_ms = (time.perf_counter() - began) * 1000
        if self.info is None:
            self.close(1)
            raise NoReply

    def close(self, grace=5):
        """Ends the kernel, by force after so many seconds, and all that it has left."""
        if self.manager.is_alive():
            self.client.shutdown()
        self.manager.finish_shutdown(waittime=grace)
        self.client.stop_channels()
        end_all()
        self.manager.cleanup_resources()

    def reply(self, ident, timeout):
        """The content of the reply to a request, or None where none came in so many seconds, or as long as the kernel lived."""
        until = time.perf_counter() + timeout
        while (left := until - time.perf_counter()) > 0:
            alive = self.manager.is_alive()
            try:
                message = self.client.get_shell_msg(timeout=min(left, 1))
            except Empty:
                if not alive:
                    return None
                continue
            if message["parent_header"].get("msg_id") == ident:
                return message["content"]
        return None

    def cell_ms(self, code="1"):
        """How long a cell took, execute_request to execute_reply."""
        began = time.perf_counter()
        if self.reply(self.client.execute(code), CELL) is None:
            raise NoReply
        return (time.perf_counter() - began) * 1000

    def forget(self, quiet=0.2):
        """Takes what iopub has, until nothing has come for so long."""
        try:
            while True:
                self.client.get_iopub_msg(timeout=quiet)
        except Empty:
            pass

    def output(self, code, idle=CELL, late=2.0):
        """Runs a cell. Gives seconds to its idle (None: none came), text of stdout before it, and in the seconds after it."""
        self.forget(0.05)
        began = time.perf_counter()
        ident = self.client.execute(code)
        took, before, after = None, [], []
        try:
            while True:
                message = self.client.get_iopub_msg(timeout=idle if took is None else late)
                content = message["content"]
                if message["msg_type"] == "stream" and content["name"] == "stdout":
                    (before if took is None else after).append(content["text"])
                elif message["msg_type"] == "execute_result" and took is None:
                    before.append(content["data"].get("text/plain", ""))
                elif content.get("execution_state") == "idle" and message["parent_header"].get("msg_id") == ident:
                    took = time.perf_counter() - began
        except Empty:
            return took, "".join(before), "".join(after)

    def tree(self):
        """CPU milliseconds and resident MB of the process and its descendants, by proc(5)."""
        cpu, rss = 0, 0
        for pid in below(self.pid):
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            fields = stat[stat.rindex(")") + 2 :].split()
            cpu, rss = cpu + int(fields[11]) + int(fields[12]), rss + int(fields[21])
        return cpu * TICK, rss * PAGE / 2**20
