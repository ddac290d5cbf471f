#!/usr/bin/env python3
"""Other interfaces than OpenAI's, and servers that want things otherwise."""

import json
import unittest

import support

EXPERIMENT = """return {
  name = "dialect", rounds = 2, per_round = 3,
  models = { default = {
    url = env("OPENAI_BASE_URL"), model = "scripted", key_env = "OPENAI_API_KEY",
    max_tokens = 64, price = { prompt = 1, completion = 2 },
  } },
  pipeline = { generate = "asks" },
}
"""

GENERATE = """return {
  api = 1, kind = "generate", description = "Asks with a system message.",
  run = function(ctx, state, advice)
    local list = {}
    for i = 1, advice.count do list[i] = i end
    return ctx.map(list, function(i)
      local reply, why = ctx.ask("generator", {
        { role = "system", content = "You write for an online shop." },
        { role = "user", content = "Write question " .. i .. " of round " .. state.round },
      }, { stop = { "END" } })
      return { text = reply and reply.text or "failed: " .. why }
    end)
  end,
}
"""


class DialectCase(support.Case):
    def setUp(self):
        super().setUp()
        self.write("strategies/generate/asks.lua", GENERATE)
        self.path = self.write("dialect.lua", EXPERIMENT)

    def curate(self, name, server, *settings):
        run = self.dir / name
        args = [x for s in settings for x in ("--set", s)]
        done = self.run_advisor("run", self.path, "-o", run, *args,
                                env=server.env())
        self.assertEqual(self.status(run)["state"], "done", done.stderr)
        self.assertIntact(run)
        return run


class AnthropicTest(DialectCase):
    API = "models.default.api=anthropic_messages"

    def test_messages_with_and_without_a_stream(self):
        exports = []
        for stream in ("true", "false"):
            server = self.server()
            run = self.curate("run-" + stream, server, self.API,
                              "models.default.stream=" + stream)
            log = server.log()
            self.assertEqual({x["path"] for x in log}, {"/v1/messages"})
            for x in log:
                self.assertEqual(x["headers"]["x-api-key"], "[hidden]")
                self.assertNotIn("authorization", x["headers"])
                self.assertEqual(x["headers"]["anthropic-version"],
                                 "2023-06-01")
                body = x["body"]
                self.assertEqual(body["system"], "You write for an online shop.")
                self.assertEqual([m["role"] for m in body["messages"]],
                                 ["user"])
                self.assertEqual((body["max_tokens"], body["stop_sequences"]),
                                 (64, ["END"]))
                self.assertEqual(body.get("stream", False), stream == "true")
                self.assertNotIn("seed", body)
            tokens = self.query(run, "SELECT min(prompt_tokens), "
                                "min(completion_tokens), min(cost) FROM outcome")
            self.assertTrue(all(n > 0 for n in tokens[0]), tokens)
            self.run_advisor("replay", run)
            exports.append(self.export_bytes(run))
            self.assertEqual(exports[-1].count(b"?"), 6)
        self.assertEqual(exports[0], exports[1])

    def test_max_tokens_are_always_there(self):
        server = self.server()
        self.path.write_text(EXPERIMENT.replace("max_tokens = 64,", ""))
        self.curate("run", server, self.API)
        self.assertEqual({x["body"]["max_tokens"] for x in server.log()},
                         {4096})


class QuirkTest(DialectCase):
    def faulty(self, *faults):
        """A server that refuses whatever holds what the faults are about."""
        script = self.write("quirks.py", f"""
import sys
FAULTS = {faults!r}
FIELDS = {{"openai_max_tokens": "max_tokens", "pydantic_seed": "seed"}}
def reply(body, prompt, attempt):
    for fault in FAULTS:
        field = FIELDS.get(fault)
        holds = field in body if field else any(
            m["role"] == "system" for m in body["messages"])
        if holds:
            return {{"fault": fault}}
""")
        return self.server("--script", script)

    def refused(self, server):
        return sum(1 for x in server.log() if x["fault"])

    def test_each_is_learned_once_and_kept(self):
        server = self.faulty("openai_max_tokens", "pydantic_seed",
                             "vllm_roles")
        run = self.curate("run", server, "per_round=1")
        # Three refusals of the first call, then none.
        self.assertEqual(self.refused(server), 3)
        self.assertEqual([bool(x["fault"]) for x in server.log()],
                         [True] * 3 + [False] * 2)
        last = server.log()[-1]["body"]
        self.assertEqual(last["max_completion_tokens"], 64)
        self.assertNotIn("max_tokens", last)
        self.assertNotIn("seed", last)
        self.assertEqual(len(last["messages"]), 1)
        self.assertTrue(last["messages"][0]["content"].startswith(
            "You write for an online shop.\n\nWrite question"))
        fact, = self.query(run, "SELECT value FROM run WHERE key = 'quirks'")
        self.assertEqual(json.loads(fact[0]), {"default": [
            "max_completion_tokens", "no_seed", "no_system"]})
        # The run goes on with what it knows, in another process.
        self.run_advisor("resume", run, "--set", "rounds=4",
                         env=server.env())
        self.assertEqual(self.refused(server), 3)
        self.assertEqual(len(server.log()), 7)
        self.run_advisor("replay", run)

    def test_which_call_learns_it_changes_nothing(self):
        exports = set()
        for concurrency in (1, 8):
            server = self.faulty("openai_max_tokens")
            run = self.curate(f"run-{concurrency}", server,
                              f"models.default.concurrency={concurrency}")
            self.assertGreater(self.refused(server), 0)
            self.run_advisor("replay", run)
            # What replay compares holds nothing of it.
            requests = self.query(run, "SELECT request FROM attempt")
            self.assertTrue(all('"max_tokens":64' in r[0] for r in requests))
            exports.add(self.export_bytes(run))
        self.assertEqual(len(exports), 1)

    def test_what_changes_the_experiment_is_asked_for(self):
        script = self.write("cold.json", json.dumps({"rules": [
            {"fault": "openai_temperature"}]}))
        server = self.server("--script", script)
        run = self.dir / "run"
        args = ("--set", "models.default.temperature=0.3")
        done = self.run_advisor("run", self.path, "-o", run, *args,
                                env=server.env(), expect=1)
        self.assertIn("allow_param_drop", done.stderr)
        self.assertEqual(self.status(run)["state"], "paused")
        self.curate("other", server, *args[1:],
                    "models.default.allow_param_drop=true")
        self.assertNotIn("temperature", server.log()[-1]["body"])


if __name__ == "__main__":
    unittest.main()
