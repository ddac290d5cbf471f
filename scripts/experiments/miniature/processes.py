"""What the circle starts: commands and servers that end with it.

Each is a session of its own, so that Ctrl-C reaches the circle alone: it tells
the command at work, which ends in order while its server is still there, and
ends the server afterwards. Where the circle itself is killed, the kernel kills
what it started.
"""

import ctypes
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from common import Failed

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None)


def start(command, **options):
    """Starts a command that is killed when this process dies."""
    parent = os.getpid()

    def tied():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    try:
        return subprocess.Popen([str(x) for x in command], stdin=subprocess.DEVNULL, text=True,
                                start_new_session=True, preexec_fn=tied, **options)
    except OSError as problem:
        raise Failed(f"{command[0]}: cannot be started: {problem.strerror}") from None


def signalled(process, number):
    """Signals all that a command has started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def last_line(log):
    lines = [x.strip() for x in Path(log).read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((x for x in reversed(lines) if x), "it said nothing")


def run(command, log=None, env=None):
    """Runs a command to its end and returns what it printed.

    What it says on standard error goes to the file `log`, or through. Raises
    Failed where its exit status is not 0; on Ctrl-C (once more: at once) it
    ends the command and raises KeyboardInterrupt.
    """
    with open(log or os.devnull, "a", encoding="utf-8") as errors:
        process = start(command, stdout=subprocess.PIPE, stderr=errors if log else None,
                        env={**os.environ, **(env or {})})
        try:
            printed, _ = process.communicate()
        except KeyboardInterrupt:
            signalled(process, signal.SIGINT)
            try:
                process.wait()
            except KeyboardInterrupt:
                signalled(process, signal.SIGKILL)
                process.wait()
            raise
    if process.returncode:
        words = " ".join(Path(str(x)).name for x in command[:3])
        why = f": {last_line(log)} (more in {log})" if log else ""
        raise Failed(f"{words}: exit {process.returncode}{why}")
    return printed


@contextmanager
def served(command, log):
    """A server that prints where it listens; gives its URL and ends it afterwards."""
    with open(log, "a", encoding="utf-8") as errors:
        process = start(command, stdout=subprocess.PIPE, stderr=errors)
    try:
        for line in process.stdout:
            if line.startswith("listening on "):
                yield line.split()[2]
                return
        raise Failed(f"{Path(str(command[0])).name} {Path(str(command[1])).name} did not begin to listen: "
                     f"{last_line(log)} (more in {log})")
    finally:
        signalled(process, signal.SIGKILL)
        process.wait()
        process.stdout.close()
