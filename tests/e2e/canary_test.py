#!/usr/bin/env python3
"""Keys stay out of all that the program leaves and shows, whatever users do and
whatever servers say back: every byte of every file, of standard output and
standard error, of the lists of processes is searched (canary.py)."""

import base64
import gzip
import html
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import canary
import support

CRASHING = os.environ.get("ADVISOR_SANITIZED",
                          str(support.ROOT / "build-sanitize" / "advisor"))

PLAIN = "sk-CANARY-7fQ2mX9pL4vZ8kR1tB6nW3cY5"
# Base64, URLs, JSON and HTML each write some of it in another way.
ODD = "CANARY/q+W=e&r\"T<y?Z~5%2BxQ9'p>k:M@8"
FILED = "CANARYfile0Hd8Us2Lq6Vn4Ej1Xo9Ab7Zt"
SPELLED = "CANARYurl5Gm3Rk8Wp1Qf7Ty2Nd6Cx4Jh"
PROXY = "CANARYproxy6Sv2Kb9Mx4Lg8Pd1Uw7Fz3"
ALL = [PLAIN, ODD, FILED, SPELLED, PROXY]

EXPERIMENT = """-- luacheck: read globals env
return {
  name = "shop", seed = 5, rounds = 2, per_round = 3,
  models = { default = { url = env("BASE_URL"), model = env("MODEL"), key_env = "CANARY_KEY",
    stream = false, price = { prompt = 1, completion = 1 } } },
  pipeline = { generate = "few_shot", filter = { "exact_duplicate" }, summarize = "topic_list",
    respond = "safe_reply" },
  principles = { { "well_formed", ending = "?" } },
  seeds = "support",
  policy = { retry_busy = 1, retry_server = 1, retry_unknown = 1 },
}
"""

# A script that looks for the key wherever a script can look.
CURIOUS = """return {
  api = 1, kind = "generate", description = "Looks for the key.",
  options = { how = { type = "string", default = "log", doc = "What it does." } },
  run = function(ctx, state, advice, opt)
    local seen = {}
    local function say(value, name, depth)
      if type(value) == "table" and depth < 6 then
        if seen[value] then return end
        seen[value] = true
        for key, inner in pairs(value) do say(inner, name .. "." .. tostring(key), depth + 1) end
      else
        ctx.log(name .. " = " .. tostring(value))
      end
    end
    local reply, why = ctx.ask("generator", "Hello")
    say(ctx, "ctx", 1)
    say(state, "state", 1)
    say(opt, "opt", 1)
    say(reply or why, "reply", 1)
    for _, name in ipairs({ "os", "io", "debug", "env", "package", "arg", "require" }) do
      ctx.log(name .. " = " .. tostring((_G or _ENV)[name]))
    end
    if opt.how == "raise" then error({ reply = reply, why = why }) end
    if opt.how == "words" then error("it said: " .. tostring(reply and reply.text or why)) end
    if opt.how == "reach" then return { text = os.getenv("CANARY_KEY") } end
    return { { text = "What is " .. tostring(reply and reply.text) .. "?" } }
  end,
}
"""


def bad_key(key):
    return {"error": {"type": "invalid_request_error", "code": "invalid_api_key",
                      "message": f"Incorrect API key provided: {key}. See the "
                      f"docs ({key[:10]}*****{key[-4:]}, {key[:15]}..."
                      f", ***{key[-6:]})."}}


def every_form(key):
    """An error that writes the key in all ways."""
    inner = json.dumps({"sent": {"authorization": f"Bearer {key}"}})
    return {"error": {"message": " ".join([
        key, base64.b64encode(key.encode()).decode(),
        base64.b64encode(b"user:" + key.encode()).decode(),
        base64.urlsafe_b64encode(b"x" + key.encode() + b"yz").decode(),
        urllib.parse.quote(key), urllib.parse.quote(key, safe=""),
        urllib.parse.quote_plus(key), html.escape(key),
        html.escape(key, quote=False), inner, json.dumps(inner)]),
        "metadata": {"raw": inner}}}


