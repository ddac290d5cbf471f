#!/usr/bin/env python3
"""Scripts that use up their time: in Lua, and inside a C function, with calls in
flight. Nothing acknowledged is lost, and the run goes on."""

import unittest

import support

EXPERIMENT = """return {
  name = "limits", rounds = 3, per_round = 4,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"),
      key_env = "OPENAI_API_KEY",
    },
  },
  policy = { instructions = 1000000000000, script_seconds = 1000 },
  pipeline = { generate = "made", filter = { "exact_duplicate" } },
}
"""

# In round 2 the first lane gets its reply and then does the code, while the
# others wait for theirs.
STRATEGY = """return {
  api = 1, kind = "generate", description = "A strategy for a test.",
  run = function(ctx, state, advice)
    return ctx.each_draft(advice.count, function(i)
      local place = state.round .. "." .. i
      local slow = state.round == 1 and i > 1 and "slow " or ""
      local reply, why = ctx.ask("generator", "Write " .. slow .. place)
      if not reply then return nil, why end
      if state.round == 1 and i == 1 then
        %s
      end
      return { text = reply.text .. " " .. place }
    end)
  end,
}
"""
LINE = 10  # Where the code is.

# Each takes seconds, and then ends: so a run with more time goes on.
IN_LUA = "for i = 1, 150000000 do end"
IN_C = "('a'):rep(1400):find('^a-a-a-b')"

# What is slow is answered when it comes again.
SERVER = """
def reply(body, prompt, attempt):
    if "slow" in prompt and attempt == 1:
        return {"delay_ms": DELAY}
    return None
"""


class LimitsTest(support.Case):
    def setUp(self):
        super().setUp()
        self.run_folder = self.dir / "run"

    def files(self, code):
        self.write("strategies/generate/made.lua", STRATEGY % code)
        return self.write("limits.lua", EXPERIMENT)

    def usual(self, code):
        """The export of a run that has time enough."""
        quick = self.server("--script", self.write(
            "quick.py", SERVER.replace("DELAY", "1")))
        self.run_advisor("run", self.files(code), "-o", self.dir / "usual",
                         "-q", env=quick.env(), timeout=600)
        return self.export_bytes(self.dir / "usual")

    def begin(self, code, seconds, delay_ms):
        server = self.server("--script", self.write(
            "slow.py", SERVER.replace("DELAY", str(delay_ms))))
        done = self.run_advisor(
            "run", self.files(code), "-o", self.run_folder, "-q", "--set",
            f"policy.script_seconds={seconds}", env=server.env(), expect=1,
            timeout=600)
        self.assertNotIn("fault in the program", done.stderr)
        return server, done.stderr

    def check_kept(self, server, given):
        """Every reply that was given is on disk, every other call is open."""
        answered = self.query(
            self.run_folder, "SELECT count(*) FROM reply WHERE state = 'done'")
        sent = self.query(self.run_folder, "SELECT count(*) FROM attempt")
        stats = server.stats()
        self.assertEqual(answered, [(given,)])
        self.assertEqual(stats["answered"], given)
        self.assertEqual(sent, [(stats["requests"],)])
        self.assertEqual(stats["requests"], 8)
        self.assertIntact(self.run_folder)

    def go_on(self, server, usual):
        self.run_advisor("resume", self.run_folder, "-q", "--set",
                         "policy.script_seconds=1000", env=server.env(),
                         timeout=600)
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["rounds"]), ("done", 3))
        self.assertEqual(server.stats()["requests"], status["attempts"])
        self.assertEqual(self.export_bytes(self.run_folder), usual)
        return status

    def test_a_bomb_inside_a_c_function(self):
        usual = self.usual(IN_C)
        server, said = self.begin(IN_C, 0.2, 900000)
        for words in ("the script made (round 2, generate)",
                      "C library function", "nothing acknowledged is lost",
                      "advisor resume"):
            self.assertIn(words, said)
            self.assertIn(words, (self.run_folder / "run.log").read_text())
        self.check_kept(server, 5)
        # With more time.
        status = self.go_on(server, usual)
        self.assertEqual(status["unknown_attempts"], 3)
        # With a mended script, from the last good round on.
        self.write("strategies/generate/mended.lua", STRATEGY % "")
        fork = self.dir / "fork"
        self.run_advisor(
            "fork", self.run_folder, "--round", 1, "-o", fork, "-q", "--set",
            "pipeline.generate=mended", cwd=self.dir, env=server.env())
        self.assertEqual(self.status(fork)["state"], "done")
        self.assertEqual(self.export_bytes(fork), usual)

    def test_too_much_time_in_lua(self):
        usual = self.usual(IN_LUA)
        server, said = self.begin(IN_LUA, 0.1, 3000)
        for words in (f"made.lua:{LINE}: the script made (round 2, generate)",
                      "0.1 s of CPU time", "policy.script_seconds",
                      f"advisor resume {self.run_folder}"):
            self.assertIn(words, said)
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["rounds"]), ("paused", 1))
        self.assertIn("policy.script_seconds", status["why"])
        # What was in flight was waited for.
        self.check_kept(server, 8)
        self.assertEqual(self.go_on(server, usual)["unknown_attempts"], 0)


class FilesTest(support.Case):
    """Limits hold wherever a user's Lua is run."""

    def check_experiment(self, code, *words):
        path = self.write("limits.lua", code + "\nreturn {}\n")
        for verb in ("run", "check"):
            done = self.run_advisor(verb, path, expect=1, timeout=300)
            for word in ("limits.lua", *words):
                self.assertIn(word, done.stderr)
            self.assertNotIn("fault in the program", done.stderr)

    def test_an_experiment_that_takes_too_much_memory(self):
        self.check_experiment("local s = 'x' while true do s = s .. s end",
                              "limits.lua:1:", "16 MiB of memory")

    def test_an_experiment_that_hangs(self):
        self.check_experiment(
            "('a'):rep(3000):find(('a-'):rep(12) .. 'b')",
            "C library function")

    def test_an_experiment_that_is_slow(self):
        self.check_experiment(
            "local s = ('x'):rep(200) "
            "for i = 1, 1000000 do s:find('.-.-y') end",
            "limits.lua:1:", "1 s of CPU time")

    def test_a_script_that_is_checked(self):
        path = self.write("strategies/generate/made.lua", STRATEGY.replace(
            "state.round == 1 and i == 1", "true") % "while true do end")
        done = self.run_advisor("check", path, expect=None, timeout=600)
        self.assertIn(f"made.lua:{LINE}", done.stderr)
        self.assertIn("exceeded the limit", done.stderr)

    def test_a_provider_that_never_ends(self):
        self.write("providers/mine.lua", """return {
  api = 1, kind = "provider", description = "For a test.", form = "messages",
  request = function(call, role)
    while true do end
  end,
  parse = function(reply) return { class = "ok", text = "x", usage = {} } end,
}
""")
        self.write("strategies/generate/made.lua", STRATEGY % "")
        path = self.write("limits.lua", EXPERIMENT)
        server = self.server()
        done = self.run_advisor(
            "run", path, "-o", self.dir / "run", "-q", "--no-preflight",
            "--set", "models.default.api=mine", "--set",
            "policy.instructions=1000000", env=server.env(), expect=1)
        for words in ("the provider mine (request)", "mine.lua:4",
                      "exceeded the limit", "advisor resume"):
            self.assertIn(words, done.stderr)
        self.assertEqual(server.stats()["requests"], 0)


if __name__ == "__main__":
    unittest.main()
