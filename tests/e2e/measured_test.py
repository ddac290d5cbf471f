#!/usr/bin/env python3
"""A run that measures its labeller and its judge before the first round.

Those calls are round 0's: paid once, whatever happens to the process, and what
came of them is a fact of the run.
"""

import collections
import json
import signal
import subprocess
import textwrap

import unittest

import support

CELLS = ("Delivery", "Returns", "Invoices")
TEXTS = {
    "Delivery": "Where is parcel number {}?",
    "Returns": "May I send back kettle number {}?",
    "Invoices": "Please print invoice number {}.",
}

# The judge tells parcels, kettles and invoices apart, save for every fourth
# kettle, which it takes for a parcel. It rates what asks politely with 5.
SERVER = '''
import re
import zlib

NUMBERS = {"parcel": 1, "kettle": 2, "invoice": 3}


def reply(body, prompt, attempt):
    text = prompt.split("<<<")[-1]
    if "Which category" in prompt:
        what, number = re.search(r"(parcel|kettle|invoice) number (\\\\d+)",
                                 text).groups()
        if what == "kettle" and int(number) % 4 == 0:
            what = "parcel"
        return {"text": str(NUMBERS[what]), "delay_ms": DELAY}
    if "criterion" in prompt:
        return {"text": "5" if RATES in text else "1", "delay_ms": DELAY}
    kind = ["parcel", "kettle", "invoice"][len(prompt) % 3]
    return {"text": f"Please find {kind} number {zlib.crc32(prompt.encode()) % 90}?"}
'''


def experiment(**more):
    given = {"rounds": 2, "calibration": "", "check": "", **more}
    return textwrap.dedent('''
        return {
          name = "measured", seed = 3, rounds = %(rounds)d, per_round = 4,
          models = { default = { url = env("OPENAI_BASE_URL"),
            model = env("ADVISOR_MODEL"), key_env = "OPENAI_API_KEY",
            concurrency = 4 } },
          pipeline = { advise = "thinnest_cell", generate = "few_shot" },
          principles = { "coverage", "judged" },
          policy = { unknown = "keep" },
          coverage = { taxonomy = { "Delivery", "Returns", "Invoices" },
            label = "judged", %(check)s },
          calibration = { %(calibration)s },
          seeds = { "Where is my parcel?" },
        }''') % given


CHECK = 'check = { file = "check.jsonl" }'
CALIBRATION = ('{ principle = "judged", file = "rated.jsonl", positive = '
               '{ "rude" }, min_kappa = 0.6 }')


class MeasuredCase(support.Case):
    def setUp(self):
        super().setUp()
        rows = [{"text": TEXTS[cell].format(i), "cell": cell}
                for cell in CELLS for i in range(20)]
        self.write("check.jsonl", "".join(json.dumps(x) + "\n" for x in rows))
        rated = [{"text": f"Please find parcel number {i}.", "label": "polite"}
                 for i in range(10)]
        rated += [{"text": f"Find parcel number {i}!", "label": "rude"}
                  for i in range(10)]
        self.write("rated.jsonl",
                   "".join(json.dumps(x) + "\n" for x in rated))
        self.run_folder = self.dir / "run"

    def start_server(self, rates="Please", delay=0, *args):
        script = self.write("server.py", SERVER.replace("\\\\", "\\")
                            .replace("RATES", repr(rates))
                            .replace("DELAY", str(delay)))
        return self.server("--script", script, *args)

    def begin(self, server, *args, expect=0, **more):
        path = self.write("measured.lua", experiment(**more))
        return self.run_advisor("run", path, "-o", self.run_folder, *args,
                                env=server.env(), expect=expect)

    def stages(self):
        return dict(self.query(
            self.run_folder, "SELECT stage, count(*) FROM attempt "
            "WHERE round = 0 GROUP BY stage"))

    def fact(self):
        rows = self.query(self.run_folder,
                          "SELECT value FROM run WHERE key = 'measured'")
        return json.loads(rows[0][0]) if rows else None