class Handler(BaseHTTPRequestHandler):
    """What the request's model names: an answer that says the key back."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body, kind="application/json", extra=0, **headers):
        data = body if isinstance(body, bytes) else (
            body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"content-type": kind, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", len(data) + extra)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = extra > 0

    def do_GET(self):
        model = self.server.model
        if model == "list":
            self.say(401, bad_key(self.key()))
        else:
            self.say(200, {"data": [{"id": model or "ok"}]})

    def key(self):
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key, server = self.key(), self.server
        server.keys.add(key)
        with server.lock:
            server.count += 1
            n = server.count
        if server.latency:
            time.sleep(server.latency)
        answer = getattr(self, "on_" + body["model"].replace("-", "_"))
        answer(key, n)

    def complete(self, text, **headers):
        self.say(200, {"choices": [{"message": {"content": text},
                                    "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 5, "completion_tokens": 5}},
                 **headers)

    def on_ok(self, key, n):
        self.complete(f"Where is parcel number {n} of my order?")

    def on_echo(self, key, n):
        # A gateway that is there for finding faults.
        self.complete(f"Question {n}, sent with {key} and {bad_key(key)}?",
                      x_request_id=key, server=f"Bearer {key}",
                      x_ratelimit_reset_requests=urllib.parse.quote(key))

    def on_denied(self, key, n):
        self.say(401, bad_key(key), www_authenticate=f"Bearer {key}",
                 x_request_id=base64.b64encode(key.encode()).decode())

    def on_forms(self, key, n):
        self.say(400, every_form(key))

    def on_page(self, key, n):
        self.say(500, f"<html><a href='?key={urllib.parse.quote(key)}' title="
                 f"'{html.escape(key)}'>{html.escape(key)}</a></html>",
                 kind="text/html")

    def on_moved(self, key, n):
        safe = urllib.parse.quote(key, safe="")
        self.say(307, {"moved": key}, location=f"https://me:{safe}@else.example"
                 f"/v2/{safe}?key={safe}&x={key}#{safe}")

    def on_events(self, key, n):
        self.say(200, "data: " + json.dumps(
            {"choices": [{"delta": {"content": "Where"}}]}) + "\n\n" +
            (f"event: error\ndata: no {key}\n\n" if n % 2 else
             f"data: {json.dumps(bad_key(key))}\n\n"),
            kind="text/event-stream")

    def on_error200(self, key, n):
        self.say(200, bad_key(key))

    def on_junk(self, key, n):
        self.say(200, f"Authorization: Bearer {key}\n{key}")

    def on_busy(self, key, n):
        self.say(429, bad_key(key), retry_after="0.01",
                 x_ratelimit_remaining_tokens=key)

    def on_cut(self, key, n):
        self.say(200, f'{{"key": "{key}", "half": ', extra=100)


SAID = ("echo", "denied", "forms", "page", "moved", "events", "error200",
        "junk", "busy", "cut")


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class EchoServer:
    """A server that knows the key from each request."""

    def __init__(self, case, latency=0):
        self.server = HttpServer(("127.0.0.1", 0), Handler)
        self.server.keys, self.server.count = set(), 0
        self.server.latency, self.server.model = latency, None
        self.server.lock = threading.Lock()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


class CanaryCase(support.Case):
    def setUp(self):
        super().setUp()
        self.said = []  # (command, bytes) of all that was printed.
        self.path = self.write("shop.lua", EXPERIMENT)
        self.write("strategies/generate/curious.lua", CURIOUS)
        self.secrets = self.dir.parent / (self.dir.name + "-secrets")
        self.secrets.mkdir(mode=0o700)
        self.addCleanup(self.remove_secrets)

    def remove_secrets(self):
        for path in self.secrets.iterdir():
            path.unlink()
        self.secrets.rmdir()

    def advisor(self, *args, key=PLAIN, env=None, model="ok", expect=None,
                server=None):
        done = subprocess.run(
            [support.ADVISOR, *map(str, args)], cwd=self.dir, timeout=180,
            env=self.env(key, model, server, env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said.append((" ".join(map(str, args)), done.stdout + done.stderr))
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def env(self, key, model, server, more=None):
        return support.environment({
            "CANARY_KEY": key, "MODEL": model, "BASE_URL": server.url
            if server else "http://127.0.0.1:9/v1", **(more or {})})

    def search(self, secrets=None):
        """Fails where a key is in a file, or was printed."""
        wrong = canary.hits([*canary.below(self.dir), *self.said],
                            secrets or ALL)
        self.assertEqual(wrong, [], "\n".join(wrong))


class SaidBackTest(CanaryCase):
    def test_whatever_a_server_says_of_the_key_it_is_not_kept(self):
        server = EchoServer(self)
        for i, model in enumerate(SAID):
            for key in (PLAIN, ODD) if support.LONG else ((PLAIN, ODD)[i % 2],):
                run = f"run-{model}-{len(key)}"
                self.advisor("run", self.path, "-v", "-o", run, "--set",
                             "rounds=1", key=key, model=model, server=server)
                self.assertIn(key, server.server.keys, model)
                status = self.advisor("status", run, "--json")
                self.assertIn(b"attempts", status.stdout, model)
        self.advisor("doctor", self.path, model="forms", key=ODD, server=server)
        server.server.model = "list"
        self.advisor("doctor", self.path, "--json", server=server, expect=1)
        self.advisor("report", "run-echo-35", "--open", "no")
        self.search()
        for run in self.dir.glob("run-*"):
            # A row is there, and it shows that there was a key.
            rows = self.query(run, "SELECT raw || headers || why FROM reply")
            self.assertIn(b"[redacted]", b"".join(
                r if isinstance(r, bytes) else r.encode() for r, in rows), run)
        moved, = {w for w, in self.query(self.dir / "run-moved-35",
                                         "SELECT value FROM run WHERE key = 'why'")} \
            if (self.dir / "run-moved-35").exists() else {""}
        if moved:
            self.assertIn("redirects to https://else.example/v2/[redacted];",
                          moved)

    def test_a_script_finds_no_key(self):
        server = EchoServer(self)
        for how in ("log", "raise", "words", "reach"):
            for model in ("echo", "denied"):
                self.advisor("run", self.path, "-v", "-o", f"run-{how}-{model}",
                             "--set", "pipeline.generate=curious", "--set",
                             f"pipeline.generate.how={how}", "--set", "rounds=1",
                             model=model, server=server)
        self.write("env.lua", EXPERIMENT.replace(
            'name = "shop"', 'name = env("CANARY_KEY")'))
        done = self.advisor("run", "env.lua", "-o", "env", expect=1)
        self.assertIn(b"looks like a secret", done.stderr)
        self.search()
        # The script did run, and the log holds what it was told.
        log = (self.dir / "run-log-echo" / "run.log").read_text()
        self.assertIn("reply.text = ", log)
        self.assertIn("[redacted]", log)
        self.assertIn("ctx.log", log)


class PlacesTest(CanaryCase):
    def test_a_key_in_a_file(self):
        server = EchoServer(self)
        path = self.secrets / "key"
        path.write_text(FILED + "\n")
        path.chmod(0o600)
        settings = ["--set", f"models.default.key_file={path}", "--set",
                    "models.default.key_env=null"]
        text = EXPERIMENT.replace('key_env = "CANARY_KEY"', f'key_file = "{path}"')
        self.write("filed.lua", text)
        done = self.advisor("run", "filed.lua", "-v", "-o", "run", key="",
                            server=server, expect=0)
        self.assertEqual(server.server.keys, {FILED}, settings)
        self.assertNotIn(b"chmod", done.stderr)
        doctor = self.advisor("doctor", "run", expect=0)
        self.assertIn(f"looked for: {path}".encode(), doctor.stdout)
        self.advisor("run", "filed.lua", "-o", "denied", model="denied", key="",
                     server=server, expect=1)
        path.chmod(0o644)
        done = self.advisor("run", "filed.lua", "-o", "wide", server=server,
                            expect=0)
        self.assertEqual(done.stderr.count(b"chmod 600"), 1, done.stderr)
        path.write_text(FILED + "\nX-Other: 1\n")
        done = self.advisor("run", "filed.lua", "-o", "two", server=server,
                            expect=1)
        self.assertIn(b"line break", done.stderr)
        path.unlink()
        done = self.advisor("run", "filed.lua", "-o", "none", server=server,
                            expect=1)
        self.assertIn(b"cannot read the key file", done.stderr)
        self.search()

    def test_a_key_where_none_belongs_is_refused_and_not_shown(self):
        for i, (field, value) in enumerate([
                ("url", f"http://127.0.0.1:9/v1?key={SPELLED}"),
                ("url", f"http://me:{SPELLED}@127.0.0.1:9/v1"),
                ("url", f"http://127.0.0.1:9/v1#{SPELLED}"),
                ("key_env", SPELLED + "!"), ("key_file", SPELLED),
                ("proxy", f"http://me:{SPELLED}@127.0.0.1:9")]):
            for verb in ("run", "doctor"):
                args = ["-o", f"run-{i}"] if verb == "run" else []
                # In the environment: what stands in argv is seen by all.
                self.write("bad.lua", re.sub(
                    r"key_env = \"CANARY_KEY\"", f'{field} = env("SPELLED")',
                    EXPERIMENT if field != "url" else EXPERIMENT.replace(
                        'url = env("BASE_URL"), ', "")))
                done = self.advisor(verb, "bad.lua", *args, key="",
                                    env={"SPELLED": value})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"models.default.{field}".encode(),
                              done.stdout + done.stderr)
            self.assertFalse((self.dir / f"run-{i}").exists())
        self.search()

    def test_a_proxy_with_a_password(self):
        self.write("proxied.lua", EXPERIMENT.replace(
            "stream = false", 'stream = false, proxy_env = "CORPORATE_PROXY"'))
        done = self.advisor(
            "run", "proxied.lua", "-v", "-o", "run", expect=1,
            env={"CORPORATE_PROXY": f"http://me:{PROXY}@127.0.0.1:9",
                 "BASE_URL": "https://shop.example/v1"})
        self.assertRegex(done.stderr, rb"127\.0\.0\.1 port 9")  # It was used.
        self.search()

    def test_a_key_over_plain_http_stays_here(self):
        for url in ("http://192.0.2.1:9/v1", "http://[::ffff:192.0.2.1]:9/v1",
                    "http://0.0.0.0:9/v1"):
            started = time.monotonic()
            self.advisor("run", self.path, "-o", "run-" + url[7:10],
                         "--set", "models.default.connect_seconds=0.3", "--set",
                         "policy.retry_not_sent=1", env={"BASE_URL": url})
            self.assertLess(time.monotonic() - started, 100)
        self.search()


class VerbsTest(CanaryCase):
    def test_what_users_do_with_a_run(self):
        """One run, and every verb on it, with the key in the environment."""
        server = EchoServer(self)

        def do(*args, **options):
            return self.advisor(*args, server=server, **{"key": ODD, "expect": 0,
                                                          **options})
        do("run", self.path, "-v", "-o", "run")
        do("run", self.path, "-o", "other", "--json", "--set", "seed=9")
        do("preview", self.path)
        do("preview", self.path, "--json")
        do("doctor", self.path)
        do("doctor", "run", "--json")
        do("resume", "run", "--set", "rounds=3")
        do("replay", "run")
        do("replay", "run", "--json", "--set", "principles.1.min_words=30")
        do("fork", "run", "--round", "1", "-o", "forked")
        do("merge", "run", "other", "-o", "merged", "--json")
        do("compare", "run", "other", expect=None)
        do("compare", "run", "other", "--json", expect=None)
        do("sweep", self.path, "--vary", "per_round=2,3", "--seeds", "1", "-j",
           "2", "-o", "swept", expect=None)
        self.assertTrue(list((self.dir / "swept").rglob("run.db")))
        do("report", "swept", "--open", "no", expect=None)
        do("salvage", "run", "-o", "salvaged")
        do("status", "run")
        do("status", "run", "--json")
        do("list", "--json")
        do("show", "few_shot", "--json")
        do("check", "strategies/generate/curious.lua", expect=None)
        formats = sorted(p.stem for p in (
            support.ROOT / "core/runtime/advisor/output/formats").glob("*.lua"))
        self.assertGreater(len(formats), 8)
        for name in [*formats, "hf"]:
            do("export", "run", "--format", name, "--model", "m", "-o",
               f"exports/{name}", expect=None)
        do("export", "run", "--format", "jsonl", "--lineage")
        do("export", "run", "--trainer", "trl", "--model", "m", "-o",
           "exports/trl", expect=None)
        self.assertIn(ODD, server.server.keys)
        self.search()

    def test_children_get_no_key_that_they_do_not_need(self):
        tools = self.dir.parent / (self.dir.name + "-tools")
        tools.mkdir()
        self.addCleanup(lambda: [*map(os.unlink, tools.iterdir()), tools.rmdir()])
        for name in ("gnuplot", "xdg-open", "squeue", "sbatch"):
            fake = support.ROOT / "tests" / "support" / "slurm" / name
            (tools / name).write_text(
                "#!/bin/bash\n"
                f"cat /proc/self/environ > '{self.dir}/{name}.environ'\n"
                f"cat /proc/$$/cmdline /proc/$PPID/cmdline > "
                f"'{self.dir}/{name}.cmdline'\n"
                + (f"exec '{fake}' \"$@\"\n" if fake.exists() else ""))
            (tools / name).chmod(0o755)
        server = EchoServer(self)
        env = {"PATH": f"{tools}:{os.environ['PATH']}", "DISPLAY": ":99",
               "FAKE_SLURM": str(self.dir / "fake")}
        (self.dir / "fake").mkdir()
        self.advisor("run", self.path, "-o", "run", env=env, server=server,
                     expect=0)
        self.advisor("report", "run", "--open", "yes", env=env, server=server,
                     expect=0)
        self.advisor("sweep", self.path, "--vary", "per_round=2", "--seeds", "1",
                     "-o", "swept", "--executor", "slurm", env=env,
                     server=server)
        deadline = time.monotonic() + 60
        while not (self.dir / "xdg-open.cmdline").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        for name in ("gnuplot", "xdg-open", "squeue", "sbatch"):
            self.assertTrue((self.dir / f"{name}.cmdline").exists(), name)
        environ = self.dir / "sbatch.environ"
        # A job inherits what sbatch has: this one needs the key.
        self.assertIn(PLAIN.encode(), environ.read_bytes())
        environ.unlink()
        self.assertIn(b"DISPLAY=:99", (self.dir / "xdg-open.environ").read_bytes())
        self.search()


class ProcessTest(CanaryCase):
    def begin(self, server, run, *more, program=support.ADVISOR, env=None):
        out = open(self.dir / f"{run}.said", "wb")
        self.addCleanup(out.close)

        def limits():
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        process = subprocess.Popen(
            [program, "run", str(self.path), "-v", "-o", run, *more],
            cwd=self.dir, env=self.env(PLAIN, "ok", server, env),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=limits)
        self.addCleanup(lambda: support.kill(process))
        return process

    def wait_for(self, server, count):
        deadline = time.monotonic() + 60
        while server.server.count < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def core_limit(self, process):
        with open(f"/proc/{process.pid}/limits") as f:
            return re.search(r"Max core file size +(\w+)", f.read())[1]

    def test_a_process_shows_no_key_and_leaves_none_when_it_ends_early(self):
        server = EchoServer(self, latency=0.3)
        for run, end in (("killed", signal.SIGKILL), ("ended", signal.SIGINT),
                         ("aborted", signal.SIGABRT)):
            process = self.begin(server, run)
            self.wait_for(server, server.server.count + 1)
            with open(f"/proc/{process.pid}/cmdline", "rb") as f:
                self.said.append((f"cmdline of {run}", f.read()))
            if end != signal.SIGINT:
                self.assertEqual(self.core_limit(process), "0")
            process.send_signal(end)
            process.wait(timeout=60)
            self.search()  # As it was left, its log of writes among it.
            self.advisor("resume", run, server=server, expect=0)
        self.assertEqual([p for p in self.dir.iterdir() if "core" in p.name], [])
        if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
            process = self.begin(server, "cored", "--core")
            self.wait_for(server, server.server.count + 1)
            self.assertNotEqual(self.core_limit(process), "0")
            support.kill(process)
        self.search()

    def test_no_place_at_which_it_dies_leaves_a_key(self):
        server = EchoServer(self)
        places = ("sending:2", "reply_complete:3", "committing:3",
                  "round_decided:1")
        for place in places if support.LONG else places[1:3]:
            run = "at-" + place.replace(":", "-")
            process = self.begin(server, run, program=CRASHING,
                                 env={"ADVISOR_CRASH_AT": place})
            self.assertEqual(process.wait(timeout=120), -9, place)
        self.search()


class ControlTest(CanaryCase):
    """The search finds a key in each kind of place."""

    def test_a_planted_key_is_found(self):
        places = {}

        def plant(name, data):
            (self.dir / name).parent.mkdir(exist_ok=True)
            (self.dir / name).write_bytes(data)
            places[name] = data
        for key in (PLAIN, ODD):
            raw = key.encode()
            plant("plain", b"x" * 5000 + raw + b"y")
            plant("base64", base64.b64encode(b"me:" + raw))
            plant("base64-2", base64.urlsafe_b64encode(b"x" + raw + b"yz"))
            plant("url", urllib.parse.quote(key, safe="").encode())
            plant("path", urllib.parse.quote(key).encode())
            plant("hex", raw.hex().encode())
            plant("json", json.dumps([json.dumps(key)]).encode())
            plant("page", html.escape(key).encode())
            plant("part", raw[6:6 + canary.PART])
            plant("packed", b"head" + gzip.compress(b"a" * 100 + raw) + b"tail")
            plant("embedded", b"<script>data='" + base64.b64encode(gzip.compress(
                os.urandom(60) + raw)) + b"'</script>")
            plant("pdf", b"stream\n" + zlib.compress(raw) + b"\nendstream")
            db = sqlite3.connect(self.dir / "run.sqlite")
            db.execute("CREATE TABLE t (v)")
            # It begins behind what fits into a page, so its file has it in pieces.
            db.executemany("INSERT INTO t VALUES (?)", [
                ("x" * n + key,) for n in range(4040, 4100)])
            db.commit()
            db.close()
            places["run.sqlite"] = b""
            found = canary.hits(canary.below(self.dir), [key])
            for name in places:
                self.assertTrue(any(f.startswith(name + ":") for f in found),
                                f"{key} in {name}: {found}")
            (self.dir / "run.sqlite").unlink()
            self.assertEqual(len(canary.hits([("said", raw)], [key])), 1)
        (self.dir / PLAIN).mkdir()
        self.assertTrue(any("the name" in f for f in canary.hits(
            canary.below(self.dir), [PLAIN])))
        with self.assertRaises(AssertionError):
            self.search()
        (self.dir / PLAIN).rmdir()

    def test_what_is_no_key_is_not_found(self):
        self.assertEqual(canary.hits(
            [("a", b"sk-CANARY-7fQ [redacted] CANARY"), ("b", os.urandom(9000))],
            ALL), [])


if __name__ == "__main__":
    unittest.main()
