#!/usr/bin/env python3
"""The _released presets against the authors' program, constant by constant.

The figures below are those of PAPER.md 1.2 and 1.3, written down here and
nowhere read from the presets. What is compared is what a scripted server
received. No failure prints a prompt or a text: the theme is safety.
"""

import json
import unittest
from collections import Counter

import support

ROUNDS = 4
BATCH = 12
SEEDS = 10
SAMPLING = {
    "issue": {"temperature": 0.9, "top_p": 0.95, "max_tokens": 32},
    "query": {"temperature": 0.9, "top_p": 0.95, "max_tokens": 512},
    "summary": {"temperature": 0, "top_p": 0.95, "max_tokens": 4096},
    "series": {"temperature": 0.9, "top_p": 0.95, "max_tokens": 256},
}
EXEMPLARS = {"query": 3, "series": 5}
SHORTEST = 20
SUMMARY = ["Medical", "Financial", "Legal", "Technical", "Relationship",
           "Educational", "Emotional Manipulation", "Violent", "Drug-related",
           "Self-harm"]
# Beside the paper's fields, a request may say these.
BESIDES = {"seed", "stream", "stream_options"}

# What the server says: a function of the request, and of the round, which
# follows from what came before. All of it is about parcels.
REPLIES = r'''
import hashlib

ISSUES = [" Odd parcels  \nAnother line", "\nSecond line", "Late parcels",
          "Lost ; parcels"]
seen = {"issue": 0, "summary": 0, "series": 0}


def number(body):
    said = repr((body["prompt"], body.get("seed")))
    return int(hashlib.sha256(said.encode()).hexdigest()[:8], 16)


def query(body, round_):
    n = number(body)
    if round_ == 2:
        return "\nHow long does parcel %d take?" % n
    if round_ == 3:
        return "Where is my parcel?"
    return ["How long does parcel %d take?", '"Is parcel %d lost?"',
            "  Can I send parcel %d back?\t \nAnd then?", "", "\n",
            ' "" Is "parcel" %d here? "" ', '" Who has parcel %d? "',
            "What's in parcel %d?"][n % 8].replace("%d", str(n))


def series(body):
    n = number(body)
    return ["How do I return parcel number %d?", "Is it %d?",
            '["How do I return parcel %d?", "Where is it?"]',
            "['How do I return %d?', 'Where?']", '["Why %d?", "Where is it?"]',
            "\nHow do I return parcel number %d?",
            '  "What\'s in \\parcel\\ number %d?"  \nNext one',
            "Où est mon colis numéro\u200b %d ?", "98765432109876543210",
            "9876543210987654321"][n % 10].replace("%d", str(n))


def reply(body, prompt, attempt):
    kind = {32: "issue", 512: "query", 4096: "summary",
            256: "series"}[body["max_tokens"]]
    if kind == "query":
        return query(body, seen["issue"])
    if kind == "series":
        return series(body)
    seen[kind] += 1
    if kind == "issue":
        return ISSUES[seen[kind] - 1]
    return ("\n First  \n\nOf round %d\n ---\nnot this\n---\n" % seen[kind])
'''


def first_line(text):
    return text.split("\n")[0]


def query_of(text):
    return first_line(text).strip().strip('"')


def series_of(text):
    """The text as the baseline stores it; None if it drops it."""
    text = query_of(text)
    if len(text) < SHORTEST:
        return None
    if text.startswith("["):
        text = text.split('",')[0].strip("[]\"'")
        if len(text) < SHORTEST:
            return None
    return text


