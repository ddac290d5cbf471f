"""A long run against a server that answers at once, and what the program holds
meanwhile: memory, file descriptors, the write-ahead log.

The server lives in the test's own process, so each sample is of a known number
of calls. It takes about as much of a processor as the program does; scripts/
server would take ten times as much.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import support

EXPERIMENT = Path(__file__).resolve().parent / "soak.lua"
PER_ROUND = 400  # calls, as in soak.lua
MIB = 2**20


def _message(body):
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


def _reply(number):
    """A question that no other one equals, in a chat completion."""
    return _message(json.dumps({
        "id": f"chatcmpl-{number}", "object": "chat.completion", "model": "soak",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {
            "role": "assistant",
            "content": f"Where is parcel {number}, which was sent on Monday?"}}],
        "usage": {"prompt_tokens": 90, "completion_tokens": 12,
                  "total_tokens": 102}}).encode())


MODELS = _message(b'{"object":"list","data":[{"id":"soak","object":"model"}]}')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.I)


class _Connection(asyncio.Protocol):
    def __init__(self, soak):
        self.soak = soak
        self.read = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.read, 0, end + 2)
            end += 4 + (int(found[1]) if found else 0)
            if len(self.read) < end:
                return
            is_call = self.read.startswith(b"POST ")
            self.read = self.read[end:]
            if is_call:
                self.soak.calls += 1
            self.transport.write(
                _reply(self.soak.calls) if is_call else MODELS)


class Soak:
    """One run of `calls` calls; `samples` are (calls, resident bytes, file
    descriptors, bytes of the write-ahead log)."""

    def __init__(self, run, calls, every):
        self.run = Path(run)
        self.wanted = calls
        self.every = every
        self.calls = 0
        self.samples = []
        self.seconds = self.cpu_seconds = 0.0

    def _sample(self, pid):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            handles = len(os.listdir(f"/proc/{pid}/fd"))
            log = (self.run / "run.db-wal").stat().st_size
        except (OSError, IndexError):
            return  # It has not begun, or has ended.
        self.samples.append(
            (self.calls, pages * os.sysconf("SC_PAGE_SIZE"), handles, log))

    async def _watch(self, process, show):
        start = shown = time.monotonic()
        next_sample = self.every
        while process.poll() is None:
            if self.calls >= next_sample:
                self._sample(process.pid)
                next_sample = self.calls + self.every
            if show and time.monotonic() - shown > 15:
                shown = time.monotonic()
                print(f"{shown - start:.0f} s: {self}", flush=True)
            await asyncio.sleep(0.01)
        self.seconds = time.monotonic() - start

    async def _main(self, show):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self),
                                          "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        process = support.start_advisor(
            "run", EXPERIMENT, "-o", self.run, "--quiet",
            "--set", f"rounds={self.wanted // PER_ROUND}",
            env={"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
                 "ADVISOR_MODEL": "soak", "OPENAI_API_KEY": support.KEY},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            await self._watch(process, show)
        finally:
            support.kill(process)
            said = process.stderr.read().decode(errors="backslashreplace")
            process.stderr.close()
            server.close()
        if process.returncode:
            raise AssertionError(f"exit {process.returncode}\n{said}")

    def go(self, show=False):
        asyncio.run(self._main(show))
        return self

    def resident(self, first, last):
        """The median of the samples between two numbers of calls."""
        found = [x[1] for x in self.samples if first <= x[0] <= last]
        if len(found) < 5:
            raise AssertionError(f"{len(found)} samples from {first} to {last}")
        return statistics.median(found)

    def handles(self, first):
        return [x[2] for x in self.samples if x[0] >= first]

    def longest_log(self):
        return max(x[3] for x in self.samples)

    def __str__(self):
        if not self.samples:
            return f"{self.calls} calls"
        calls, resident, handles, log = self.samples[-1]
        return (f"{calls} calls, {resident / MIB:.2f} MiB resident, {handles} "
                f"file descriptors, log {log / MIB:.1f} MiB (most "
                f"{self.longest_log() / MIB:.1f})")


def main():
    """soaking.py FOLDER CALLS: one run, with a line each 15 s."""
    soak = Soak(sys.argv[1], int(sys.argv[2]), 200).go(show=True)
    print(soak)
    step = max(10000, soak.wanted // 50)
    for first in range(0, soak.wanted, step):
        print(f"{first:8} to {first + step:8}: "
              f"{soak.resident(first, first + step) / MIB:.3f} MiB resident")


if __name__ == "__main__":
    main()
