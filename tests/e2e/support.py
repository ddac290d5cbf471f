"""What the end-to-end tests share: servers, runs of the program, evidence.

    class MyTest(support.Case):
        def test_it(self):
            server = self.server("--latency-ms", "5")
            self.run_advisor("run", "x.lua", "-o", self.dir / "run",
                             env=server.env())
            self.assertEqual(self.status(self.dir / "run")["state"], "done")

Whatever a test starts ends with it, also if the test process is killed.
"""

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ADVISOR = os.environ.get("ADVISOR", str(ROOT / "build" / "advisor"))
LONG = bool(os.environ.get("ADVISOR_LONG"))
MODEL = "smollm2-135m"
KEY = "test-key-0123456789"

# Loopback is never asked for through a proxy.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(method, url, body=None, timeout=10):
    """Returns (status, headers, bytes); an error status does not raise."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"content-type": "application/json"}, method=method)
    try:
        with _direct.open(request, timeout=timeout) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


def _await_line(process, path):
    """Returns the address that a server prints once it answers."""
    line = process.stdout.readline().decode()
    if not line.startswith("listening on "):
        process.kill()
        process.wait()
        raise RuntimeError(f"{path} did not start: {line!r}")
    return line.split()[-1]


class Server:
    """scripts/server as a context manager.

    `url` ends in /v1, `root` does not. The log of received requests is kept
    in a folder of its own until stop().
    """

    def __init__(self, *args, log=True):
        self._folder = Path(tempfile.mkdtemp(prefix="advisor-server-"))
        self.log_path = self._folder / "requests.jsonl"
        path = ROOT / "scripts" / "server"
        command = [sys.executable, str(path), "--port", "0", "--until-eof",
                   *map(str, args)]
        if log:
            command += ["--log", str(self.log_path)]
        # The server ends when this pipe closes, which the kernel sees to
        # even if this process is killed.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)
        self.url = _await_line(self.process, path)
        self.root = self.url[:-len("/v1")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def env(self, model="scripted"):
        """Returns the variables that point the program at this server."""
        return {"OPENAI_BASE_URL": self.url, "ADVISOR_MODEL": model,
                "OPENAI_API_KEY": KEY}

    def stats(self):
        return json.loads(http("GET", self.root + "/stats")[2])

    def reset(self):
        http("POST", self.root + "/reset")

    def log(self):
        """Returns the requests read in full so far, in order of arrival."""
        if not self.log_path.exists():
            return []
        with open(self.log_path, encoding="utf-8") as f:
            lines = [json.loads(x) for x in f if x.endswith("\n")]
        return [x for x in lines if "hash" in x]

    def wait_for(self, count, timeout=30):
        """Waits until `count` requests have been read in full."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.stats()["requests"] >= count:
                return
            time.sleep(0.01)
        raise TimeoutError(f"fewer than {count} requests in {timeout} s")


@contextlib.contextmanager
def local_model(name=MODEL, parallel=4):
    """Serves a real model and gives the variables that point at it."""
    path = ROOT / "scripts" / "model"
    process = subprocess.Popen(
        [sys.executable, str(path), "serve", name, "--parallel",
         str(parallel)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        url = _await_line(process, path)
        yield {"OPENAI_BASE_URL": url, "ADVISOR_MODEL": name,
               "OPENAI_API_KEY": ""}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@functools.cache
def settings():
    """Returns a folder of settings that trusts the tests' own files.

    The checkout may belong to somebody else than the one who runs the tests.
    """
    folder = tempfile.mkdtemp(prefix="advisor-settings-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "data-advisor" / "trust.json"
    path.parent.mkdir(mode=0o700)
    path.write_text(json.dumps(
        {"folders": [str(ROOT), tempfile.gettempdir()]}), encoding="utf-8")
    path.chmod(0o600)
    return folder


def environment(env=None):
    """Returns an environment that holds nothing of the user's settings."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("OPENAI_", "ADVISOR_"))
            and not k.lower().endswith("_proxy")}
    kept.update(NO_COLOR="1", XDG_CONFIG_HOME=settings())
    kept.update(**{k: str(v) for k, v in (env or {}).items()})
    return kept


def start_advisor(*args, env=None, cwd=ROOT, **popen):
    """Starts the program and returns its Popen; the caller ends it."""
    popen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([ADVISOR, *map(str, args)], cwd=cwd,
                            env=environment(env), **popen)


def run_advisor(*args, env=None, timeout=120, expect=0, cwd=ROOT, input=None):
    """Runs the program to its end; returns a CompletedProcess with text.

    Fails if the exit status is not `expect` (None accepts all).
    """
    done = subprocess.run(
        [ADVISOR, *map(str, args)], cwd=cwd, env=environment(env),
        timeout=timeout, input=input or "", stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8", errors="backslashreplace")
    if expect is not None and done.returncode != expect:
        raise AssertionError(
            f"advisor {' '.join(map(str, args))}: exit {done.returncode}, "
            f"expected {expect}\n{done.stdout}\n{done.stderr}")
    return done


def export_bytes(run):
    """Returns the run's export as it is, for comparing bytes."""
    process = subprocess.run(
        [ADVISOR, "export", str(run), "--format", "jsonl"], cwd=ROOT,
        env=environment(), timeout=120, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if process.returncode:
        raise AssertionError(f"export: exit {process.returncode}\n"
                             f"{process.stderr.decode(errors='replace')}")
    return process.stdout


def export(run):
    """Returns the kept items as a list of tables."""
    return [json.loads(x) for x in export_bytes(run).split(b"\n") if x]


def status(run):
    return json.loads(run_advisor("status", run, "--json").stdout)


def query(run, sql, *values):
    """Returns the rows of a query on the run's database, read only."""
    uri = (Path(run) / "run.db").resolve().as_uri() + "?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True,
                                            timeout=30)) as db:
        return db.execute(sql, values).fetchall()


def integrity(run):
    """Returns "ok", or what SQLite finds wrong with the run's database."""
    return "\n".join(row[0] for row in query(run, "PRAGMA integrity_check"))


def examine(run):
    """Fails unless all that must hold in a run folder does."""
    done = run_advisor("doctor", run, env={"OPENAI_API_KEY": KEY}, expect=None)
    if done.returncode:
        raise AssertionError(f"{run}:\n{done.stdout}{done.stderr}")


def kill(process, number=signal.SIGKILL):
    """Signals a process that may have ended, and waits for its end."""
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(timeout=60)


class Case(unittest.TestCase):
    """A test with a folder of its own, `self.dir`, and helpers that tidy up."""

    run_advisor = staticmethod(run_advisor)
    export = staticmethod(export)
    export_bytes = staticmethod(export_bytes)
    status = staticmethod(status)
    query = staticmethod(query)

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="advisor-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.damaged = set()
        self.addCleanup(self.examine_runs)

    def examine_runs(self):
        """Examines each run folder that the test leaves.

        Those that it damaged on purpose are in `self.damaged`.
        """
        damaged = {Path(run) for run in self.damaged}
        for found in sorted(self.dir.rglob("run.db")):
            if not damaged & set(found.parents):
                examine(found.parent)

    def server(self, *args, **options):
        server = Server(*args, **options)
        self.addCleanup(server.stop)
        return server

    def start_advisor(self, *args, **options):
        process = start_advisor(*args, **options)

        def end():
            kill(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        self.addCleanup(end)
        return process

    def write(self, name, text):
        """Writes a file into the test's folder and returns its path."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def assertIntact(self, run):
        self.assertEqual(integrity(run), "ok")
        examine(run)