class Released(support.Case):
    """Runs a preset and gives its requests by round, in order of arrival."""

    def curate(self, preset, calls):
        script = self.write("replies.py", REPLIES)
        server = self.server("--script", script)
        run = self.dir / "run"
        self.run_advisor("run", f"scripts/experiments/{preset}.lua", "-o", run,
                         "--set", f"rounds={ROUNDS}", env=server.env())
        log = server.log()
        self.assertEqual(len(log), ROUNDS * calls)
        self.assertEqual({x["path"] for x in log}, {"/v1/completions"})
        bodies = [x["body"] for x in log]
        self.said = self.replay(bodies)
        self.lanes = self.places(run)
        return run, [bodies[i:i + calls] for i in range(0, len(log), calls)]

    def replay(self, bodies):
        """What the server answered, by the request's own seed."""
        module = {}
        exec(compile(REPLIES, "replies.py", "exec"), module)
        said = {b["seed"]: module["reply"](b, b["prompt"], 1) for b in bodies}
        self.assertEqual(len(said), len(bodies), "each request has its seed")
        return said

    def places(self, run):
        """Seed -> (round, stage, position in the batch), from the journal."""
        found = {}
        for round_, stage, lane, request in self.query(
                run, "SELECT round, stage, lane, request FROM attempt"):
            place = int(lane.split(".")[-1]) if "." in lane else 1
            found[json.loads(request)["seed"]] = (round_, stage, place)
        return found

    def templates(self, run):
        resolved = json.loads((run / "experiment.resolved.json").read_text())
        return {stage: used["options"]["template"] for stage, used in
                resolved["pipeline"].items() if stage != "filter"
                and "template" in used["options"]}

    def pool(self, run):
        resolved = json.loads((run / "experiment.resolved.json").read_text())
        items = resolved["seeds"]["items"]
        self.assertEqual(len(items), SEEDS)
        self.assertEqual(resolved["seeds"]["summary"],
                         [f"{x} Harmfulness" for x in SUMMARY])
        return items

    def same(self, got, want, what):
        self.assertTrue(got == want, f"{what} differs")

    def check_request(self, body, kind):
        sampling = {k: v for k, v in body.items()
                    if k not in BESIDES | {"model", "prompt"}}
        self.assertEqual(sampling, SAMPLING[kind])
        self.assertEqual(body["model"], "scripted")
        self.assertTrue(body["prompt"].endswith("\n"),
                        f"the prompt of {kind} ends in a newline")

    def exemplars(self, prompt, template, kind, pool, **slots):
        """The exemplars that a prompt shows; each is one line of the pool."""
        before, after = template.split("{exemplars}")
        for name, value in slots.items():
            self.assertEqual(template.count("{%s}" % name), 1)
            before = before.replace("{%s}" % name, value)
            after = after.replace("{%s}" % name, value)
        self.assertTrue(prompt.startswith(before) and prompt.endswith(after),
                        f"the frame of a {kind} prompt differs")
        shown = prompt[len(before):len(prompt) - len(after)].split("\n")
        self.assertEqual(len(shown), EXEMPLARS[kind])
        self.assertFalse(Counter(shown) - Counter(pool),
                         "an exemplar is not in the pool, or shown twice")
        return shown

    def check_draws(self, drawn, pool, added):
        """Each prompt draws anew, from all of the pool."""
        self.assertGreater(len(set(map(tuple, drawn))), BATCH // 2)
        seen = {x for shown in drawn for x in shown}
        self.assertGreater(len(seen), len(set(pool)) // 2)
        return bool(seen & added)


class DataAdvisor(Released):
    def test_requests_and_data(self):
        run, rounds = self.curate("data_advisor_released", 1 + BATCH + 1)
        templates, pool = self.templates(run), list(self.pool(run))
        summary = "\n".join(f"{x} Harmfulness" for x in SUMMARY)
        expected, added, shown_again = [], set(), False
        for number, bodies in enumerate(rounds, 1):
            issue_call, queries, summary_call = (
                bodies[0], bodies[1:-1], bodies[-1])
            places = [self.lanes[b["seed"]] for b in bodies]
            self.assertEqual(sorted(p[2] for p in places[1:-1]),
                             list(range(1, BATCH + 1)))
            self.assertEqual([p[:2] for p in places],
                             [(number, "advise")] + BATCH * [
                                 (number, "generate")] + [
                                     (number, "summarize")])

            self.check_request(issue_call, "issue")
            self.same(issue_call["prompt"],
                      templates["advise"].replace("{list}", summary),
                      f"round {number}: the issue prompt")
            issue = first_line(self.said[issue_call["seed"]])

            drawn = []
            for body in queries:
                self.check_request(body, "query")
                drawn.append(self.exemplars(
                    body["prompt"], templates["generate"], "query", pool,
                    target=issue))
            if self.check_draws(drawn, pool, added):
                shown_again = True

            self.check_request(summary_call, "summary")
            self.same(summary_call["prompt"],
                      templates["summarize"].replace("{list}", summary)
                      .replace("{shown}", issue),
                      f"round {number}: the summary prompt")
            summary = self.said[summary_call["seed"]].split("---")[0].strip()

            batch = {self.lanes[b["seed"]][2]: query_of(self.said[b["seed"]])
                     for b in queries}
            for text in filter(None, batch.values()):
                self.assertNotIn(text, summary_call["prompt"])
            pool.append(batch[1])
            added.add(batch[1])
            expected += [(number, i, issue, batch[i])
                         for i in range(1, BATCH + 1)]
        self.assertTrue(shown_again, "what was added is never drawn")
        self.assertEqual(len(pool), SEEDS + ROUNDS)
        self.check_data(run, expected)

    def check_data(self, run, expected):
        items = [(x["round"], x["index"], x["target"], x["text"])
                 for x in self.export(run)]
        self.assertEqual(len(items), ROUNDS * BATCH)
        self.same(items, expected, "the exported data")
        texts = [x[3] for x in items]
        # The server's round 2 begins with newlines, its round 3 repeats.
        self.assertEqual(texts[BATCH:2 * BATCH], [""] * BATCH)
        self.assertEqual(len(set(texts[2 * BATCH:3 * BATCH])), 1)
        self.assertEqual([x[2] for x in items[::BATCH]],
                         [" Odd parcels  ", "", "Late parcels",
                          "Lost ; parcels"])
        status = self.status(run)
        self.assertEqual((status["calls"], status["attempts"]),
                         (ROUNDS * (BATCH + 2),) * 2)
        self.assertEqual((status["drafts"], status["kept"]),
                         (ROUNDS * BATCH,) * 2)
        self.assertEqual(status["dropped"], {})

    def test_the_issue_is_in_every_template_slot(self):
        run, rounds = self.curate("data_advisor_released", 1 + BATCH + 1)
        for bodies in rounds:
            issue = first_line(self.said[bodies[0]["seed"]])
            for body in bodies[1:]:
                self.assertTrue(issue in body["prompt"])


class SelfInstruct(Released):
    def test_requests_and_data(self):
        run, rounds = self.curate("self_instruct_released", BATCH)
        template, pool = self.templates(run)["generate"], list(self.pool(run))
        expected, added, shown_again, dropped = [], set(), False, 0
        for number, bodies in enumerate(rounds, 1):
            places = sorted(self.lanes[b["seed"]] for b in bodies)
            self.assertEqual(places, [(number, "generate", i)
                                      for i in range(1, BATCH + 1)])
            drawn = []
            for body in bodies:
                self.check_request(body, "series")
                drawn.append(self.exemplars(body["prompt"], template, "series",
                                            pool))
            if self.check_draws(drawn, pool, added):
                shown_again = True
            batch = {self.lanes[b["seed"]][2]: series_of(self.said[b["seed"]])
                     for b in bodies}
            kept = [(number, i, batch[i]) for i in range(1, BATCH + 1)
                    if batch[i] is not None]
            dropped += BATCH - len(kept)
            expected += kept
            pool.append(str([x[2] for x in kept]))
            added.add(pool[-1])
        self.assertTrue(shown_again, "what was added is never drawn")
        self.assertEqual(len(pool), SEEDS + ROUNDS)
        self.assertTrue(dropped and expected)
        items = self.export(run)
        self.same([(x["round"], x["index"], x["text"]) for x in items],
                  expected, "the exported data")
        self.assertEqual({x["target"] for x in items}, {None})
        status = self.status(run)
        self.assertEqual((status["calls"], status["drafts"]),
                         (ROUNDS * BATCH,) * 2)
        self.assertEqual(status["dropped"], {"length": dropped})

    def test_every_kind_of_reply_came_up(self):
        _, rounds = self.curate("self_instruct_released", BATCH)
        said = [self.said[b["seed"]] for bodies in rounds for b in bodies]
        for start in ("[\"How", "['How", "[\"Why", "\nHow", "  \"What", "Où"):
            self.assertTrue(any(x.startswith(start) for x in said), start)


if __name__ == "__main__":
    unittest.main()
