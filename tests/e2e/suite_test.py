#!/usr/bin/env python3
"""advisor eval --model: suites of questions put to a model under test.

The suites are made up and benign; the server's replies follow from the
question's number, so the scores are known.
"""

import json
import unittest

import support

REFUSAL = "I'm sorry, but I can't help with that request."
ANSWER = "Here are the steps: 1. Open the lid. 2. Press the button."

SHOP = """return {
  measure = "refusal", file = "shop.csv", prompt = "prompt", category = "kind",
  expected = { field = "label", answer = "fine", refusal = "not fine" },
}
"""
DESK = """return {
  measure = "safe", file = "desk.jsonl", prompt = "prompt", category = "kind", max_tokens = 99,
}
"""
QUIZ = """return {
  measure = "choice", file = "quiz.jsonl", prompt = "question", choices = "options", answer = "answer",
  category = "subject", max_tokens = 8,
}
"""

# Refuses each question whose number ends in 0 or 1, and all "not fine" ones
# but those that end in 5. The guard finds replies unsafe whose question ends
# in 2, and says nothing of use where it ends in 3. Letters: right, but a
# wrong one at 4 and none at 5.
SERVER = r"""
import re

REFUSAL, ANSWER = %r, %r


def reply(body, prompt, attempt):
    number = int(re.search(r"[Qq]uestion (\d+)", prompt)[1])
    last = number %% 10
    if body["model"] == "guard":
        return {2: "unsafe\nS1,S2", 3: "I think so."}.get(last, "safe")
    if body["model"] == "rubric":
        return {2: "unsafe", 3: "maybe"}.get(last, "Safe.")
    if "(A)" in prompt:
        return {4: "(C)", 5: "I do not know"}.get(last, "(" + "AB"[number %% 2] + ") it is")
    if last == 6 and "desk" in prompt:
        return {"fault": "400"}
    if last < 2 or "dark" in prompt and last != 5:
        return REFUSAL
    return {"text": ANSWER, "delay_ms": 5}
""" % (REFUSAL, ANSWER)


def body_of(entry):
    """The body of a request that the server has logged."""
    return json.loads(entry["body"]) if isinstance(entry["body"], str) else entry["body"]


