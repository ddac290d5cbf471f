#!/usr/bin/env python3
"""How much a server is given: what it bears, what the user allows, and what is
done about one that fails."""

import signal
import subprocess
import time
import unittest

import support

EXPERIMENT = """return {
  name = "endpoints", rounds = %d, per_round = %d,
  models = { default = {
    url = %s, model = "scripted", key_env = "OPENAI_API_KEY", concurrency = %d,
  } },
  pipeline = { generate = "many" },
}
"""

GENERATE = """return {
  api = 1, kind = "generate", description = "Asks for all drafts at once.",
  run = function(ctx, state, advice)
    local list = {}
    for i = 1, advice.count do list[i] = i end
    return ctx.map(list, function(i)
      local reply, why = ctx.ask("generator", "Write question " .. i .. " of round " .. state.round)
      return { text = reply and reply.text or "failed: " .. why }
    end)
  end,
}
"""

BROKEN = """import os
def reply(body, prompt, attempt):
    return {"fault": "%s"} if os.path.exists("%s") else None
"""


class EndpointCase(support.Case):
    def setUp(self):
        super().setUp()
        self.run_folder = self.dir / "run"
        self.write("strategies/generate/many.lua", GENERATE)

    def experiment(self, *servers, rounds=1, per_round=100, concurrency=8):
        urls = "{ " + ", ".join(f'"{s.url}"' for s in servers) + " }"
        return self.write("endpoints.lua", EXPERIMENT % (
            rounds, per_round, urls, concurrency))

    def broken(self, fault, *args):
        """A server that fails until the returned file is removed."""
        flag = self.write("broken", "")
        script = self.write("broken.py", BROKEN % (fault, flag))
        return self.server("--script", script, *args), flag

    def arguments(self, path, *settings):
        return ("run", path, "-o", self.run_folder,
                *(x for s in settings for x in ("--set", s)))

    def curate(self, path, server, *settings, expect=0):
        return self.run_advisor(*self.arguments(path, *settings),
                                env=server.env(), expect=expect, timeout=120)

    def assertDone(self, kept):
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["kept"]), ("done", kept))
        texts = self.query(self.run_folder, "SELECT count(*) FROM item WHERE "
                           "text LIKE 'failed: %'")
        self.assertEqual(texts, [(0,)])
        self.assertIntact(self.run_folder)


class PaceTest(EndpointCase):
    def test_it_grows_to_what_is_allowed(self):
        server = self.server("--latency-ms", 30)
        self.curate(self.experiment(server, per_round=300, concurrency=24),
                    server)
        self.assertDone(300)
        self.assertEqual(server.stats()["max_in_flight"], 24)
        # It began with four: the fifth request came after the first answer.
        log = server.log()
        self.assertGreater(log[4]["time"] - log[0]["time"], 0.025)

    def test_it_stays_near_what_the_server_bears(self):
        server = self.server("--latency-ms", 30, "--most", 10,
                             "--retry-after", "0.05")
        self.curate(self.experiment(server, per_round=600, concurrency=64),
                    server, "policy.retry_busy=12")
        self.assertDone(600)
        refused = server.stats()["faults"].get("429", 0)
        self.assertGreater(refused, 0)
        self.assertLess(refused, 200)

    def test_a_cap_on_requests_a_minute(self):
        server = self.server()
        process = self.start_advisor(*self.arguments(
            self.experiment(server, per_round=30, concurrency=30),
            "models.default.requests_per_minute=10"), env=server.env(),
            stderr=subprocess.DEVNULL)
        server.wait_for(10)
        time.sleep(2)  # Time in which more would come.
        self.assertEqual(server.stats()["requests"], 10)
        self.assertIsNone(process.poll())
        support.kill(process)

    def test_a_cap_on_tokens_a_minute(self):
        server = self.server()
        # A call is guessed at 256 tokens of reply and a few of prompt, until
        # replies come.
        process = self.start_advisor(*self.arguments(
            self.experiment(server, per_round=30, concurrency=30),
            "models.default.tokens_per_minute=1100"), env=server.env(),
            stderr=subprocess.DEVNULL)
        server.wait_for(4)
        time.sleep(2)
        self.assertEqual(server.stats()["requests"], 4)
        support.kill(process)


class RestTest(EndpointCase):
    def test_one_of_two_endpoints_fails_and_comes_back(self):
        ill, flag = self.broken("502", "--latency-ms", 40)
        well = self.server("--latency-ms", 40)
        # More to do than the other one gets done in any rest: the run is
        # stopped once the ill one has come back.
        path = self.experiment(ill, well, rounds=1000, per_round=200)
        process = self.start_advisor(*self.arguments(path), env=well.env(),
                                     stderr=subprocess.DEVNULL)
        well.wait_for(200)
        # What arrives from here on is answered.
        flag.unlink()
        failed = ill.stats()["requests"]
        # It rests, so it was asked only a few times more than it takes to see.
        self.assertLess(failed, 60)
        ill.wait_for(failed + 51, timeout=60)
        self.assertEqual(support.kill(process, signal.SIGINT), 130)
        self.assertEqual(self.status(self.run_folder)["state"], "stopped")
        self.assertIntact(self.run_folder)
        self.assertEqual(self.query(
            self.run_folder, "SELECT count(*) FROM item WHERE text LIKE "
            "'failed: %'"), [(0,)])
        answered = dict(self.query(
            self.run_folder, "SELECT a.endpoint, count(*) FROM attempt a JOIN "
            "outcome o ON o.attempt = a.id AND o.class = 'ok' GROUP BY 1"))
        for server in (ill, well):
            stats = server.stats()
            self.assertEqual(answered[server.url], stats["requests"]
                             - stats["faults"].get("502", 0))
        self.assertGreater(answered[ill.url], 50)

    def test_the_circuit_breaker(self):
        server, flag = self.broken("502")
        path = self.experiment(server, per_round=40)
        done = self.curate(path, server, "models.default.breaker_seconds=2",
                           expect=1)
        self.assertIn("the role 'generator': ", done.stderr)
        self.assertIn(f"the circuit breaker is open: {server.url} has failed",
                      done.stderr)
        self.assertIn("HTTP 502", done.stderr)
        self.assertIn(f"advisor resume {self.run_folder}", done.stderr)
        status = self.status(self.run_folder)
        self.assertEqual(status["state"], "paused")
        self.assertIn("circuit breaker", status["why"])
        # No call was given up for it.
        self.assertEqual(self.query(
            self.run_folder, "SELECT count(*) FROM outcome WHERE final = 1"),
            [(0,)])
        flag.unlink()
        self.run_advisor("resume", self.run_folder, env=server.env())
        self.assertDone(40)


if __name__ == "__main__":
    unittest.main()