class MeasuredTest(MeasuredCase):
    def test_the_labeller_is_measured_and_shares_are_corrected(self):
        server = self.start_server()
        self.begin(server, check=CHECK, calibration=CALIBRATION)
        self.assertEqual(self.stages(), {"label": 60, "calibrate": 20})
        status = self.status(self.run_folder)
        labeller = status["quality"]["labeller"]
        self.assertEqual(labeller["rows"], 60)
        self.assertAlmostEqual(labeller["accuracy"], 55 / 60, places=6)
        self.assertIn({"wanted": "Returns", "given": "Delivery", "count": 5},
                      labeller["confusion"])
        judge, = status["quality"]["calibration"]
        self.assertEqual((judge["kappa"], judge["unknown"]), (1, 0))
        coverage = status["coverage"]
        self.assertEqual(coverage["corrected"]["items"], status["kept"])
        shares = [x["corrected"]["share"] for x in coverage["cells"]]
        self.assertAlmostEqual(sum(shares), 1, places=6)
        for cell in coverage["cells"]:
            low, high = cell["corrected"]["low"], cell["corrected"]["high"]
            self.assertLessEqual(low, cell["corrected"]["share"])
            self.assertLessEqual(cell["corrected"]["share"], high)
        said = self.run_advisor("status", self.run_folder).stdout
        self.assertIn("labeller judged on 60 texts: accuracy 0.917", said)
        self.assertIn("principle judged on 20 rows of rated.jsonl", said)
        self.assertIn("corrected", said)
        # Made again from the record, it is measured anew and comes to the same.
        said = self.run_advisor("replay", self.run_folder).stdout
        self.assertIn("as recorded", said)
        # What it cost is part of what the run has spent.
        tokens, = self.query(self.run_folder, "SELECT sum(prompt_tokens) FROM "
                             "journal WHERE round = 0")[0]
        self.assertEqual(self.fact()["spent"]["prompt"], tokens)

    def test_a_judge_that_disagrees_pauses_the_run_before_any_item(self):
        server = self.start_server(rates="parcel")  # It rates all alike.
        done = self.begin(server, calibration=CALIBRATION, expect=1)
        said = done.stderr
        self.assertIn("Cohen's kappa 0.000, at least 0.6 is asked for", said)
        self.assertIn("--set calibration.1.min_kappa=", said)
        self.assertEqual(self.status(self.run_folder)["state"], "paused")
        self.assertEqual(server.stats()["requests"], 20)
        self.assertEqual(self.query(self.run_folder,
                                    "SELECT count(*) FROM item"), [(0,)])
        # Again: the same answer, and nothing is paid for.
        self.run_advisor("resume", self.run_folder, env=server.env(), expect=1)
        self.assertEqual(server.stats()["requests"], 20)
        for wrong, words in (("calibration.2.min_kappa=0", "no such"),
                             ("calibration.1.min_kappa=7", "at most 1"),
                             ("calibration.1.file=x", "keeps it")):
            done = self.run_advisor("resume", self.run_folder, "--set", wrong,
                                    env=server.env(), expect=1)
            self.assertIn(words, done.stderr)
        self.run_advisor("resume", self.run_folder, "--set",
                         "calibration.1.min_kappa=-0.5", env=server.env())
        self.assertEqual(self.status(self.run_folder)["state"], "done")
        self.assertEqual(self.stages(), {"calibrate": 20})

    def interrupt(self, server, after, number):
        """Ends a run in round 0 once so many requests have come in."""
        path = self.write("measured.lua", experiment(
            check=CHECK, calibration=CALIBRATION))
        process = self.start_advisor(
            "run", path, "-o", self.run_folder, env=server.env(),
            stderr=subprocess.DEVNULL)
        server.wait_for(after)
        process.send_signal(number)
        process.wait(timeout=60)
        self.assertIsNone(self.fact())

    def check_resumed(self, server, again):
        """No call is sent twice but those that were in flight."""
        self.run_advisor("resume", self.run_folder, env=server.env())
        self.assertEqual(self.status(self.run_folder)["state"], "done")
        self.assertEqual(self.fact(), self.usual)
        self.assertEqual(self.export_bytes(self.run_folder), self.usual_items)
        bodies = collections.Counter(
            json.dumps(x["body"], sort_keys=True) for x in server.log())
        twice = sum(n - 1 for n in bodies.values())
        self.assertLessEqual(twice, again)
        unknown = self.status(self.run_folder)["unknown_attempts"]
        self.assertLessEqual(twice, unknown)
        self.assertLessEqual(unknown, again)
        attempts = self.query(self.run_folder, "SELECT count(*) FROM attempt")
        self.assertEqual(attempts[0][0],
                         len(bodies) + unknown)

    def as_usual(self):
        """What a run that nobody ends comes to."""
        server = self.start_server()
        self.begin(server, check=CHECK, calibration=CALIBRATION)
        self.usual = self.fact()
        self.usual_items = self.export_bytes(self.run_folder)
        self.run_folder = self.dir / "second"

    def test_calls_before_the_first_round_survive_kill(self):
        self.as_usual()
        for after in (10, 67):  # Among the labels; among the ratings.
            with self.subTest(after=after):
                server = self.start_server("Please", 30)
                self.interrupt(server, after, signal.SIGKILL)
                self.check_resumed(server, 4)
            self.run_folder = self.dir / "third"

    def test_ctrl_c_before_the_first_round_loses_nothing(self):
        self.as_usual()
        server = self.start_server("Please", 30)
        self.interrupt(server, 30, signal.SIGINT)
        self.check_resumed(server, 0)


if __name__ == "__main__":
    unittest.main()
