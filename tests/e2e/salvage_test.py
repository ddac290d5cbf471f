#!/usr/bin/env python3
"""Damaged run folders: every verb says so in words, salvage reads what is left."""

import collections
import contextlib
import json
import random
import shutil
import sqlite3
import unittest

import support

EXPERIMENT = """
return {
  name = "shop", rounds = 12, per_round = 6,
  pipeline = { advise = "uncovered_category", generate = "few_shot", filter = { "exact_duplicate" },
    summarize = "topic_list", respond = "safe_reply" },
  principles = { { "well_formed", min_words = 3 } },
  models = { default = { url = env("OPENAI_BASE_URL"), model = "scripted", key_env = "OPENAI_API_KEY" } },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" }, summary = { "Delivery" } },
}
"""
PAGE = 4096
FRAME = 24 + PAGE


def lines(path):
    return path.read_bytes().splitlines()


class SalvageTest(support.Case):
    def setUp(self):
        super().setUp()
        self.ran = self.server("--duplicate-rate", "0.1")
        self.sound = self.dir / "sound"
        experiment = self.write("shop.lua", EXPERIMENT)
        self.run_advisor("run", experiment, "-o", self.sound, "-q",
                         env=self.ran.env())
        self.items = self.export_bytes(self.sound).splitlines()
        self.replies = dict(self.query(
            self.sound, "SELECT attempt, CAST(raw AS TEXT) FROM reply"))

    def damaged_run(self, change, name="bad"):
        """A copy of the run whose database is what `change` makes of it."""
        bad = self.dir / name
        shutil.rmtree(bad, ignore_errors=True)
        bad.mkdir(mode=0o700)
        self.damaged.add(bad)
        data = bytearray((self.sound / "run.db").read_bytes())
        (bad / "run.db").write_bytes(change(data) or data)
        return bad

    def salvage(self, run, expect=0):
        """Salvages and gives the items and the replies, each as it was."""
        out = self.dir / "saved"
        before = (run / "run.db").read_bytes()
        done = self.run_advisor("salvage", run, "-o", out, "--force", "--json",
                                expect=expect)
        self.assertNotRegex(done.stderr, "traceback|fault in the program")
        self.assertEqual((run / "run.db").read_bytes(), before)
        result = json.loads(done.stdout)
        items = lines(out / "items.jsonl")
        replies = {r["id"]: r["raw"] for r in
                   map(json.loads, lines(out / "replies.jsonl"))}
        self.assertEqual(result["items"]["rows"], len(items))
        self.assertEqual(result["replies"]["rows"], len(replies))
        return items, replies, result

    def test_a_sound_run(self):
        items, replies, result = self.salvage(self.sound)
        self.assertEqual(items, self.items)
        self.assertEqual(replies, self.replies)
        self.assertEqual((result["broken_cells"], result["missing_attempts"],
                          result["replies"]["lost"]), (0, 0, 0))
        out = self.dir / "saved"
        self.assertEqual((out / "experiment.lua").read_text(), EXPERIMENT)
        scripts = {p.name: p.read_bytes()
                   for p in (self.sound / "scripts").iterdir()}
        self.assertEqual({p.name: p.read_bytes()
                          for p in (out / "scripts").iterdir()}, scripts)
        done = self.run_advisor("salvage", self.sound, "-o", out, expect=1)
        self.assertIn("--force", done.stderr)

    def check_part(self, change, least):
        """What is read is as it was, and at least such a share of it."""
        items, replies, _ = self.salvage(self.damaged_run(change))
        self.assertFalse(collections.Counter(items)
                         - collections.Counter(self.items))
        for key, raw in replies.items():
            self.assertEqual(raw, self.replies[key])
        self.assertGreaterEqual(len(items), least * len(self.items))
        self.assertGreaterEqual(len(replies), least * len(self.replies))

    def test_a_file_that_is_cut(self):
        self.check_part(lambda data: data[:len(data) * 3 // 4 + 100], 0.4)

    def test_a_first_page_that_is_gone(self):
        def change(data):
            data[:PAGE] = bytes(PAGE)
        self.check_part(change, 1)

    def test_pages_that_are_gone(self):
        for first in range(2, 20, 3):
            def change(data, at=first * PAGE):
                data[at:at + PAGE] = bytes(PAGE)
            with self.subTest(first):
                self.check_part(change, 0.5)

    def test_a_log_that_is_missing_or_not_written_back(self):
        slow = self.server("--latency-ms", "20")
        run = self.dir / "killed"
        process = self.start_advisor(
            "run", self.dir / "shop.lua", "-o", run, "-q", env=slow.env())
        slow.wait_for(30)
        support.kill(process)
        copy = self.dir / "copy"
        shutil.copytree(run, copy)
        (copy / "run.db-shm").unlink(missing_ok=True)
        self.damaged.add(copy)
        _, replies, _ = self.salvage(copy)
        stored = dict(self.query(run, "SELECT attempt, CAST(raw AS TEXT) "
                                 "FROM reply"))
        self.assertGreater(len(stored), 10)
        self.assertEqual(replies, stored)
        # A checksum in the middle is wrong, and no page is: SQLite takes what
        # lies before it, and salvage says so of the rest.
        log = copy / "run.db-wal"
        data = bytearray(log.read_bytes())
        data[32 + (len(data) - 32) // FRAME // 2 * FRAME + 16] ^= 1
        log.write_bytes(data)
        _, replies, result = self.salvage(copy)
        self.assertEqual(replies, stored)
        for name in ("run.db", "run.db-wal"):
            shutil.copy(copy / name, self.dir / name)
        with contextlib.closing(sqlite3.connect(self.dir / "run.db")) as db:
            sure, = db.execute("SELECT count(*) FROM reply").fetchone()
        self.assertEqual(result["replies"]["unconfirmed"], len(stored) - sure)
        self.assertLess(sure, len(stored))
        rows = map(json.loads, lines(self.dir / "saved" / "replies.jsonl"))
        self.assertEqual(sum(r.get("unconfirmed", False) for r in rows),
                         len(stored) - sure)
        done = self.run_advisor("salvage", copy, "-o", self.dir / "words")
        self.assertRegex(done.stderr, r"replies \d+ \(\d+ of them unconfirmed")
        # Nothing had been written back yet, so that nothing is left.
        (copy / "run.db-wal").unlink()
        out = self.run_advisor("salvage", copy, "-o", self.dir / "none",
                               expect=1)
        self.assertIn("items 0", out.stderr)

    def test_files_that_hold_nothing(self):
        for change in (lambda _: b"\0", lambda _: b"no database\n" * 1000,
                       lambda data: data[:60]):
            items, replies, _ = self.salvage(self.damaged_run(change),
                                             expect=1)
            self.assertEqual((items, replies), ([], {}))
        done = self.run_advisor("salvage", self.dir / "nothing", "-o",
                                self.dir / "x", expect=1)
        self.assertIn("No such file", done.stderr)
        done = self.run_advisor("salvage", self.sound, expect=2)
        self.assertIn("-o is missing", done.stderr)

    def test_a_run_that_goes_on(self):
        slow = self.server("--latency-ms", "500")
        run = self.dir / "live"
        process = self.start_advisor(
            "run", self.dir / "shop.lua", "-o", run, "-q", env=slow.env())
        slow.wait_for(1)
        done = self.run_advisor("salvage", run, "-o", self.dir / "x", expect=1)
        self.assertIn("a process is at work on it", done.stderr)
        support.kill(process)

    def test_bytes_that_are_wrong(self):
        """Places at random: words, no crash, nothing changed, much is read."""
        rng = random.Random(6)
        for n in range(30):
            def change(data):
                for _ in range(rng.choice((1, 20, 200))):
                    data[rng.randrange(len(data))] = rng.randrange(256)
            bad = self.damaged_run(change)
            with self.subTest(n):
                items, replies, _ = self.salvage(bad)
                self.assertGreater(len(replies), len(self.replies) // 4)
                verb = ("status", "export", "doctor", "resume",
                        "replay")[n % 5]
                before = (bad / "run.db").read_bytes()
                done = self.run_advisor(verb, bad, env=self.ran.env(),
                                        expect=None)
                self.assertIn(done.returncode, (0, 1))
                self.assertNotRegex(done.stderr,
                                    "traceback|fault in the program")
                if done.returncode and verb != "doctor":
                    self.assertRegex(done.stderr, "advisor|rror")
                if verb != "resume":
                    self.assertEqual((bad / "run.db").read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
