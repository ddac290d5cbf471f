#!/usr/bin/env python3
"""merge: one data set of what many runs kept."""

import json
import shutil
import unittest
from collections import Counter

import killing
import support

STEERING = support.ROOT / "tests/bench/steering.lua"
OFFLINE = ("--set", "coverage.label=by_advice", "--set",
           "coverage.examples=[]")
EVERYTHING = killing.HERE / "everything.lua"


def shingles(text):
    data = " ".join(text.lower().split()).encode()
    return {data[i:i + 5] for i in range(max(len(data) - 4, 1))}


def jaccard(a, b):
    return len(a & b) / len(a | b)


class MergeTest(support.Case):
    def simulated(self, name, seed, *options):
        run = self.dir / name
        self.run_advisor("run", STEERING, *OFFLINE, "-q", "-o", run, "--set",
                         "pipeline.advise=weighted_gaps", "--set", "rounds=8",
                         "--set", f"seed={seed}", *options)
        return run

    def merge(self, *words, expect=0):
        return self.run_advisor("merge", *words, expect=expect)

    def merged(self, name, *words):
        made = json.loads(self.merge(*words, "-o", self.dir / name,
                                     "--json").stdout)
        return self.dir / name, made

    def test_items_of_two_runs_without_near_duplicates(self):
        runs = [self.simulated("a", 1), self.simulated("b", 2)]
        new, made = self.merged("new", *runs)
        status = self.status(new)
        self.assertEqual((status["state"], status["rounds"]), ("done", 2))
        self.assertEqual(status["kept"], sum(r["kept"] for r in made["runs"]))
        self.assertEqual(status["dropped"]["near_duplicate"],
                         sum(r["items"] - r["kept"] for r in made["runs"]))
        self.assertGreater(status["dropped"]["near_duplicate"], 0)
        self.assertEqual(status["digest"], made["digest"])
        self.assertEqual([r["digest"] for r in status["merged_from"]["runs"]],
                         [self.status(run)["digest"] for run in runs])
        items = self.export(new)
        sets = [shingles(item["text"]) for item in items]
        worst = max(jaccard(a, b) for i, a in enumerate(sets)
                    for b in sets[:i])
        self.assertLess(worst, 0.75)
        # Each one leads back to its run.
        origin = {(self.status(run)["digest"], item["id"]): item
                  for run in runs for item in self.export(run)}
        for item in items:
            source = item["meta"].pop("source")
            old = origin[source["digest"], source["id"]]
            self.assertEqual([item[k] for k in ("text", "target", "cell",
                                                "meta")],
                             [old[k] for k in ("text", "target", "cell",
                                               "meta")])
        rows = self.query(new, "SELECT text, finding FROM item "
                          "WHERE verdict = 'dropped'")
        kept = {item["id"]: item for item in items}
        for text, finding in rows:
            finding = json.loads(finding)
            near = kept[finding["nearest"]]
            self.assertEqual(finding["run"], "steering")
            self.assertGreater(
                jaccard(shingles(text), shingles(near["text"])), 0.6)
        text = self.run_advisor("status", new).stdout
        self.assertIn("merged from 2 runs", text)
        self.assertIn("calls of these runs: 192;", text)

    def test_the_same_again_and_the_sources_are_left_alone(self):
        runs = [self.simulated("a", 1), self.simulated("b", 2)]
        before = [self.export_bytes(run) for run in runs]
        one, _ = self.merged("one", *runs, "--balance", "even", "--most", "60")
        two, _ = self.merged("two", *runs, "--balance", "even", "--most", "60")
        self.assertEqual(self.export_bytes(one), self.export_bytes(two))
        other, _ = self.merged("other", *runs, "--balance", "even", "--most",
                               "60", "--seed", "2")
        self.assertNotEqual(self.status(one)["digest"],
                            self.status(other)["digest"])
        self.assertEqual([self.export_bytes(run) for run in runs], before)
        # Earlier runs win, so the order decides.
        turned, _ = self.merged("turned", *reversed(runs))
        plain, _ = self.merged("plain", *runs)
        self.assertNotEqual(self.status(turned)["digest"],
                            self.status(plain)["digest"])
        self.assertEqual(self.status(plain)["name"], "plain")

    def test_a_balanced_mix(self):
        runs = [self.simulated("a", 1), self.simulated("b", 2)]
        shares = {"Garden tools / returns policy": 0.4,
                  "Mobile phones / late delivery": 0.2}
        flags = [word for cell, share in shares.items()
                 for word in ("--balance", f"{cell}={share}")]
        new, made = self.merged("new", *runs, "--near", "0", *flags, "--most",
                                "15")
        wanted = {cell["cell"]: cell["want"] for cell in made["cells"]}
        self.assertEqual(sum(wanted.values()), 15)
        self.assertEqual([wanted[cell] for cell in shares], [6, 3])
        counts = Counter(item["cell"] for item in self.export(new))
        for cell in made["cells"]:
            self.assertEqual(counts[cell["cell"]],
                             min(cell["want"], cell["have"]))
        status = self.status(new)
        self.assertGreater(status["dropped"]["balance"], 0)
        wants = {c["cell"]: c["want"] for c in status["coverage"]["cells"]}
        self.assertEqual(wants["Garden tools / returns policy"], 0.4)
        drawn, _ = self.merged("drawn", *runs, "--near", "0", "--most", "40")
        self.assertEqual(self.status(drawn)["kept"], 40)
        done = self.merge(*runs, "-o", self.dir / "no", "--balance", "even",
                          expect=1)
        self.assertIn("--most N is missing", done.stderr)
        self.assertFalse((self.dir / "no").exists())

    def test_replies_vectors_and_advice_come_along(self):
        server = self.server("--duplicate-rate", "0.15")
        runs = []
        for seed in (1, 2):
            runs.append(self.dir / f"run-{seed}")
            self.run_advisor("run", EVERYTHING, "-o", runs[-1], "-q", "--set",
                             f"seed={seed}", "--set", "rounds=3",
                             env=server.env())
        server.stop()
        new, _ = self.merged("new", *runs, "--near", "0")
        kept = {(round, index) for round, index in self.query(
            new, "SELECT round, item_index FROM item WHERE verdict = 'kept'")}
        answered = self.query(new, "SELECT round, item_index FROM response")
        self.assertEqual(set(answered), kept)
        replies = "SELECT text, verdict, finding, meta FROM response"
        old = {row for run in runs for row in self.query(run, replies)}
        self.assertLessEqual(set(self.query(new, replies)), old)
        vectors, = self.query(new, "SELECT count(*) FROM vector")[0]
        self.assertGreaterEqual(vectors, len(kept))
        rows = [json.loads(line) for line in self.run_advisor(
            "export", new, "--lineage").stdout.splitlines()]
        self.assertTrue(all(row["lineage"]["run"] == "new" for row in rows))
        advised = {row["lineage"]["target"] for row in rows}
        for run in runs:
            old = [json.loads(line) for line in self.run_advisor(
                "export", run, "--lineage").stdout.splitlines()]
            self.assertTrue(advised & {r["lineage"]["target"] for r in old})

    def test_what_reads_a_run_reads_it(self):
        runs = [self.simulated("a", 1), self.simulated("b", 2)]
        new, made = self.merged("new", *runs)
        self.run_advisor("export", new, "--format", "hf", "--rows", "jsonl",
                         "-o", self.dir / "hf")
        card = (self.dir / "hf/README.md").read_text()
        self.assertIn("| merged from | seed | digest | items | kept |", card)
        for run in made["runs"]:
            self.assertIn(run["digest"], card)
        published = "".join(
            path.read_text() for path in (self.dir / "hf").rglob("*")
            if path.is_file())
        self.assertNotIn(str(self.dir), published)
        self.assertEqual(sum(
            len(path.read_text().splitlines())
            for path in (self.dir / "hf/data").glob("*.jsonl")),
            self.status(new)["kept"])
        self.run_advisor("report", new)
        page = (new / "report.html").read_text()
        self.assertIn("advisor merge ", page)
        self.assertNotIn("advisor replay ", page)
        arms = json.loads(self.run_advisor("compare", new, runs[0],
                                           "--json").stdout)["arms"]
        self.assertEqual(arms[0]["means"]["kept"]["mean"],
                         self.status(new)["kept"])
        # A data set that was merged can be merged again.
        again, _ = self.merged("again", new, self.simulated("c", 3))
        source = self.export(again)[0]["meta"]["source"]
        self.assertEqual((source["run"], source["source"]["run"]),
                         ("new", "steering"))
        self.assertIntact(again)

    def test_runs_of_a_sweep_and_other_taxonomies(self):
        self.run_advisor("sweep", STEERING, *OFFLINE, "--vary",
                         "pipeline.advise=weighted_gaps", "--seeds", "2",
                         "--set", "rounds=2", "-o", self.dir / "s")
        other = self.write("other.lua", """return {
          name = "other", rounds = 2, per_round = 5,
          models = { default = { api = "simulated" } },
          pipeline = { generate = "few_shot" }, seeds = "support",
          coverage = { taxonomy = "support" },
        }""")
        self.run_advisor("run", other, "-q", "-o", self.dir / "other")
        done = self.merge(self.dir / "s", self.dir / "other", "-o",
                          self.dir / "new")
        self.assertEqual(done.stderr, "")
        shutil.rmtree(self.dir / "s/runs/01-advise=weighted_gaps/seed-2")
        self.assertIn("runs of sweeps that are not done are left out: 1\n",
                      self.merge(self.dir / "s", "-o",
                                 self.dir / "fewer").stderr)
        self.assertIn("of 3 runs kept", done.stdout)
        self.assertIn("the runs' taxonomies differ: the data set has the "
                      "cells of all, by name", done.stdout)
        cells = {c["cell"] for c in
                 self.status(self.dir / "new")["coverage"]["cells"]}
        for run in (self.dir / "other",
                    self.dir / "s/runs/01-advise=weighted_gaps/seed-1"):
            self.assertLessEqual({c["cell"] for c in
                                  self.status(run)["coverage"]["cells"]},
                                 cells)

    def test_what_goes_on_from_calls_is_refused(self):
        run = self.simulated("a", 1)
        new, _ = self.merged("new", run)
        for words in (("resume", new), ("replay", new),
                      ("fork", new, "--round", "1", "-o", self.dir / "f")):
            done = self.run_advisor(*words, expect=1)
            self.assertIn("was merged from other runs: it has no experiment "
                          "and no calls to go on from", done.stderr)
            self.assertIn(str(run.resolve()), done.stderr)
        self.assertFalse((self.dir / "f").exists())

    def test_wrong_use(self):
        run = self.simulated("a", 1)
        for words, status, message in (
                ((run,), 2, "-o is missing"),
                ((run, "-o", "x", "--near", "2"), 2, "--near 2"),
                ((run, "-o", "x", "--most", "0"), 2, "--most 0"),
                ((run, "-o", "x", "--seed", "x"), 2, "--seed x"),
                ((run, "-o", "x", "--prefer", "best"), 2, "--prefer best"),
                ((run, "-o", "x", "--balance", "A"), 2, "--balance A"),
                (("-o", "x"), 2, "RUN is missing"),
                ((run, "-o", "x", "--balance", "A=1", "--most", "3"), 1,
                 "the taxonomy has no cell 'A'"),
                ((run, run, "-o", "x"), 1, "is given twice"),
                ((run, self.dir / "none", "-o", "x"), 1, "No such file"),
                ((run, "-o", run), 1, "is there already")):
            done = self.run_advisor("merge", *words, expect=status,
                                    cwd=self.dir)
            self.assertIn(message, done.stderr)
            self.assertFalse((self.dir / "x").exists())
            self.assertFalse((self.dir / "x.partial").exists())


if __name__ == "__main__":
    unittest.main()
