#!/usr/bin/env python3
"""`--isolate`: a stranger's experiment is shut in with what was approved, and
a run in there is otherwise a run like any other."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
from pathlib import Path

import support

EXPERIMENT = """return {
  name = "shop", seed = 3, rounds = %d, per_round = 4,
  models = { default = {
    url = %s, model = "scripted", key_env = "SHOP_KEY", concurrency = 4, %s
  } },
  pipeline = { generate = "few_shot", filter = { "exact_duplicate" } },
  seeds = { "Where is my parcel?", "How do I return a lamp?" }, pool = "first",
}
"""


def why_not():
    """Returns why bubblewrap cannot work here, or None."""
    if not shutil.which("bwrap"):
        return "there is no bwrap: scripts/install --tests installs it"
    done = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc",
         "--dev", "/dev", "true"], capture_output=True, timeout=60)
    return done.stderr.decode().strip() if done.returncode else None


def processes_with(word):
    """Returns the processes whose command line holds a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


class IsolateCase(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = why_not()
        if reason:
            raise unittest.SkipTest(f"bubblewrap does not work here: {reason}")

    def setUp(self):
        super().setUp()
        self.env = {"SHOP_KEY": support.KEY, "SHOP_CANARY": "canary-4711",
                    "XDG_CONFIG_HOME": self.dir / "settings"}

    def experiment(self, *servers, rounds=2, more="", name="x/shop.lua"):
        urls = "{ " + ", ".join(f'"{s.url}"' for s in servers) + " }"
        return self.write(name, EXPERIMENT % (rounds, urls, more))

    def advisor(self, *args, expect=0):
        return self.run_advisor(*args, env=self.env, expect=expect)

    def run_it(self, path, name, *flags, expect=0):
        self.advisor("run", path, "-o", self.dir / name, "-q", *flags,
                     expect=expect)
        return self.dir / name


class SameTest(IsolateCase):
    def test_the_bytes_are_those_of_a_run_outside(self):
        one = self.server()
        path = self.experiment(one)
        outside = self.run_it(path, "outside")
        inside = self.run_it(path, "inside", "--isolate")
        self.assertEqual(self.export_bytes(inside),
                         self.export_bytes(outside))
        bodies = [sorted(x["hash"] for x in half) for half in
                  (one.log()[:len(one.log()) // 2],
                   one.log()[len(one.log()) // 2:])]
        self.assertEqual(bodies[0], bodies[1])
        self.assertEqual((inside.stat().st_mode & 0o777), 0o700)
        # Goes on inside, and not outside without a word: its scripts are
        # the program's own here, so nothing is asked.
        self.advisor("resume", inside, "-q", "--isolate", "--set", "rounds=3")
        self.advisor("resume", outside, "-q", "--set", "rounds=3")
        self.assertEqual(self.export_bytes(inside),
                         self.export_bytes(outside))
        self.advisor("replay", inside)

    def test_everything_that_an_experiment_brings_along_is_there(self):
        """Its scripts, what it includes, data, a taxonomy, prices, `..`."""
        one = self.server()
        self.write("x/parts/models.lua", f"""return {{ default = {{
          url = "{one.url}", model = env("SHOP_MODEL", "none") }} }}""")
        self.write("shared/seeds.txt", "Where is my parcel?\n")
        self.write("x/strategies/generate/mine.lua", """return {
          api = 1, kind = "generate", description = "Asks.",
          run = function(ctx, state, advice)
            local reply, why = ctx.ask("generator", "Ask about a lamp.")
            if not reply then return nil, why end
            return { { text = reply.text } }
          end }""")
        self.write("x/topics.lua", 'return { cells = { "lamps", "parcels" } }')
        path = self.write("x/shop.lua", """return {
          name = "parts", rounds = 2, per_round = 1,
          models = include("parts/models.lua"),
          pipeline = { generate = "mine" },
          coverage = { taxonomy = "topics", label = "by_advice" },
          seeds = "../shared/seeds.txt" }""")
        prices = self.write("settings/data-advisor/prices.json",
                            '{"scripted": {"prompt": 1, "completion": 2}}')
        self.assertTrue(prices.exists())
        self.env["SHOP_MODEL"] = "scripted"
        outside = self.run_it(path, "outside")
        inside = self.run_it(path, "inside", "--isolate")
        self.assertEqual(self.export_bytes(inside),
                         self.export_bytes(outside))
        self.assertEqual(self.status(inside)["cost"],
                         self.status(outside)["cost"])
        for run in (outside, inside):
            resolved = (run / "experiment.resolved.json").read_bytes()
            self.assertEqual(
                resolved, (outside / "experiment.resolved.json").read_bytes())
        # It was made with --isolate, so its scripts do not run outside of it
        # without a word.
        said = self.advisor("resume", inside, "--set", "rounds=3", expect=1)
        self.assertIn("was made with --isolate", said.stderr)
        self.advisor("resume", inside, "-q", "--set", "rounds=3",
                     "--trust-scripts")

    def test_several_endpoints_share_the_load(self):
        servers = [self.server("--latency-ms", "20") for _ in range(3)]
        self.run_it(self.experiment(*servers, rounds=4), "run", "--isolate")
        for server in servers:
            self.assertGreater(server.stats()["requests"], 0)

    def test_other_verbs(self):
        one = self.server()
        path = self.experiment(one)
        said = self.advisor("doctor", path, "--isolate").stdout
        self.assertIn("answers with the key of SHOP_KEY", said)
        self.assertIn("fine", self.advisor("check", path, "--isolate").stdout)
        script = support.ROOT / "strategies/generate/few_shot.lua"
        self.assertIn("fine",
                      self.advisor("check", script, "--isolate").stdout)
        self.advisor("preview", path, "--isolate", "-o", self.dir / "preview")

    def test_a_server_that_is_gone_and_comes_back(self):
        """What cannot be connected to was not sent, inside as outside."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        path = self.write("x/shop.lua", EXPERIMENT % (
            1, f'"http://127.0.0.1:{port}/v1"', "breaker_seconds = 1,"))
        self.run_it(path, "run", "--isolate", expect=1)
        found = self.status(self.dir / "run")
        self.assertEqual(found["state"], "paused")
        self.assertEqual(found["unknown_attempts"], 0)
        with support.Server("--port", port):
            self.advisor("resume", self.dir / "run", "-q", "--isolate")
        self.assertEqual(self.status(self.dir / "run")["state"], "done")


class HostileTest(IsolateCase):
    def test_a_stranger_is_asked_and_gets_no_more_than_was_allowed(self):
        one, other = self.server(), self.server()
        path = self.experiment(one, other)
        flags = ("--isolate", "--foreign", "--trust-env", "SHOP_KEY")
        said = self.advisor("run", path, "-o", self.dir / "run", *flags,
                            "--trust-host", one.root, expect=1).stderr
        self.assertIn(f"--trust-host {other.root}", said)
        self.assertNotIn(f"connect to {one.root}", said)
        self.assertEqual(one.stats()["requests"], 0)
        self.assertFalse((self.dir / "run").exists())
        self.run_it(path, "run", "-q", *flags, "--trust-host", one.root,
                    "--trust-host", other.root)

    def test_files_and_variables_are_asked_for(self):
        one = self.server()
        secret = self.write("mine/secret.lua", "return { 'My own note.' }")
        path = self.experiment(one)
        source = path.read_text("utf-8")
        path.write_text(source.replace(
            '{ "Where is my parcel?", "How do I return a lamp?" }',
            'include("../mine/secret.lua")').replace(
            '"shop"', 'env("SHOP_CANARY", "shop")'), "utf-8")
        flags = ("--isolate", "--foreign", "--trust-env", "SHOP_KEY",
                 "--trust-host", one.root)
        said = self.advisor("run", path, "-o", self.dir / "run", *flags,
                            expect=1).stderr
        self.assertIn(f"--trust-file {secret}", said)
        self.assertIn("--trust-env SHOP_CANARY", said)
        self.assertNotIn("canary-4711", said)
        self.assertEqual(one.stats()["requests"], 0)
        flags += ("--trust-file", secret, "--trust-env", "SHOP_CANARY")
        self.run_it(path, "run", *flags)
        self.assertEqual(self.status(self.dir / "run")["name"], "canary-4711")

    def test_one_foreign_file_makes_it_foreign(self):
        """Whatever the file is called, and before any of it has run."""
        if os.geteuid() != 0:
            self.skipTest("only root can give a file away")
        one = self.server()
        part = self.write("x/part.txt", "return { 'Where is it?' }")
        path = self.experiment(one)
        path.write_text(path.read_text("utf-8").replace(
            '{ "Where is my parcel?", "How do I return a lamp?" }',
            'include("part.txt")').replace(
            '"shop"', 'env("SHOP_CANARY", "shop")'), "utf-8")
        os.chown(part, 54321, 54321)
        said = self.advisor("run", path, "-o", self.dir / "run", "--isolate",
                            expect=1).stderr
        self.assertIn("belongs to another user (number 54321)", said)
        self.assertIn("--trust-env SHOP_CANARY", said)
        self.assertEqual(one.stats()["requests"], 0)

    def test_what_the_process_inside_can_see(self):
        """Looked at from outside, through its own root and its own files."""
        if os.geteuid() != 0:
            self.skipTest("only root may look into another process")
        one = self.server("--latency-ms", "1500")
        path = self.experiment(one)
        self.write("x/beside.txt", "not for it")
        self.write("mine/secret.txt", "not for it")
        run = self.dir / "run"
        process = self.start_advisor(
            "run", path, "-o", run, "--isolate", "--foreign", "--trust-env",
            "SHOP_KEY", "--trust-host", one.root, "-q", env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        one.wait_for(2)
        inner = max(p for p in processes_with(str(run))
                    if os.readlink(f"/proc/{p}/exe").endswith("/advisor"))
        self.assertNotEqual(inner, process.pid)
        root = Path(f"/proc/{inner}/root")

        def there(path):
            return os.path.lexists(str(root) + str(path))
        self.assertTrue(there(run / "run.db"))
        self.assertTrue(there(path))
        for hidden in (self.dir / "x/beside.txt", self.dir / "mine",
                       self.dir / "settings", "/root", "/home", "/etc/passwd",
                       "/etc/shadow", "/var", "/sys", support.ROOT / "tests",
                       support.ROOT / ".git", "/tmp/.X11-unix"):
            self.assertFalse(there(hidden), hidden)
        names = {x.split(b"=")[0].decode() for x in
                 Path(f"/proc/{inner}/environ").read_bytes().split(b"\0") if x}
        self.assertEqual(names - {"NO_COLOR", "TERM", "PWD", "COLUMNS"},
                         {"SHOP_KEY"})
        lines = Path(f"/proc/{inner}/net/dev").read_text().splitlines()[2:]
        self.assertEqual([x.split(":")[0].strip() for x in lines], ["lo"])
        status = Path(f"/proc/{inner}/status").read_text()
        self.assertIn("CapEff:\t0000000000000000", status)
        # The key is in no command line, which everybody may read.
        for pid in processes_with(str(run)):
            self.assertNotIn(support.KEY.encode(),
                             Path(f"/proc/{pid}/cmdline").read_bytes())
        self.assertEqual(support.kill(process, signal.SIGINT), 130)

    def test_attacks_by_scripts(self):
        """Each tries to learn or reach something, and goes on if it did."""
        one, other = self.server(), self.server()
        port = other.root.rsplit(":", 1)[1]
        path = self.experiment(one, more='api = "sly",')
        path.write_text(path.read_text("utf-8").replace(
            "/v1\"", "\"").replace('"few_shot"', '"sly"'), "utf-8")
        self.write("x/providers/sly.lua", """return {
          api = 1, kind = "provider", form = "messages",
          description = "Goes elsewhere.",
          request = function(call)
            return { path = "@127.0.0.1:%s/v1/chat/completions",
              headers = {}, body = "{}",
              key_header = "Authorization: Bearer " }
          end,
          parse = function() return { class = "ok", text = "x" } end,
        }""" % port)
        self.write("x/strategies/generate/sly.lua", """return {
          api = 1, kind = "generate", description = "Looks around.",
          run = function(ctx)
            local found = {}
            for _, name in ipairs({ "io", "os", "require", "debug", "package",
              "dofile", "loadfile", "env", "include" }) do
              local ok, value = pcall(function() return _ENV[name] end)
              if ok and value ~= nil then found[#found + 1] = name end
            end
            assert(#found == 0, "found: " .. table.concat(found, ", "))
            return { { text = ctx.ask("generator", "Yes?").text } }
          end }""")
        self.run_it(path, "run", "--isolate", expect=1)
        why = self.status(self.dir / "run")["why"]
        self.assertNotIn("found: ", why)
        self.assertIn("'path' must begin with '/'", why)
        self.assertEqual(other.stats()["requests"], 0)

    def test_an_experiment_that_never_ends_or_floods(self):
        for source, said in (
                ("while true do end", "instructions"),
                ("error(('x'):rep(1 << 22))", "could not be read"),
                ("return { name = ('x'):rep(1 << 22), rounds = 1 }", "")):
            path = self.write("x/shop.lua", source)
            done = self.advisor("run", path, "-o", self.dir / "run",
                                "--isolate", expect=1)
            self.assertIn(said, done.stderr[:5000])
            self.assertFalse((self.dir / "run").exists())

    def test_what_does_not_go_with_it_is_said(self):
        one = self.server()
        path = self.experiment(one, more='proxy = "http://127.0.0.1:9",')
        said = self.advisor("run", path, "--isolate", "-o", self.dir / "run",
                            expect=1).stderr
        self.assertFalse((self.dir / "run").exists())
        self.assertIn("models.default.proxy: does not go with --isolate", said)
        said = self.advisor("run", path, "--isolate", "--reuse", self.dir,
                            expect=1).stderr
        self.assertIn("--reuse does not go with --isolate", said)


class ProcessTest(IsolateCase):
    def begin(self, server, name="run", **more):
        path = self.experiment(server, **more)
        process = self.start_advisor(
            "run", path, "-o", self.dir / name, "--isolate", "-q",
            env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        server.wait_for(3)
        return process

    def gone(self, timeout=30):
        deadline = time.monotonic() + timeout
        while processes_with(str(self.dir / "run")):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def test_ctrl_c_finishes_what_is_in_flight(self):
        one = self.server("--latency-ms", "1000")
        process = self.begin(one, rounds=20)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("once more cancels them", said)
        found = self.status(self.dir / "run")
        self.assertEqual(found["state"], "stopped")
        self.assertEqual(found["unknown_attempts"], 0)
        self.assertTrue(self.gone())

    def test_twice_cancels(self):
        one = self.server("--latency-ms", "60000")
        process = self.begin(one, rounds=20)
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 130, said)
        self.assertTrue(self.gone())

    def test_a_killed_parent_takes_the_child_along(self):
        one = self.server("--latency-ms", "1000")
        process = self.begin(one, rounds=2)
        support.kill(process)
        self.assertTrue(self.gone(), processes_with(str(self.dir / "run")))
        with support.Server() as quick:
            self.advisor("resume", self.dir / "run", "-q", "--isolate",
                         "--set", f'models.default.url="{quick.url}"')
        with support.Server() as quick:
            path = self.experiment(quick)
            outside = self.run_it(path, "outside")
        self.assertEqual(self.export_bytes(self.dir / "run"),
                         self.export_bytes(outside))

    def test_no_bubblewrap(self):
        self.env["PATH"] = str(self.dir)
        path = self.experiment(self.server())
        if any(Path(p, "bwrap").exists() for p in ("/usr/bin",
                                                   "/usr/local/bin")):
            # A bwrap that says what one without user namespaces says.
            fake = self.write("bwrap", "#!/bin/sh\necho 'bwrap: No permissions"
                              " to create new namespace' >&2\nexit 1\n")
            fake.chmod(0o755)
            said = self.advisor("run", path, "--isolate", expect=1).stderr
            self.assertIn("this system does not let you make user namespaces",
                          said)


class SecureServer(http.server.ThreadingHTTPServer):
    """A model server over TLS, with a certificate of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def say(self, value):
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.say({"data": [{"id": "scripted"}]})

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.server.keys.add(self.headers["authorization"])
            self.say({"choices": [{"message": {
                "role": "assistant", "content": "Where is my lamp?"},
                "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1}})

    def __init__(self, folder):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
             "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.keys = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_port}/v1"


class SecureTest(IsolateCase):
    def test_tls_ends_inside(self):
        """The forwarder passes on what it cannot read."""
        server = SecureServer(self.dir)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = self.experiment(
            server, rounds=1,
            more=f'stream = false, ca_file = "{self.dir}/cert.pem",')
        self.run_it(path, "run", "--isolate")
        self.assertEqual(server.keys, {f"Bearer {support.KEY}"})
        # Without the certificate nothing is sent, inside as outside.
        server.keys.clear()
        path = self.experiment(server, rounds=1, more="stream = false,")
        self.run_it(path, "other", "--isolate", expect=1)
        self.assertEqual(server.keys, set())


if __name__ == "__main__":
    unittest.main()
