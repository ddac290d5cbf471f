#!/usr/bin/env python3
"""Drafts that repeat texts of a file the experiment names are dropped, and the
run needs the file no more once it has begun."""

import json
import time
import unittest

import support

EXPERIMENT = """
return {
  name = "clean", rounds = %d, per_round = 6,
  models = { default = { api = "simulated" } },
  pipeline = {
    advise = "uncovered_category", generate = "few_shot",
    filter = { "exact_duplicate"%s }, summarize = "topic_list",
  },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" },
            summary = { "Delivery" } },
  %s
}
"""
FILTERED = ', { "decontaminate", n = 7 }'
NAMED = 'references = { shop = { file = "shop.jsonl", field = "question" }, more = { file = "more.csv" } },'


class DecontaminateTest(support.Case):
    def begin(self, rounds):
        """Writes the references from what the model says; returns the experiment and their texts."""
        plain = self.write("plain.lua", EXPERIMENT % (1, "", ""))
        self.run_advisor("run", plain, "-o", self.dir / "plain")
        texts = [item["text"] for item in self.export(self.dir / "plain")]
        self.assertEqual(len(texts), 6)
        self.write("shop.jsonl", "".join(json.dumps({"question": f"One more thing: {text.upper()}"}) + "\n"
                                         for text in texts[:2]))
        more = texts[3].replace('"', '""')
        self.write("more.csv", f'text\n"A text of its own, to have two rows"\n"{more}"\n')
        return self.write("clean.lua", EXPERIMENT % (rounds, FILTERED, NAMED)), texts

    def test_hits_are_dropped_with_their_reason_and_reported(self):
        experiment, texts = self.begin(4)
        run = self.dir / "run"
        self.run_advisor("run", experiment, "-o", run)
        rows = self.query(run, "SELECT text, finding FROM item WHERE round = 1 AND"
                               " reason = 'decontaminate' ORDER BY item_index")
        self.assertEqual([row[0] for row in rows], [texts[0], texts[1], texts[3]])
        found = [json.loads(row[1]) for row in rows]
        self.assertEqual([(f["reference"], f["nearest"], f["score"]) for f in found],
                         [("shop", "shop:1", 1), ("shop", "shop:2", 1), ("more", "more:2", 1)])
        self.assertEqual({f["kind"] for f in found}, {"ngrams"})
        self.assertEqual(found[2]["nearest_text"], texts[3])
        kept = {item["text"] for item in self.export(run)}
        self.assertFalse(kept & {texts[0], texts[1], texts[3]})
        self.assertTrue(kept)

        report = self.status(run)
        shown = report["decontamination"]
        self.assertEqual(shown["drafts"], 24 - report["dropped"].get("exact_duplicate", 0))
        self.assertEqual(shown["hits"], report["dropped"]["decontaminate"])
        self.assertEqual([(r["name"], r["texts"]) for r in shown["references"]], [("more", 2), ("shop", 2)])
        self.assertEqual(sum(r["hits"] for r in shown["references"]), shown["hits"])
        words = self.run_advisor("status", run).stdout
        self.assertIn(f"decontamination: {shown['hits']} hits in {shown['drafts']} drafts compared: more ", words)

        # The experiment as stored names the file; the texts are in run.db alone.
        resolved = (run / "experiment.resolved.json").read_text(encoding="utf-8")
        self.assertNotIn("One more thing", resolved)
        self.assertEqual(json.loads(resolved)["references"]["shop"]["count"], 2)

    def test_a_run_without_references_does_not_speak_of_them(self):
        self.begin(1)
        self.assertIsNone(self.status(self.dir / "plain")["decontamination"])
        self.assertNotIn("decontamination", self.run_advisor("status", self.dir / "plain").stdout)

    def test_a_killed_run_goes_on_without_the_files(self):
        experiment, _ = self.begin(80)
        whole, run = self.dir / "whole", self.dir / "run"
        self.run_advisor("run", experiment, "-o", whole)
        process = self.start_advisor("run", experiment, "-o", run, "-q")
        deadline = time.monotonic() + 60
        while not (run / "run.lock").exists() or self.rounds(run) < 20:
            self.assertIsNone(process.poll(), "the run ended before it could be killed")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)
        self.assertEqual(support.kill(process), -9)
        last = self.rounds(run)
        self.assertLess(last, 80)
        for name in ("shop.jsonl", "more.csv"):
            (self.dir / name).unlink()
        self.run_advisor("resume", run)
        self.assertIntact(run)
        self.assertEqual(self.export_bytes(run), self.export_bytes(whole))
        later = self.query(run, "SELECT count(*) FROM item WHERE reason = 'decontaminate' AND round > ?", last)
        self.assertGreater(later[0][0], 0, "the resumed run compared nothing")
        after, expected = self.status(run), self.status(whole)
        for field in ("digest", "dropped", "decontamination", "state"):
            self.assertEqual(after[field], expected[field], field)

    def rounds(self, run):
        """Rounds on disk; 0 while there is no database yet."""
        try:
            return self.query(run, "SELECT count(*) FROM round")[0][0]
        except support.sqlite3.OperationalError:
            return 0

    def test_a_run_killed_while_it_stored_the_texts_begins_again(self):
        experiment, texts = self.begin(1)
        run = self.dir / "run"
        self.run_advisor("run", experiment, "-o", run)
        usual = self.status(run)
        with support.contextlib.closing(support.sqlite3.connect(run / "run.db")) as db, db:
            for table in ("run", "script", "outcome", "reply", "attempt", "round", "item"):
                db.execute(f"DELETE FROM {table}")
            db.execute("INSERT INTO reference VALUES ('shop', 3, ?)", (texts[4],))
        self.run_advisor("run", experiment, "-o", run)
        self.assertEqual(self.status(run)["digest"], usual["digest"])
        self.assertEqual(self.query(run, "SELECT count(*) FROM reference"), [(4,)])

    def test_bad_references_are_named_before_anything_is_asked(self):
        experiment, _ = self.begin(1)
        for setting, message in (
                ("references.shop.file=nowhere.jsonl", "references.shop: the file 'nowhere.jsonl' was not found"),
                ("references.shop.field=text", "shop.jsonl:1: no field 'text'; there are: question"),
                ('pipeline.filter.2.references=["shops"]', "no reference is called 'shops'; there are more, shop"),
                ("references={}", "decontaminate compares with references, and the experiment names no references")):
            done = self.run_advisor("run", experiment, "-o", self.dir / "bad", "--set", setting, expect=1)
            self.assertIn(message, done.stderr)
        self.assertFalse((self.dir / "bad").exists())


if __name__ == "__main__":
    unittest.main()
