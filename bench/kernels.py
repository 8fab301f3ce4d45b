"""Starts and answers of kernels, measured in turns so that the machine's other work falls on all alike.

usage: kernels.py ROUNDS CELLS KERNEL...
Prints one JSON object: for each kernel the times of its starts (process start to kernel_info_reply) and of its cells (`1`
sent to its execute_reply), in milliseconds.
"""

import json
import sys
import time

import zmq
from jupyter_client import KernelManager


def start(name):
    # A stock client tries a new port every 100 ms, and would see start times in steps of that.
    context = zmq.Context()
    context.reconnect_ivl = 2
    began = time.perf_counter()
    manager = KernelManager(kernel_name=name)
    manager.start_kernel()
    client = manager.client(context=context)
    client.start_channels(hb=False)
    client.kernel_info()
    client.get_shell_msg(timeout=60)
    return manager, client, (time.perf_counter() - began) * 1000


def cell(client):
    began = time.perf_counter()
    ident = client.execute("1")
    while client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != ident:
        pass
    return (time.perf_counter() - began) * 1000


def stop(manager, client):
    client.shutdown()
    manager.finish_shutdown(waittime=5)
    client.stop_channels()
    manager.cleanup_resources()


def main(rounds, cells, names):
    found = {name: {"startMs": [], "cellMs": []} for name in names}
    for count in range(rounds + 1):
        for name in names:
            manager, client, took = start(name)
            try:
                for _ in range(5):
                    cell(client)
                times = [cell(client) for _ in range(cells)]
            finally:
                stop(manager, client)
            # The first round warms the disk's cache.
            if count > 0:
                found[name]["startMs"].append(took)
                found[name]["cellMs"].extend(times)
    print(json.dumps(found))


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
