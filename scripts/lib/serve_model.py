"""Serves one GGUF file on loopback with llama.cpp's own server.

Runs inside the environment that `scripts/model` makes. Prints one line,
"listening on http://127.0.0.1:PORT/v1", once /health answers, and ends with
the process that started it.
"""

import argparse
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

import xllamacpp


def watch_parent(parent):
    """Ends this process as soon as its parent is another one.

    Polling is chosen over PR_SET_PDEATHSIG, which fires when the *thread* that
    started us ends and would surprise a caller that starts us from one.
    """
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def healthy(port):
    try:
        url = f"http://127.0.0.1:{port}/health"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=2) as reply:
            return reply.status == 200
    except (OSError, urllib.error.URLError):
        return False


def main():
    p = argparse.ArgumentParser(prog="scripts/model serve")
    p.add_argument("--file", required=True)
    p.add_argument("--alias", required=True)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--parallel", type=int, default=4)
    p.add_argument("--context", type=int, default=2048)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--log", default=os.devnull)
    p.add_argument("--parent", type=int, default=0)
    args = p.parse_args()

    threading.Thread(
        target=watch_parent, args=(args.parent or os.getppid(),), daemon=True
    ).start()
    port = args.port or free_port()
    if not is_free(port):
        sys.exit(f"scripts/model: port {port} is in use")

    # llama.cpp writes its log to stderr by itself; it goes to a file, so that
    # the terminal stays for the run's progress. Ours keeps the real stderr.
    complain = os.fdopen(os.dup(2), "w", buffering=1)
    log = os.open(args.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(log, 1)
    os.dup2(log, 2)

    threads = args.threads or len(os.sched_getaffinity(0))
    params = xllamacpp.CommonParams()
    params.model.path = args.file
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = args.parallel
    params.n_ctx = args.context * args.parallel
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_gpu_layers = 0
    params.endpoint_metrics = True
    params.model_alias = {args.alias}
    try:
        server = xllamacpp.Server(params)
    except Exception as e:  # The library raises bare exceptions of its own.
        complain.write(f"scripts/model: the server did not start: {e}\n")
        return 1
    deadline = time.monotonic() + 120
    while not healthy(port):
        if time.monotonic() > deadline:
            complain.write("scripts/model: no /health answer in 120 s\n")
            os._exit(1)
        time.sleep(0.05)
    out.write(f"listening on http://127.0.0.1:{port}/v1\n")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
    # A plain return would wait for requests in flight.
    del server
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
