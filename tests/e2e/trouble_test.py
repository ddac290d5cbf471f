#!/usr/bin/env python3
"""What a user sees when something is wrong, and how the run goes on."""

import os
import re
import resource
import shutil
import socket
import stat
import subprocess
import unittest

import killing
import support

EXPERIMENT = """return {
  name = "trouble",
  rounds = 3,
  per_round = 3,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"),
      key_env = "OPENAI_API_KEY",
    },
  },
  pipeline = { generate = "%s", filter = { "exact_duplicate" } },
}
"""

GENERATE = """return {
  api = 1,
  kind = "generate",
  description = "A strategy for a test.",
  run = function(ctx, state, advice)
    %s
    local drafts = {}
    for i = 1, advice.count do
      local reply, why = ctx.ask("generator", "Write question " .. i)
      if not reply then return nil, why end
      drafts[i] = { text = reply.text }
    end
    return drafts
  end,
}
"""
LINE = 6  # Where %s is.

# A server that answers with an error while a file is there.
BROKEN = """import os
def reply(body, prompt, attempt):
    return {"fault": "%s"} if os.path.exists("%s") else None
"""


class TroubleCase(support.Case):
    def setUp(self):
        super().setUp()
        self.run_folder = self.dir / "run"

    def experiment(self, code="", name="made", **more):
        """Writes an experiment with a strategy that does `code` first."""
        self.write(f"strategies/generate/{name}.lua", GENERATE % code)
        text = EXPERIMENT % name
        for key, value in more.items():
            text = text.replace("  rounds", f"  {key} = {value},\n  rounds")
        return self.write("trouble.lua", text)

    def broken(self, fault):
        """A server that fails until the returned file is removed."""
        flag = self.write("broken", "")
        script = self.write("broken.py", BROKEN % (fault, flag))
        return self.server("--script", script), flag

    def curate(self, path, server, *args, expect=1, env=None, timeout=60):
        env = env or server.env()
        return self.run_advisor("run", path, "-o", self.run_folder, *args,
                                env=env, expect=expect, timeout=timeout)

    def resume(self, server, expect=0, **env):
        return self.run_advisor("resume", self.run_folder, expect=expect,
                                env={**server.env(), **env})

    def assertPaused(self, done, *words):
        """The run is paused, and says why and how to go on."""
        for word in (*words, "paused", f"advisor resume {self.run_folder}"):
            self.assertIn(word, done.stderr)
        self.assertNoFault(done)
        status = self.status(self.run_folder)
        self.assertEqual(status["state"], "paused")
        for word in words:
            self.assertIn(word, status["why"])
        self.assertIntact(self.run_folder)
        return status

    def assertNoFault(self, done):
        """Nothing of the program's own insides is shown."""
        self.assertNotIn("core/runtime", done.stderr)
        self.assertNotIn("fault in the program", done.stderr)

    def assertDone(self, rounds=3):
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["rounds"]), ("done", rounds))
        return status


