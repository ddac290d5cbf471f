#!/usr/bin/env python3
"""What a stranger's experiment or run folder may do before its user says so:
nothing is sent, no variable is read, no stored script is run."""

import contextlib
import json
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import time
import unittest

import support

STRANGER = 54321
EXPERIMENT = """return {
  name = env("SHOP_NAME", "shop"), rounds = 1, per_round = 2,
  models = { default = {
    url = "%s", model = "scripted", key_env = "SHOP_KEY",
  }%s },
  pipeline = { generate = "few_shot" },
  seeds = { "Where is my parcel?" },
}
"""
FLAGS = ("--trust-env", "SHOP_NAME", "--trust-env", "SHOP_KEY")


SLY = """local open, io = pcall(function() return require("io") end)
if open then io.open("%s", "w"):close() end
return {
  api = 1, kind = "provider", form = "messages",
  description = "Tries to be the program's.",
  request = function()
    return { path = "/chat/completions", headers = {}, body = "{}" }
  end,
  parse = function() return { class = "ok", text = "Where is it?" } end,
}
"""


class TrustCase(support.Case):
    def setUp(self):
        super().setUp()
        self.settings = self.dir / "settings"
        self.folder = self.dir / "theirs"
        self.run_folder = self.dir / "run"
        self.env = {"SHOP_KEY": support.KEY, "SHOP_NAME": "canary-name",
                    "XDG_CONFIG_HOME": self.settings}

    def begin(self, more=""):
        self.one = self.server()
        self.path = self.write("theirs/shop.lua",
                               EXPERIMENT % (self.one.url, more))
        return self.path

    def advisor(self, *args, expect=1):
        return self.run_advisor(*args, env=self.env, expect=expect)

    def run_it(self, *flags, expect=1):
        return self.advisor("run", self.path, "-o", self.run_folder, "-q",
                            *flags, expect=expect)

    def host(self):
        return "--trust-host", self.one.root

    def requests(self):
        return self.one.stats()["requests"]

    def asked_at_terminal(self, answers, *args):
        """Runs the program at a terminal and answers its questions.

        Returns its exit status and all it said; fails unless there were as
        many questions as answers.
        """
        mine, its = pty.openpty()
        process = subprocess.Popen(
            [support.ADVISOR, *map(str, args)], cwd=support.ROOT,
            env=support.environment(self.env), stdin=its, stdout=its,
            stderr=its)
        os.close(its)
        said, left, seen = b"", list(answers), 0
        deadline = time.monotonic() + 120
        try:
            while time.monotonic() < deadline:
                if select.select([mine], [], [], 0.1)[0]:
                    try:
                        piece = os.read(mine, 4096)
                    except OSError:  # the other end is closed
                        break
                    said += piece
                while said.count(b"[y/N] ") > seen:
                    seen += 1
                    self.assertTrue(left, said)
                    os.write(mine, left.pop(0).encode() + b"\n")
            code = process.wait(timeout=60)
        finally:
            support.kill(process)
            os.close(mine)
        self.assertEqual(left, [], said)
        return code, said.decode(errors="replace")

    def remembered(self):
        path = self.settings / "data-advisor" / "trust.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        return json.loads(path.read_text(encoding="utf-8"))["experiments"]


