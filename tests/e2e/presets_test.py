#!/usr/bin/env python3
"""Every preset runs as it stands against a server that the environment names,
and in process, with the simulated model."""

import json
import unittest

import support

PRESETS = sorted((support.ROOT / "scripts" / "experiments").glob("*.lua"))
NAMED = {"quickstart", "data_advisor", "data_advisor_released",
         "self_instruct", "self_instruct_released"}

# A judge that agrees, and questions also where scripts/server would take a low
# max_tokens for a request for a name.
REPLIES = """
def reply(body, prompt, attempt):
    if "Answer yes or no" in prompt:
        return "Yes."
    if 24 < body["max_tokens"] <= 40 and "temperature" in body and (
            "one new question" in prompt):
        n = body["seed"]
        return " ".join(f"word{n >> k & 0xfff}" for k in range(0, 25, 4)) + "?"
"""


class Presets(support.Case):
    def rounds(self, preset, *args, env=None):
        run = self.dir / preset.stem
        self.run_advisor("run", preset, "-o", run, "--set", "rounds=2", *args,
                         env=env)
        status = self.status(run)
        self.assertEqual((status["state"], status["rounds"]), ("done", 2))
        self.assertEqual(status["failed_rounds"], 0)
        self.assertEqual(status["unknown_attempts"], 0)
        self.assertGreater(status["kept"], 0)
        self.assertEqual(status["drafts"], status["kept"] + status["surplus"] +
                         sum(status["dropped"].values()))
        items = self.export(run)
        self.assertEqual(len(items), status["kept"])
        self.assertIntact(run)
        return status

    def test_all_are_there(self):
        self.assertLessEqual(NAMED, {p.stem for p in PRESETS})

    def test_a_server_from_the_environment(self):
        script = self.write("replies.py", REPLIES)
        for preset in PRESETS:
            with self.subTest(preset.stem), support.Server(
                    "--script", script) as server:
                status = self.rounds(preset,
                                     env={"OPENAI_BASE_URL": server.url})
                log = server.log()
                self.assertEqual(len(log), status["attempts"])
                raw = preset.stem.endswith("_released")
                path = "/v1/completions" if raw else "/v1/chat/completions"
                self.assertEqual({x["path"] for x in log}, {path})
                self.assertFalse(any("authorization" in x["headers"]
                                     for x in log))

    def test_in_process(self):
        for preset in PRESETS:
            with self.subTest(preset.stem):
                status = self.rounds(preset, "--set",
                                     "models.default.api=simulated")
                sent = self.query(self.dir / preset.stem,
                                  "SELECT DISTINCT endpoint FROM attempt")
                self.assertEqual(sent, [("local:default",)])
                self.assertEqual(status["calls"], status["attempts"])

    def test_in_process_twice_is_the_same(self):
        preset = PRESETS[0]
        digests = set()
        for name in ("one", "two"):
            run = self.dir / name
            self.run_advisor("run", preset, "-o", run, "--set", "rounds=2",
                             "--set", "models.default.api=simulated")
            digests.add(self.status(run)["digest"])
        self.assertEqual(len(digests), 1)

    def test_a_missing_endpoint_names_the_setting(self):
        """No fallback by itself: the run pauses and says what would help."""
        preset = support.ROOT / "scripts/experiments/data_advisor.lua"
        script = self.write("s.json", json.dumps({"rules": [
            {"fault": "404"}]}))
        server = self.server("--script", script)
        run = self.dir / "run"
        done = self.run_advisor("run", preset, "-o", run, "--set", "rounds=2",
                                env=server.env(), expect=1)
        self.assertIn("model_not_found", self.query(
            run, "SELECT reason FROM outcome")[0])
        self.assertEqual(self.status(run)["state"], "paused")
        self.assertIn("models.default.api", self.paused_elsewhere(preset))
        self.assertNotIn("test-key", done.stderr)

    def paused_elsewhere(self, preset):
        """What a server without the path at all leads to."""
        server = self.server()
        run = self.dir / "elsewhere"
        return self.run_advisor(
            "run", preset, "-o", run, "--set", "rounds=2", expect=1,
            env={"OPENAI_BASE_URL": server.root + "/nowhere"}).stderr


if __name__ == "__main__":
    unittest.main()