class ServerTest(TroubleCase):
    def test_no_server(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        env = {"OPENAI_BASE_URL": url, "ADVISOR_MODEL": "m"}
        done = self.curate(self.experiment(), None, env=env)
        status = self.assertPaused(done, url)
        self.assertEqual(status["unknown_attempts"], 0)
        server = self.server("--port", port)
        self.resume(server)
        self.assertDone()

    def check_key(self, fault):
        server, flag = self.broken(fault)
        done = self.curate(self.experiment(), server)
        self.assertPaused(done, "OPENAI_API_KEY", fault, server.url)
        self.assertEqual(server.stats()["requests"], 1)
        flag.unlink()
        self.resume(server)
        self.assertDone()

    def test_a_key_that_is_not_known(self):
        self.check_key("401")

    def test_a_key_that_may_not(self):
        self.check_key("403")

    def test_a_quota_that_is_used_up(self):
        server, flag = self.broken("quota")
        done = self.curate(self.experiment(), server)
        self.assertPaused(done, "quota")
        self.assertEqual(server.stats()["requests"], 1)
        flag.unlink()
        self.resume(server)
        self.assertDone()

    def test_a_server_without_the_endpoint(self):
        server = self.server()
        env = {**server.env(), "OPENAI_BASE_URL": server.root + "/nowhere"}
        path = self.experiment()
        done = self.curate(path, server, "--set",
                           "models.default.api=openai_completions", env=env)
        self.assertPaused(done, "404", "--set models.default.api=openai_chat")

    def test_a_web_page_instead_of_an_answer(self):
        server, _ = self.broken("html")
        done = self.curate(self.experiment(), server,
                           "--set", "policy.retry_unknown=0")
        self.assertIn("is the URL right?", done.stderr)


class WrittenWrongTest(TroubleCase):
    """Everything that can be told before anything is paid."""

    def check(self, path, *patterns, args=()):
        """All patterns are shown, the server is not asked, nothing is made."""
        server = self.server()
        done = self.curate(path, server, *args)
        for pattern in patterns:
            self.assertRegex(done.stderr, pattern)
        self.assertNoFault(done)
        self.assertNotIn("traceback", done.stderr)
        self.assertEqual(server.stats()["requests"], 0)
        self.assertFalse(self.run_folder.exists())
        return done

    def test_a_syntax_error_in_a_script(self):
        self.check(self.experiment("local = 1"),
                   rf"strategies/generate/made\.lua:{LINE}: ")

    def test_a_syntax_error_in_the_experiment(self):
        path = self.write("trouble.lua", "return {\n  rounds = = 3,\n}\n")
        self.check(path, r"trouble\.lua:2: ")

    def test_every_problem_at_once(self):
        path = self.write("trouble.lua", """return {
  rouns = 3,
  per_round = "many",
  models = {
    default = {
      url = "http://127.0.0.1:1/v1",
      temprature = 1,
    },
  },
  pipeline = {
    generate = { "few_shot", exemplar = 3 },
    advise = "nobody_wrote_this",
  },
  policy = { retry_bussy = 1 },
}
""")
        done = self.check(
            path, r"trouble\.lua:2: rouns: .*did you mean 'rounds'",
            r"trouble\.lua:3: per_round: ", r"trouble\.lua:7: .*temprature",
            r"trouble\.lua:11: .*exemplar\b.*exemplars", r"nobody_wrote_this",
            r"trouble\.lua:14: .*retry_bussy.*retry_busy")
        for line in done.stderr.splitlines():
            self.assertRegex(line, r"trouble\.lua:\d+: ")

    def test_a_setting_that_is_not_there(self):
        self.check(self.experiment(), "temprature",
                   args=("--set", "models.default.temprature=1"))

    def test_an_experiment_that_is_not_there(self):
        self.check(self.dir / "nothing.lua", r"nothing\.lua")

    def test_a_flag_that_is_not_there(self):
        done = self.run_advisor("run", self.experiment(), "--rouns", "3",
                                expect=2)
        self.assertIn("--rouns", done.stderr)
        self.assertIn("advisor run --help", done.stderr)

    def test_a_verb_that_is_not_there(self):
        done = self.run_advisor("rum", expect=2)
        self.assertIn("'rum'", done.stderr)


class ScriptTest(TroubleCase):
    RAISES = "if state.round == 1 then error('no idea') end"

    def test_a_script_that_raises(self):
        server = self.server()
        done = self.curate(self.experiment(self.RAISES), server)
        status = self.assertPaused(done, "round 2", f"made.lua:{LINE}",
                                   "no idea", "traceback")
        self.assertEqual(status["rounds"], 1)
        # As often as one likes: the scripts are those stored in the run.
        self.assertPaused(self.resume(server, expect=1), "no idea")

    def test_a_failed_round_can_be_passed_over(self):
        server = self.server()
        path = self.experiment(self.RAISES)
        done = self.curate(path, server, "--set", "policy.failed_round=skip",
                           expect=0)
        self.assertIn("no idea", done.stderr)
        status = self.assertDone(rounds=2)
        self.assertEqual(status["failed_rounds"], 1)
        state, why = self.query(
            self.run_folder, "SELECT state, why FROM round WHERE round = 2")[0]
        self.assertEqual(state, "failed")
        self.assertIn(f"made.lua:{LINE}", why)

    def check_loop(self, code):
        server = self.server()
        done = self.curate(self.experiment(code), server, "--set",
                           "policy.instructions=1000000")
        self.assertPaused(done, f"made.lua:{LINE}", "instructions")
        self.assertEqual(server.stats()["requests"], 0)

    def test_a_loop_without_end(self):
        self.check_loop("while true do end")

    def test_a_loop_without_end_that_catches_errors(self):
        self.check_loop("while true do pcall(function() while true do end "
                        "end) end")

    def check_memory(self, code):
        server = self.server()
        done = self.curate(self.experiment(code), server, "--set",
                           "policy.memory_mb=64")
        for word in ("made", "memory", f"advisor resume {self.run_folder}"):
            self.assertIn(word, done.stderr)
        self.assertEqual(self.status(self.run_folder)["state"], "paused")
        self.assertIntact(self.run_folder)

    def test_a_script_that_uses_up_the_memory(self):
        self.check_memory("local t = {} for i = 1, 1e7 do "
                          "t[i] = ('x'):rep(1000) .. i end")

    def test_a_script_that_uses_up_the_memory_in_large_pieces(self):
        self.check_memory("local t = {} for i = 1, 300 do "
                          "t[i] = ('x'):rep(900000) .. i end")


class FilesTest(TroubleCase):
    """Few files may be open at once; few_files_long_test.py has each limit."""

    LIMITS = (64, 20, 16, 12)

    def test_few_open_files(self):
        """Calls wait for a connection; with too few for a run it says so."""
        server = self.server("--latency-ms", "10")
        usual = self.dir / "usual"
        args = ("run", killing.EXPERIMENT, "-q", "--set", "rounds=1", "--set",
                "models.default.concurrency=32", "-o")
        self.run_advisor(*args, usual, env=server.env())
        for limit in self.LIMITS:
            with self.subTest(limit):
                run = self.dir / f"run-{limit}"
                process = self.start_advisor(
                    *args, run, env=server.env(), stderr=subprocess.PIPE,
                    preexec_fn=lambda n=limit: resource.setrlimit(
                        resource.RLIMIT_NOFILE, (n, n)))
                said = process.communicate(timeout=100)[1].decode()
                self.assertNotRegex(said, "traceback|fault in the program")
                if limit >= 20:
                    self.assertEqual(process.returncode, 0, said)
                    self.assertIn(f"{limit} files may be open at once", said)
                    self.assertEqual(self.export_bytes(run),
                                     self.export_bytes(usual))
                    self.assertEqual(self.status(run)["unknown_attempts"], 0)
                elif process.returncode:
                    self.assertEqual(process.returncode, 1, said)
                    self.assertRegex(said, "(?i)too many open files|may be "
                                     "open|unable to open|cannot open")
                    self.go_on(run, args, server)
                self.assertEqual(self.export_bytes(run),
                                 self.export_bytes(usual))

    def go_on(self, run, args, server):
        """Goes on with a run that had too few files, as far as it came."""
        begun = (run / "run.db").exists() and killing.Journal(run).facts
        self.run_advisor(*(("resume", run, "-q") if begun else (*args, run)),
                         env=server.env())

    def test_files_that_run_out_in_the_middle(self):
        server = self.server("--latency-ms", "30")
        args = ("run", killing.EXPERIMENT, "-q", "--set", "rounds=2", "--set",
                "models.default.concurrency=32", "-o")
        usual = self.dir / "usual"
        self.run_advisor(*args, usual, env=server.env())
        for limit in (8, 14, 18):
            with self.subTest(limit):
                run = self.dir / f"run-{limit}"
                before = server.stats()["requests"]
                process = self.start_advisor(*args, run, env=server.env(),
                                             stderr=subprocess.PIPE)
                server.wait_for(before + 3)
                _, most = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
                resource.prlimit(process.pid, resource.RLIMIT_NOFILE,
                                 (limit, most))
                said = process.communicate(timeout=100)[1].decode()
                self.assertNotRegex(said, "traceback|fault in the program")
                self.assertIn(process.returncode, (0, 1), said)
                if process.returncode:
                    self.assertIn(f"advisor resume {run}", said)
                    self.go_on(run, args, server)
                self.assertEqual(self.export_bytes(run),
                                 self.export_bytes(usual))
                journal = killing.Journal(run)
                self.assertEqual(len(journal.attempts), len(journal.replies))


class FolderTest(TroubleCase):
    def limit_files(self, path, server, args, bytes_):
        """Runs the program with files of at most so many bytes."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))
        process = self.start_advisor(*args, env=server.env(),
                                     stderr=subprocess.PIPE, preexec_fn=limit)
        said = process.communicate(timeout=60)[1].decode()
        return subprocess.CompletedProcess(args, process.returncode, "", said)

    LONG = "local long = ('word '):rep(4000) ctx.note(long)"

    def check_full(self, done, server):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "(?i)full|too large|no space|room")
        self.assertIn(f"advisor resume {self.run_folder}", done.stderr)
        self.assertNoFault(done)
        self.assertIntact(self.run_folder)
        before = self.query(self.run_folder, "SELECT * FROM reply")
        self.assertGreater(len(before), 0)
        self.resume(server)
        status = self.assertDone(rounds=40)
        after = self.query(self.run_folder, "SELECT * FROM reply")
        self.assertEqual(after[:len(before)], before)
        # What was in flight as the disk filled up is in doubt, nothing else.
        self.assertLessEqual(status["attempts"],
                             status["calls"] + status["unknown_attempts"])
        self.assertEqual(server.stats()["requests"], status["attempts"])
        self.assertIntact(self.run_folder)

    def test_a_full_disk_as_a_limit_on_files(self):
        server = self.server()
        path = self.experiment(self.LONG).rename(self.dir / "full.lua")
        args = ("run", path, "-o", self.run_folder, "--set", "rounds=40")
        done = self.limit_files(path, server, args, 300_000)
        self.check_full(done, server)

    def leave(self, what):
        """Starts a run and does `what` with its folder in the middle."""
        server = self.server("--latency-ms", "20")
        process = self.start_advisor(
            "run", self.experiment(), "-o", self.run_folder, "-q", "--set",
            "rounds=100", env=server.env(), stderr=subprocess.PIPE)
        server.wait_for(10)
        what()
        said = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(f"{self.run_folder} is gone", said)
        self.assertNotIn("nothing is lost", said)
        self.assertLess(server.stats()["requests"], 200)
        return server

    def test_a_folder_that_is_renamed_in_the_middle(self):
        moved = self.dir / "moved"
        server = self.leave(lambda: self.run_folder.rename(moved))
        self.run_advisor("resume", moved, "-q", "--set", "rounds=12",
                         env=server.env())
        status = self.status(moved)
        self.assertEqual(status["state"], "done")
        self.assertEqual(status["attempts"], status["calls"])
        self.assertEqual(server.stats()["requests"], status["attempts"])

    def test_a_folder_that_is_removed_in_the_middle(self):
        self.leave(lambda: shutil.rmtree(self.run_folder))
        self.assertFalse(self.run_folder.exists())

    def small_disk(self, size):
        disk = self.dir / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none",
                 str(disk)]
        if os.geteuid() or subprocess.run(mount, capture_output=True
                                          ).returncode:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)])
        self.run_folder = disk / "run"
        return disk

    def test_what_is_in_flight_as_the_disk_fills_up_is_stored(self):
        disk = self.small_disk("100m")
        server = self.server("--latency-ms", "100")
        process = self.start_advisor(
            "run", self.experiment(self.LONG), "-o", self.run_folder, "-q",
            "--set", "rounds=40", env=server.env(), stderr=subprocess.PIPE)
        server.wait_for(1)
        spare = self.run_folder / "run.spare"
        self.assertEqual(spare.stat().st_size, 32 << 20)

        def room():
            left = os.statvfs(disk)
            return left.f_bavail * left.f_frsize

        # What the spare gives back must be left to the run.
        with open(disk / "filler", "wb", buffering=0) as f:
            while room() > 200_000 and spare.exists():
                f.write(bytes(min(1 << 20, room() - 100_000)))
        said = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("the disk is full", said)
        self.assertFalse((self.run_folder / "run.spare").exists())
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["unknown_attempts"]),
                         ("paused", 0))
        self.assertEqual(status["attempts"], server.stats()["requests"])
        (disk / "filler").unlink()
        self.resume(server)
        status = self.assertDone(rounds=40)
        self.assertEqual(status["attempts"], status["calls"])
        self.assertFalse((self.run_folder / "run.spare").exists())
        self.assertIntact(self.run_folder)

    def test_a_full_disk(self):
        disk = self.small_disk("600k")
        server = self.server()
        path = self.experiment(self.LONG)
        done = self.curate(path, server, "--set", "rounds=40")
        self.assertRegex(done.stderr, r"has 0\.\d MB left.*make room")
        self.assertEqual(server.stats()["requests"], 0)
        done = self.run_advisor("resume", self.run_folder, "--no-preflight",
                                env=server.env(), expect=1)
        self.assertEqual(self.status(self.run_folder)["kept"] > 0, True)
        subprocess.run(["mount", "-o", "remount,size=80m", str(disk)],
                       check=True)
        self.check_full(done, server)

    def as_somebody(self, *args, server):
        """Runs the program as a user for whom permissions count."""
        more = {}
        if os.geteuid() == 0:
            more = {"user": 65534, "group": 65534, "extra_groups": []}
            os.chmod(self.dir, 0o755)
        process = self.start_advisor(*args, env=server.env(), cwd="/",
                                     stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, **more)
        out, said = process.communicate(timeout=60)
        return process.returncode, out, said.decode()

    def test_a_folder_whose_rights_are_taken_away_in_the_middle(self):
        server = self.server("--latency-ms", "20")
        outer = self.dir / "outer"
        outer.mkdir()
        more = {}
        if os.geteuid() == 0:
            more = {"user": 65534, "group": 65534, "extra_groups": []}
            os.chmod(self.dir, 0o755)
            os.chown(outer, 65534, 65534)
        self.run_folder = outer / "run"
        path = self.experiment()
        try:
            process = self.start_advisor(
                "run", path, "-o", self.run_folder, "-q", "--set",
                "rounds=100", env=server.env(), cwd="/",
                stderr=subprocess.PIPE, **more)
            server.wait_for(10)
        except (OSError, TimeoutError):
            self.skipTest("the program cannot be run by another user here")
        os.chmod(outer, 0)
        said = process.communicate(timeout=60)[1].decode()
        os.chmod(outer, 0o700)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(f"{self.run_folder} cannot be reached any more: ", said)
        self.assertIn("Permission denied", said)
        self.assertIn(f"advisor resume {self.run_folder}", said)
        self.assertLess(server.stats()["requests"], 200)
        self.damaged.add(self.run_folder)  # It belongs to somebody else.
        code, _, said = self.as_somebody(
            "resume", self.run_folder, "-q", "--set", "rounds=12",
            server=server)
        self.assertEqual(code, 0, said)
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["attempts"]),
                         ("done", status["calls"]))
        self.assertEqual(server.stats()["requests"], status["attempts"])

    def test_a_folder_that_is_read_only(self):
        server = self.server()
        path = self.experiment()
        try:
            code, _, said = self.as_somebody("--version", server=server)
        except OSError:
            code = 1
        if code:
            self.skipTest("the program cannot be run by another user here")
        self.curate(path, server, expect=0)
        usual = self.export_bytes(self.run_folder)
        self.damaged.add(self.run_folder)
        # "done" needs nothing, so that the run is one that could go on.
        for file in self.run_folder.rglob("*"):
            os.chmod(file, 0o555 if file.is_dir() else 0o444)
        os.chmod(self.run_folder, 0o555)
        self.addCleanup(os.chmod, self.run_folder, 0o755)
        code, out, said = self.as_somebody(
            "export", self.run_folder, "--format", "jsonl", server=server)
        self.assertEqual((code, out, said), (0, usual, ""))
        code, _, said = self.as_somebody("status", self.run_folder,
                                         server=server)
        self.assertEqual(code, 0, said)
        code, _, said = self.as_somebody("resume", self.run_folder,
                                         server=server)
        self.assertEqual(code, 1, said)
        self.assertIn(str(self.run_folder), said)
        self.assertRegex(said, "(?i)permission denied|read-only|readonly")
        code, _, said = self.as_somebody("run", path, "-o",
                                         self.run_folder / "new",
                                         server=server)
        self.assertEqual(code, 1, said)
        self.assertRegex(said, "(?i)permission denied|read-only|readonly")

    def test_a_run_that_is_no_database(self):
        server = self.server()
        self.write("run/run.db", "this is no database\n" * 100)
        self.damaged.add(self.run_folder)
        for args in (("resume",), ("status",), ("export",)):
            done = self.run_advisor(*args, self.run_folder, expect=1,
                                    env=server.env())
            self.assertIn(str(self.run_folder / "run.db"), done.stderr)
            self.assertIn("not a database", done.stderr)
            self.assertNoFault(done)
        done = self.curate(self.experiment(), server)
        self.assertIn("another -o", done.stderr)
        self.assertIn("no database",
                      (self.run_folder / "run.db").read_text())

    def test_a_folder_without_a_run(self):
        for verb in ("resume", "status", "export"):
            done = self.run_advisor(verb, self.dir / "nothing", expect=1)
            self.assertIn("there is no run in", done.stderr)
            self.assertNoFault(done)
        self.assertFalse((self.dir / "nothing").exists())

    def test_an_export_does_not_replace_a_file(self):
        server = self.server()
        self.curate(self.experiment(), server, expect=0)
        file = self.write("items.jsonl", "mine\n")
        args = ("export", self.run_folder, "--format", "jsonl", "-o", file)
        done = self.run_advisor(*args, expect=1)
        self.assertIn(str(file), done.stderr)
        self.assertIn("--force", done.stderr)
        self.assertEqual(file.read_text(), "mine\n")
        self.run_advisor(*args, "--force")
        self.assertEqual(file.read_bytes(), self.export_bytes(self.run_folder))
        self.assertEqual(list(self.dir.glob("*.partial")), [])
        done = self.run_advisor("export", self.run_folder, "-o",
                                self.dir / "missing" / "x", expect=1)
        self.assertIn("missing", done.stderr)


class KeyTest(TroubleCase):
    KEY = "sk-CANARY0123456789abcdefghijklmnop"

    def setUp(self):
        super().setUp()
        # Says the key back, whole and in part, as servers do.
        self.echo = self.write("echo.py", f"""
import os
KEY = "{self.KEY}"
def reply(body, prompt, attempt):
    if os.path.exists("{self.dir}/broken"):
        return {{"fault": "401", "message": "Incorrect API key provided: "
                 + KEY + ". Also " + KEY[:-6] + "..."}}
""")

    def assertClean(self, *outputs):
        for text in outputs:
            self.assertNotIn("CANARY", text)
        files = [p for p in self.run_folder.rglob("*") if p.is_file()]
        self.assertIn("run.db", {p.name for p in files})
        for path in files:
            self.assertFalse(b"CANARY" in path.read_bytes(), path)

    def test_the_key_is_nowhere(self):
        flag = self.write("broken", "")
        server = self.server("--script", self.echo)
        env = {**server.env(), "OPENAI_API_KEY": self.KEY}
        done = self.curate(self.experiment(), server, "-v", env=env)
        self.assertEqual(self.status(self.run_folder)["state"], "paused")
        self.assertClean(done.stdout, done.stderr)
        status = self.run_advisor("status", self.run_folder, env=env)
        self.assertClean(status.stdout, status.stderr)
        flag.unlink()
        done = self.resume(server, OPENAI_API_KEY=self.KEY)
        self.assertDone()
        self.assertClean(done.stdout, done.stderr,
                         self.export_bytes(self.run_folder).decode())

    def test_the_key_is_for_nobody_else_to_read(self):
        server = self.server()
        self.curate(self.experiment(), server, expect=0)
        for path in (self.run_folder, *self.run_folder.rglob("*")):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0,
                             path)

    def test_a_key_in_the_experiment_is_refused(self):
        path = self.experiment(name="made")
        path.write_text(path.read_text().replace(
            'env("ADVISOR_MODEL")', 'env("OPENAI_API_KEY")'))
        done = self.curate(path, None, env={
            "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
            "OPENAI_API_KEY": self.KEY})
        self.assertRegex(done.stderr, r"trouble\.lua:\d+: .*key_env")
        self.assertNotIn("CANARY", done.stderr)
        self.assertFalse(re.search("CANARY", done.stdout))


if __name__ == "__main__":
    unittest.main()