class ForeignExperimentTest(TrustCase):
    def test_without_a_terminal_it_is_refused_with_the_flags(self):
        self.begin()
        done = self.run_it("--foreign")
        for part in (f"connect to {self.one.root} (default)",
                     f"send the key in SHOP_KEY to {self.one.root} (default)",
                     "read the variable SHOP_NAME (env())",
                     "--trust-env SHOP_NAME", "--trust-env SHOP_KEY",
                     f"--trust-host {self.one.root}"):
            self.assertIn(part, done.stderr)
        self.assertEqual(self.requests(), 0)
        self.assertFalse(self.run_folder.exists())
        self.assertFalse(self.settings.exists())

    def test_each_of_the_flags_is_needed_and_all_are_enough(self):
        self.begin()
        flags = [self.host(), FLAGS[:2], FLAGS[2:]]
        for left_out in flags:
            self.run_it("--foreign",
                        *(x for f in flags if f != left_out for x in f))
        self.assertEqual(self.requests(), 0)
        self.run_it("--foreign", *self.host(), *FLAGS, expect=0)
        self.assertGreater(self.requests(), 0)
        self.assertEqual(self.status(self.run_folder)["name"], "canary-name")
        # Flags are for one command.
        self.assertFalse(self.settings.exists())

    def test_a_variable_is_not_read_before_it_is_approved(self):
        self.begin()
        self.path.write_text(
            'error("seen: " .. env("SHOP_NAME", "nothing"))', "utf-8")
        said = self.run_it("--foreign").stderr
        self.assertIn("read the variable SHOP_NAME", said)
        self.assertNotIn("canary-name", said)
        said = self.run_it("--foreign", *FLAGS).stderr
        self.assertIn("seen: canary-name", said)

    def test_files_beyond_its_folder_are_asked_for(self):
        self.begin()
        private = self.write("mine/private.txt", "My own note.\n")
        source = self.path.read_text("utf-8")
        (self.folder / "link.txt").symlink_to(private)
        for name in (private, "../mine/private.txt", "link.txt"):
            self.path.write_text(source.replace(
                '{ "Where is my parcel?" }', f'"{name}"'), "utf-8")
            said = self.run_it("--foreign", *self.host(), *FLAGS).stderr
            self.assertIn(f"--trust-file {private}", said)
        self.assertEqual(self.requests(), 0)
        self.run_it("--foreign", *self.host(), *FLAGS, "--trust-file",
                    private, expect=0)

    def test_a_key_file_is_asked_for_wherever_it_is(self):
        self.begin()
        key = self.write("theirs/key", support.KEY)
        key.chmod(0o600)
        self.path.write_text(self.path.read_text("utf-8").replace(
            'key_env = "SHOP_KEY"', f'key_file = "{key}"'), "utf-8")
        said = self.run_it("--foreign", *self.host(), *FLAGS).stderr
        self.assertIn(f"read the file {key} (the key of default, for "
                      f"{self.one.root})", said)
        self.assertEqual(self.requests(), 0)

    def test_every_verb_that_reads_experiments_asks(self):
        self.begin()
        rows = self.write("rows.csv", "text,label\nYes,short\n")
        for words in (["preview", self.path],
                      ["doctor", self.path],
                      ["sweep", self.path, "--vary", "per_round=1,2",
                       "-o", self.dir / "sweep"],
                      ["ablate", self.path, "-o", self.dir / "ablation"],
                      ["eval", "principle", "length", "--data", rows,
                       "--text", "text", "--label", "label", "--positive",
                       "short", "--experiment", self.path],
                      ["check", self.path]):
            said = self.advisor(*words, "--foreign").stderr
            self.assertIn("--trust-env SHOP_NAME", said, words[0])
        self.assertEqual(self.requests(), 0)

    def test_a_sweep_hands_the_flags_to_its_runs(self):
        self.begin()
        sweep = self.dir / "sweep"
        self.advisor("sweep", self.path, "--vary", "per_round=1,2", "--seeds",
                     "1", "-o", sweep, "--foreign", *self.host(), *FLAGS,
                     expect=0)
        self.assertEqual(len(list(sweep.rglob("run.db"))), 2)

    def test_at_a_terminal_it_asks_and_remembers_for_this_one_alone(self):
        self.begin()
        args = ("run", self.path, "-o", self.run_folder, "-q", "--foreign")
        code, said = self.asked_at_terminal(["y", "y", "y"], *args)
        self.assertEqual(code, 0, said)
        self.assertIn(f"Let it connect to {self.one.root} (default)?", said)
        found = self.remembered()
        self.assertEqual(list(found), [str(self.path)])
        origin = self.one.root
        self.assertEqual(
            {k: found[str(self.path)][k] for k in ("hosts", "keys",
                                                   "variables")},
            {"hosts": [origin], "keys": [f"SHOP_KEY {origin}"],
             "variables": ["SHOP_NAME"]})
        # Asked once, also where there is no terminal any more.
        self.advisor("run", self.path, "-o", self.dir / "again", "-q",
                     "--foreign", expect=0)
        # A copy of it elsewhere is another one.
        copy = self.dir / "copy.lua"
        shutil.copy(self.path, copy)
        self.advisor("run", copy, "-o", self.dir / "third", "-q", "--foreign")

    def test_no_is_the_default_and_ends_it(self):
        self.begin()
        args = ("run", self.path, "-o", self.run_folder, "--foreign")
        for answers in ([""], ["y", "n"]):
            shutil.rmtree(self.settings, ignore_errors=True)
            code, said = self.asked_at_terminal(answers, *args)
            self.assertEqual(code, 1, said)
            self.assertIn("not allowed", said)
        self.assertEqual(self.requests(), 0)
        self.assertFalse(self.run_folder.exists())

    def test_a_changed_one_is_asked_for_what_is_new(self):
        self.begin()
        self.asked_at_terminal(["y", "y", "y"], "run", self.path, "-o",
                               self.run_folder, "-q", "--foreign")
        before, other = self.requests(), self.server()
        self.path.write_text(EXPERIMENT % (
            self.one.url, f', judge = {{ url = "{other.url}", model = "m", '
            'key_env = "SHOP_KEY" }'), "utf-8")
        done = self.advisor("run", self.path, "-o", self.dir / "next", "-q",
                            "--foreign")
        self.assertIn(f"connect to {other.root} (judge)", done.stderr)
        # The key was allowed, but for the other host.
        self.assertIn(f"send the key in SHOP_KEY to {other.root}", done.stderr)
        self.assertNotIn(f"connect to {self.one.root}", done.stderr)
        self.assertEqual(self.requests(), before)
        self.assertEqual(other.stats()["requests"], 0)

    def test_a_damaged_trust_file_is_no_trust(self):
        self.begin()
        path = self.settings / "data-advisor" / "trust.json"
        path.parent.mkdir(parents=True)
        for text, problem in (("{", "trust.json"),
                              ('{"folders": "/"}', "'folders' must be a list"),
                              ('{"experiments": []}', None)):
            path.write_text(text, "utf-8")
            path.chmod(0o600)
            said = self.run_it("--foreign").stderr
            if problem:
                self.assertIn(problem, said)
        path.write_text('{"folders": ["/"]}', "utf-8")
        path.chmod(0o666)
        self.assertIn("others may write it", self.run_it("--foreign").stderr)
        self.assertEqual(self.requests(), 0)

    def test_a_path_of_a_provider_does_not_lead_to_another_host(self):
        self.begin()
        other = self.server()
        port = other.root.rsplit(":", 1)[1]
        self.write("theirs/providers/sly.lua", f"""return {{
          api = 1, kind = "provider", form = "messages",
          description = "Goes elsewhere.",
          request = function(call)
            return {{ path = "@127.0.0.1:{port}/v1/chat/completions",
              headers = {{}}, body = "{{}}",
              key_header = "Authorization: Bearer " }}
          end,
          parse = function() return {{ class = "ok", text = "x" }} end,
        }}""")
        self.path.write_text(self.path.read_text("utf-8").replace(
            "/v1\"", "\"").replace('key_env', 'api = "sly", key_env'), "utf-8")
        self.run_it("--foreign", *self.host(), *FLAGS)
        self.assertIn("'path' must begin with '/'",
                      self.status(self.run_folder)["why"])
        self.assertEqual(other.stats()["requests"], 0)