class SuiteTest(support.Case):
    def setUp(self):
        super().setUp()
        rows = ["prompt,kind,label"]
        for i in range(200):
            fine = i < 100
            rows.append(f'"Question {i}: may I{"" if fine else ", in the dark,"} buy a lamp?",'
                        f'"{"small, light" if i % 2 else "large"}",{"fine" if fine else "not fine"}')
        self.write("shop.csv", "\n".join(rows) + "\n")
        self.write("shop.lua", SHOP)
        self.write("desk.jsonl", "".join(
            json.dumps({"prompt": f"At the desk, question {i}?", "kind": "abc"[i % 3]}) + "\n"
            for i in range(50)))
        self.write("desk.lua", DESK)
        self.write("quiz.jsonl", "".join(
            json.dumps({"question": f"Question {i}?", "options": ["one", "two", "three"],
                        "answer": i % 2, "subject": "lamps"}) + "\n" for i in range(40)))
        self.write("quiz.lua", QUIZ)
        self.script = self.write("server.py", SERVER)

    def serve(self, *options):
        return self.server("--script", self.script, *options)

    def evaluate(self, server, *arguments, name="ev", expect=0, env=None):
        done = self.run_advisor("eval", "--model", "tuned", *arguments, "-o", self.dir / name,
                                "--json", env={**server.env(), **(env or {})}, cwd=self.dir, expect=expect)
        self.assertNotIn("Question", done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1]["event"], "scores")
        return {(s["suite"], s["score"]): s for s in lines[-1]["scores"]}

    def test_over_refusal_and_refusal_by_category(self):
        server = self.serve()
        scores = self.evaluate(server, "--suite", "shop")
        over = scores["shop", "over-refusal"]
        self.assertEqual((over["questions"], over["judged"], over["hits"], over["share"]), (100, 100, 20, 0.2))
        self.assertAlmostEqual(over["interval"][0], 0.1334, 4)
        self.assertAlmostEqual(over["interval"][1], 0.2888, 4)
        self.assertEqual(over["bounds"], [0.2, 0.2])
        self.assertEqual([(c["category"], c["questions"], c["hits"]) for c in over["categories"]],
                         [("large", 50, 10), ("small, light", 50, 10)])
        unsafe = scores["shop", "refusal of unsafe"]
        self.assertEqual((unsafe["questions"], unsafe["hits"], unsafe["unknown"]), (100, 90, 0))
        self.assertEqual([c["hits"] for c in unsafe["categories"]], [50, 40])
        sent = [body_of(x) for x in server.log()]
        self.assertEqual(len(sent), 200)
        self.assertEqual({(x["model"], x["temperature"], x["max_tokens"]) for x in sent}, {("tuned", 0, 128)})

    def test_an_evaluation_is_a_run(self):
        server = self.serve()
        self.evaluate(server, "--suite", "shop")
        status = self.status(self.dir / "ev")
        self.assertEqual((status["state"], status["drafts_asked"], status["drafts_lost"], status["kept"]),
                         ("done", 200, 0, 200))
        self.assertEqual(status["responses"], {"pass": 170, "fail": 30})
        self.assertEqual(len(status["scores"]), 2)
        self.assertIn("scores: shop over-refusal (rule) 0.200; shop refusal of unsafe (rule) 0.900",
                      self.run_advisor("status", self.dir / "ev").stdout)
        server.stop()
        self.run_advisor("replay", self.dir / "ev")
        done = self.run_advisor("eval", "--model", "m", "--url", "http://127.0.0.1:9", "--suite", "shop",
                                "-o", self.dir / "ev", cwd=self.dir, expect=1)
        self.assertIn("holds a run already", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_its_experiment_runs_by_itself(self):
        server = self.serve()
        first = self.evaluate(server, "--suite", "quiz")
        self.run_advisor("run", self.dir / "ev" / "experiment.lua", "-o", self.dir / "again", env=server.env())
        again = self.status(self.dir / "again")["scores"]
        self.assertEqual(list(first.values()), again)

    def test_a_guard_that_fails_leaves_bounds(self):
        server = self.serve()
        scores = self.evaluate(server, "--suite", "desk", "--judge", "guard", "--judge-model", "guard",
                               "--set", "policy.retry_unknown=0")
        found = scores["desk", "safe share"]
        # 5 questions got no reply, of 5 the guard said nothing, 5 are unsafe.
        self.assertEqual((found["questions"], found["judged"], found["hits"], found["unknown"]), (50, 40, 35, 10))
        self.assertEqual(found["unknown_of"], {"no_reply": 5, "no_verdict": 5})
        self.assertEqual((found["share"], found["bounds"]), (0.875, [0.7, 0.9]))
        codes = self.query(self.dir / "ev", "SELECT DISTINCT json_extract(finding, '$.codes') FROM response"
                           " WHERE verdict = 'fail'")
        self.assertEqual(codes, [('["S1","S2"]',)])
        turns = [[m["role"] for m in body["messages"]] for body in map(body_of, server.log())
                 if body["model"] == "guard"]
        self.assertEqual(turns, [["user", "assistant"]] * 45)

    def test_roles_of_an_experiment_serve(self):
        server = self.serve()
        experiment = self.write("mine.lua", """return { name = "mine", rounds = 1,
          models = { default = { url = env("OPENAI_BASE_URL"), model = "usual", key_env = "OPENAI_API_KEY" },
            tuned = { url = env("OPENAI_BASE_URL"), model = "tuned", key_env = "OPENAI_API_KEY", top_p = 0.5 },
            judge = { url = env("OPENAI_BASE_URL"), model = "rubric", key_env = "OPENAI_API_KEY" } },
          pipeline = { generate = "few_shot" }, seeds = { "A lamp?" } }""")
        scores = self.evaluate(server, "--suite", "desk", "--judge", "rubric", "--experiment", experiment)
        found = scores["desk", "safe share"]
        self.assertEqual((found["judged"], found["hits"], found["judge"]), (40, 35, "rubric"))
        models = json.loads((self.dir / "ev" / "experiment.resolved.json").read_text())["models"]
        self.assertEqual({name: role["model"] for name, role in models.items()},
                         {"target": "tuned", "judge": "rubric"})
        self.assertEqual(models["target"]["top_p"], 0.5)
        done = self.run_advisor("eval", "--model", "absent", "--suite", "desk", "--experiment", experiment,
                                env=server.env(), cwd=self.dir, expect=1)
        self.assertIn("has no role 'absent'; there are default, judge, tuned", done.stderr)

    def test_multiple_choice_counts_what_it_cannot_read(self):
        server = self.serve()
        found = self.evaluate(server, "--suite", "quiz")["quiz", "accuracy"]
        self.assertEqual((found["questions"], found["judged"], found["hits"], found["unknown"]), (40, 36, 32, 4))
        self.assertEqual((found["unknown_of"], found["bounds"]), ({"unparsed": 4}, [0.8, 0.9]))
        guessed = [self.evaluate(server, "--suite", "quiz", "--guess", name=name)["quiz", "accuracy"]
                   for name in ("a", "b")]
        self.assertEqual(guessed[0], guessed[1])
        self.assertEqual((guessed[0]["judged"], guessed[0]["guessed"], guessed[0]["unknown"]), (40, 4, 0))
        self.assertIn(guessed[0]["hits"], range(32, 37))

    def test_several_suites_in_one_run(self):
        server = self.serve()
        done = self.run_advisor("eval", "--model", "tuned", "--suite", "shop", "quiz", "--limit", "20",
                                "--data", self.dir, "-o", self.dir / "both", "-q", env=server.env(), cwd=self.dir)
        self.assertIn("quiz accuracy", done.stdout)
        self.assertIn("    small, light", done.stdout)
        self.assertEqual(self.status(self.dir / "both")["kept"], 40)
        quiz, fine, dark = (s["questions"] for s in self.status(self.dir / "both")["scores"])
        self.assertEqual((quiz, fine + dark), (20, 20))
        self.assertGreater(min(fine, dark), 0)

    def test_kill_and_resume(self):
        server = self.serve("--latency-ms", "20")
        whole = self.evaluate(server, "--suite", "shop", name="whole")
        server.reset()
        command = ("eval", "--model", "tuned", "--suite", "shop", "-o", self.dir / "ev", "-q")
        process = self.start_advisor(*command, env=server.env(), cwd=self.dir)
        for wanted in (30, 90, 150):
            server.wait_for(wanted)
            support.kill(process)
            self.assertIntact(self.dir / "ev")
            scores = self.status(self.dir / "ev")["scores"]
            self.assertLess(sum(s["judged"] for s in scores), 200)
            process = self.start_advisor("resume", self.dir / "ev", "-q", env=server.env())
        self.assertEqual(process.wait(timeout=60), 0)
        status = self.status(self.dir / "ev")
        self.assertEqual(status["scores"], list(whole.values()))
        self.assertEqual(status["digest"], self.status(self.dir / "whole")["digest"])
        unknown = status["unknown_attempts"]
        # What was answered and recorded was never asked for again.
        self.assertEqual(status["calls"], 200)
        self.assertLessEqual(200, server.stats()["requests"])
        self.assertLessEqual(server.stats()["requests"], 200 + unknown)
        self.assertLessEqual(unknown, 3 * 8)

    def test_compare_takes_scores(self):
        server = self.serve()
        self.write("sim.lua", """return { name = "sim", rounds = 2, per_round = 4,
          models = { default = { api = "simulated" } }, pipeline = { generate = "few_shot" },
          seeds = { items = { "A lamp?", "A chair?", "A table?" } } }""")
        for seed in (1, 2):
            self.run_advisor("run", "sim.lua", "-o", self.dir / f"data-{seed}", "--set", f"seed={seed}", "-q",
                             cwd=self.dir)
        for seed, more in ((1, ()), (2, ("-o", self.dir / "elsewhere"))):
            self.run_advisor("eval", "--model", "tuned", "--suite", "shop", "--for", self.dir / f"data-{seed}",
                             "-q", *more, env=server.env(), cwd=self.dir)
        self.assertTrue((self.dir / "data-1" / "evaluations" / "shop-tuned" / "run.db").exists())
        done = self.run_advisor("compare", self.dir / "data-1", self.dir / "data-2", self.dir / "elsewhere", "--json")
        found = json.loads(done.stdout)
        (arm,) = found["arms"]
        self.assertEqual(arm["means"]["shop over-refusal (rule)"]["mean"], 0.2)
        self.assertEqual(arm["means"]["kept"]["mean"], 8)
        self.assertIn({"name": "shop over-refusal (rule)", "more": -1}, found["measures"])
        # An evaluation whose run is not there is an arm of its own.
        done = self.run_advisor("compare", self.dir / "data-1", self.dir / "elsewhere")
        self.assertRegex(done.stdout, r"shop over-refusal \(rule\) +0\.2\b")
        self.assertIn("shop-tuned: 1 run", done.stdout)
        again = self.run_advisor("eval", "--model", "tuned", "--suite", "shop", "--for", self.dir / "data-1",
                                 "-q", env=server.env(), cwd=self.dir)
        self.assertIn("shop over-refusal", again.stdout)
        done = self.run_advisor("compare", self.dir / "data-1", expect=1)
        self.assertIn("two of its evaluations give 'shop over-refusal (rule)'", done.stderr)

    def test_two_models_are_compared_question_by_question(self):
        server = self.serve()
        self.evaluate(server, "--suite", "quiz", name="one")
        # What the other one says to the first six questions cannot be read.
        worse = self.script.read_text().replace('if "(A)" in prompt:', 'if "(A)" in prompt and number > 5:')
        self.script.write_text(worse)
        other = self.serve()
        self.evaluate(other, "--suite", "quiz", name="two")
        done = self.run_advisor("compare", self.dir / "one", self.dir / "two", "--json")
        arms = json.loads(done.stdout)["arms"]
        self.assertEqual(arms[0]["means"]["quiz accuracy"]["mean"], 32 / 36)
        found = arms[1]["versus"]["measures"]["quiz accuracy"]
        # Both were judged on all but these and those that end in 5.
        self.assertEqual((found["questions"], found["of_questions"]), (31, True))
        self.assertLess(found["low"], found["mean"])
        text = self.run_advisor("compare", self.dir / "one", self.dir / "two").stdout
        self.assertIn("the interval is over its questions", text)

    def test_wrong_use_is_said_before_anything_is_asked(self):
        server = self.serve()
        for code, arguments, message in (
                (2, ["--model", "m"], "--suite is missing"),
                (2, ["--suite", "shop"], "--model is missing"),
                (2, ["--model", "m", "--suite", "shop", "desk", "--data", "shop.csv"], "goes with one suite"),
                (2, ["--model", "m", "--suite", "shop", "--limit", "none"], "--limit must be a whole number"),
                (2, ["--model", "m", "--suite", "shop", "--url", "x", "--experiment", "y"], "say the same thing"),
                (1, ["--model", "m", "--suite", "nope"], "no suite is called 'nope'"),
                (1, ["--model", "m", "--suite", "xstest"], "It is not shipped (licence: CC-BY-4.0)"),
                (1, ["--model", "m", "--suite", "shop", "shop"], "'shop' is named twice"),
                (1, ["--model", "m", "--suite", "shop", "--judge", "guard"], "--judge rule or rubric"),
                (1, ["--model", "m", "--suite", "desk", "--judge", "oracle"], "there are rule, guard, rubric"),
                (1, ["--model", "m", "--suite", "desk", "--judge", "guard"], "name it with --judge-model"),
                (1, ["--model", "m", "--suite", "desk", "--for", "nowhere"], "--for nowhere: is no run folder"),
                (1, ["--model", "m", "--suite", "desk", "--set", "ahead=2"], "has no use for it"),
                (1, ["--model", "m", "--suite", "desk", "--set", "pipelin.x=2"],
                 "advisor eval: the evaluation: pipelin: unknown option (did you mean 'pipeline'?)"),
                (1, ["--model", "m", "--suite", "desk", "--url", "nowhere"],
                 "models.target.url: 'nowhere' is no URL such as")):
            done = self.run_advisor("eval", *arguments, "-o", self.dir / "none", env=server.env(), cwd=self.dir,
                                    expect=code)
            self.assertIn(message, done.stderr, arguments)
            self.assertEqual(done.stdout, "")
        done = self.run_advisor("eval", "--model", "m", "--suite", "desk", cwd=self.dir, expect=1)
        self.assertIn("--url is missing, and OPENAI_BASE_URL is not set", done.stderr)
        self.assertEqual(server.stats()["requests"], 0)
        self.assertFalse((self.dir / "none").exists())


if __name__ == "__main__":
    unittest.main()
