"""A kernel with a client of it, as the scripts beside this one measure it."""

import os
import signal
import time
from pathlib import Path
from queue import Empty

import zmq
from jupyter_client import KernelManager

TICK = 1000 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Kernel:
    """A started kernel. `start_ms` is from the start of its process to its kernel_info_reply, `info` what that said."""

    def __init__(self, spec, directory, env=None):
        # A stock client tries a new port every 100 ms, and would see start times in steps of that.
        context = zmq.Context()
        context.reconnect_ivl = 2
        self.manager = KernelManager(kernel_name=spec)
        began = time.perf_counter()
        self.manager.start_kernel(cwd=directory, env={**os.environ, **(env or {})})
        self.pid = self.manager.provisioner.pid
        self.client = self.manager.client(context=context)
        self.client.start_channels(hb=False)
        self.client.kernel_info()
        reply = self.client.get_shell_msg(timeout=60)
        self.start_ms = (time.perf_counter() - began) * 1000
        self.info = reply["content"]

    def close(self):
        """Ends the kernel, and what is left of the session of its process."""
        if self.manager.is_alive():
            self.client.shutdown()
        self.manager.finish_shutdown(waittime=5)
        self.client.stop_channels()
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.manager.cleanup_resources()

    def reply(self, ident, timeout):
        """The reply to a request, or None where none came in so many seconds."""
        until = time.perf_counter() + timeout
        while (left := until - time.perf_counter()) > 0:
            try:
                message = self.client.get_shell_msg(timeout=left)
            except Empty:
                return None
            if message["parent_header"].get("msg_id") == ident:
                return message["content"]
        return None

    def cell_ms(self, code="1"):
        """How long a cell took, execute_request to execute_reply."""
        began = time.perf_counter()
        if self.reply(self.client.execute(code), 60) is None:
            raise TimeoutError("no reply to a cell in 60 s")
        return (time.perf_counter() - began) * 1000

    def forget(self, quiet=0.2):
        """Takes what iopub has, until nothing has come for so long."""
        try:
            while True:
                self.client.get_iopub_msg(timeout=quiet)
        except Empty:
            pass

    def output(self, code, idle=20.0, late=2.0):
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
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            fields = stat[stat.rindex(")") + 2 :].split()
            found[int(entry.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[21]))
        mine = {self.pid}
        while more := {pid for pid, (parent, _, _) in found.items() if parent in mine} - mine:
            mine |= more
        kept = [found[pid] for pid in mine if pid in found]
        return sum(cpu for _, cpu, _ in kept) * TICK, sum(rss for _, _, rss in kept) * PAGE / 2**20