@unittest.skipUnless(os.geteuid() == 0, "files of another user need root")
class AnotherOwnerTest(TrustCase):
    def give_away(self, *paths):
        for path in paths:
            os.chown(path, STRANGER, STRANGER)

    def test_an_experiment_of_another_user_is_foreign(self):
        self.begin()
        self.run_it(expect=0)
        before = self.requests()
        self.give_away(self.path)
        said = self.advisor("run", self.path, "-o", self.dir / "b", "-q"
                            ).stderr
        self.assertIn(f"belongs to another user (number {STRANGER})", said)
        self.assertEqual(self.requests(), before)

    def test_so_is_one_that_includes_or_finds_such_a_file(self):
        self.begin()
        part = self.write("theirs/part.lua", "return { 'Where is it?' }")
        self.path.write_text(self.path.read_text("utf-8").replace(
            '{ "Where is my parcel?" }', 'include("part.lua")'), "utf-8")
        self.run_it(expect=0)
        self.give_away(part)
        self.advisor("run", self.path, "-o", self.dir / "b", "-q")
        os.chown(part, 0, 0)
        script = self.write(
            "theirs/strategies/generate/few_shot.lua",
            (support.ROOT / "strategies/generate/few_shot.lua").read_text())
        self.advisor("run", self.path, "-o", self.dir / "c", "-q", expect=0)
        self.give_away(script)
        self.advisor("run", self.path, "-o", self.dir / "d", "-q")

    def test_data_of_another_user_is_only_data(self):
        self.begin()
        data = self.write("theirs/seeds.txt", "Where is my parcel?\n")
        self.give_away(data)
        self.path.write_text(self.path.read_text("utf-8").replace(
            '{ "Where is my parcel?" }', '"seeds.txt"'), "utf-8")
        self.run_it(expect=0)

    def test_a_folder_that_the_user_trusts_is_the_users_own(self):
        self.begin()
        self.give_away(self.path)
        path = self.settings / "data-advisor" / "trust.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"folders": [str(self.folder)]}), "utf-8")
        path.chmod(0o600)
        self.run_it(expect=0)

    def test_a_checkout_of_another_user_ships_its_presets(self):
        """As root in a container that has the checkout mounted."""
        tree = self.dir / "tree"
        for name in ("core/runtime", "strategies", "principles",
                     "scripts/experiments", "scripts/seeds",
                     "scripts/taxonomies"):
            shutil.copytree(support.ROOT / name, tree / name,
                            ignore=shutil.ignore_patterns("miniature"))
        (tree / "build").mkdir()
        shutil.copy(support.ADVISOR, tree / "build" / "advisor")
        for path in (tree, *tree.rglob("*")):
            self.give_away(path)
        server = self.server()
        done = subprocess.run(
            [tree / "build" / "advisor", "run",
             "scripts/experiments/quickstart.lua", "-o", self.run_folder,
             "-q", "--set", "rounds=1"], cwd=tree, capture_output=True,
            timeout=120, stdin=subprocess.DEVNULL,
            env=support.environment({**server.env(), **self.env}))
        self.assertEqual(done.returncode, 0, done.stderr)


class ForeignRunTest(TrustCase):
    OWN = """return { api = 1, kind = "generate", description = "Mine.",
      run = function(ctx, state, advice)
        local list = {}
        for i = 1, advice.count do
          local reply, why = ctx.ask("generator", "Question " .. i)
          if not reply then return nil, why end
          list[i] = { text = reply.text }
        end
        return list
      end }"""

    def made(self, script=True):
        """A run that was stopped after its first round of two."""
        self.begin()
        if script:
            self.write("theirs/strategies/generate/mine.lua", self.OWN)
            self.path.write_text(self.path.read_text("utf-8").replace(
                '"few_shot"', '"mine"'), "utf-8")
        self.run_it(expect=0)
        self.before = self.requests()

    def test_its_scripts_and_hosts_are_asked_for(self):
        self.made()
        for words in (["resume", self.run_folder, "--set", "rounds=2"],
                      ["fork", self.run_folder, "--round", "1", "--set",
                       "rounds=2", "-o", self.dir / "fork"],
                      ["replay", self.run_folder],
                      ["replay", self.run_folder, "--set",
                       "pipeline.filter=[]"]):
            said = self.advisor(*words, "--foreign").stderr
            self.assertIn("run the scripts stored in it (generate mine)",
                          said, words)
            self.assertIn("--trust-scripts", said)
            if words[0] == "resume":
                self.assertIn(f"connect to {self.one.root}", said)
        self.assertEqual(self.requests(), self.before)
        self.advisor("replay", self.run_folder, "--foreign",
                     "--trust-scripts", expect=0)
        flags = ("--foreign", "--trust-scripts", *self.host(), *FLAGS)
        self.advisor("resume", self.run_folder, "-q", *flags, "--set",
                     "rounds=2", expect=0)
        self.advisor("fork", self.run_folder, "-q", "--round", "1", "-o",
                     self.dir / "fork", *flags, expect=0)

    def test_the_programs_own_scripts_need_no_approval(self):
        self.made(script=False)
        self.advisor("replay", self.run_folder, "--foreign", expect=0)

    def test_what_does_not_run_its_scripts_needs_none(self):
        self.made()
        for words in (["status"], ["export", "--format", "jsonl"],
                      ["report"], ["doctor"]):
            self.advisor(words[0], self.run_folder, *words[1:], expect=0)

    @unittest.skipUnless(os.geteuid() == 0, "files of another user need root")
    def test_a_run_folder_of_another_user_is_foreign(self):
        self.made()
        for path in (self.run_folder, *self.run_folder.rglob("*")):
            os.chown(path, STRANGER, STRANGER)
        said = self.advisor("resume", self.run_folder).stderr
        self.assertIn("belongs to another user", said)
        self.advisor("replay", self.run_folder)
        self.assertEqual(self.requests(), self.before)
        for path in (self.run_folder, *self.run_folder.rglob("*")):
            os.chown(path, 0, 0)

    def test_a_provider_that_calls_itself_shipped_is_not(self):
        """It would have the program's modules, and with them all files."""
        proof = self.dir / "proof"
        for name in ("openai_chat", "sly"):
            self.begin()
            self.write(f"theirs/providers/{name}.lua", SLY % proof)
            self.path.write_text(self.path.read_text("utf-8").replace(
                "key_env", f'api = "{name}", key_env'), "utf-8")
            run = self.dir / name
            self.advisor("run", self.path, "-o", run, "-q", expect=None)
            with contextlib.closing(sqlite3.connect(run / "run.db")) as db:
                with db:
                    changed = db.execute(
                        "UPDATE script SET origin = 'shipped' "
                        "WHERE kind = 'provider'").rowcount
            self.assertEqual(changed, 1)
            self.advisor("resume", run, "-q", expect=None)
            self.advisor("replay", run, expect=None)
            self.assertFalse(proof.exists(), name)

if __name__ == "__main__":
    unittest.main()
