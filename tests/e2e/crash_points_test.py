#!/usr/bin/env python3
"""kill -9 at each named place of the program (core/base/crash.h).

Each time: what was acknowledged is on disk, nothing is sent again that was
not in flight, the record is sound, and the end is that of a run that nobody
killed. The places are in builds with ADVISOR_CRASH_POINTS only, as the
sanitized one of scripts/test: $ADVISOR_SANITIZED.
"""

import os
import unittest

import killing
import measured_test
import support

CRASHING = os.environ.get("ADVISOR_SANITIZED",
                          str(support.ROOT / "build-sanitize" / "advisor"))

# In a run, in the order in which a call and a round come by.
BEGIN = ("made:1", "renamed:1", "beginning:1", "begun:1")
CALL = ("intent_queued", "intent_committed", "sending", "reply_began",
        "reply_complete", "reply_queued", "reply_committed", "outcome_posted",
        "committing", "committed")
ROUND = ("round_decided:1", "round_committed:1", "round_decided:2",
         "round_committed:2")

# What must be on disk when a place is reached for the nth time. The first
# request that is sent asks for the list of models.
ON_DISK = {"intent_committed": "attempts", "sending": "attempts",
           "reply_began": "attempts", "reply_complete": "attempts",
           "reply_committed": "replies", "outcome_posted": "replies"}


def crash(case, place, *args, env=None):
    """Runs the program until it is killed at a place."""
    process = case.start_advisor(
        *args, env={**(env or {}), "ADVISOR_CRASH_AT": place},
        executable=CRASHING, stdout=-3, stderr=-3)
    case.assertEqual(process.wait(timeout=120), -9,
                     f"{args[0]} never came by {place}")


class Campaign(killing.Campaign):
    """As for random moments, with a faster server and fewer rounds."""

    def server(self, *more):
        return super().server("--latency-ms", 5, *more)

    def settings(self, concurrency, ahead):
        return [*super().settings(concurrency, ahead), "--set", "rounds=2"]

    def at(self, places, concurrency):
        """Is killed at each place in turn, then runs to its end."""
        case, ahead = self.case, 0
        self.runs += 1
        run = case.dir / f"run-{concurrency}-{self.runs}"
        known, interrupted = {}, set()
        with self.server() as server:
            for place in places:
                began = (run / "run.db").exists() \
                    and killing.Journal(run).facts
                args = ("resume", run) if began else (
                    "run", self.experiment, "-o", run,
                    *self.settings(concurrency, ahead))
                crash(case, place, *args, env=server.env())
                if (run / "run.db").exists():
                    known = self.check_kill(run, known, interrupted)
                    self.check_disk(run, place)
                    if killing.Journal(run).facts:
                        support.examine(run)
            done = self.start(run, server, self.settings(concurrency, ahead))
            case.assertEqual(done.wait(timeout=120), 0, self.output(run))
            self.check_end(run, server, ahead, known, interrupted)

    def check_disk(self, run, place):
        name, _, n = place.partition(":")
        if name in ON_DISK:
            rows = getattr(killing.Journal(run), ON_DISK[name])
            self.case.assertGreaterEqual(len(rows), int(n) - 1, place)


@unittest.skipUnless(os.access(CRASHING, os.X_OK),
                     f"{CRASHING} is missing: a build with "
                     "-DADVISOR_CRASH_POINTS=ON, which scripts/test makes")
class CrashPointsTest(support.Case):
    def check(self, concurrency, *sequences):
        campaign = Campaign(self)
        campaign.references = self.references
        for places in sequences:
            with self.subTest(places=places, concurrency=concurrency):
                campaign.at(places, concurrency)
        print(f"\n{campaign}", flush=True)

    def setUp(self):
        super().setUp()
        self.references = {}

    def test_a_call_one_at_a_time(self):
        self.check(1, *((f"{name}:7",) for name in CALL))

    def test_a_call_eight_at_once(self):
        self.check(8, *((f"{name}:26",) for name in CALL))

    def test_the_begin_and_the_rounds(self):
        for concurrency in (1, 8):
            self.check(concurrency, *((place,) for place in BEGIN + ROUND))

    def test_during_the_marking_of_what_was_in_flight(self):
        for concurrency in (1, 8):
            self.check(concurrency,
                       ("intent_committed:9", "marking:1"),
                       ("sending:9", "marked:1"),
                       ("reply_began:20", "marking:1", "marked:1",
                        "reply_complete:3"))

    def plain_run(self, name, rounds, server):
        run = self.dir / name
        self.run_advisor("run", killing.EXPERIMENT, "-o", run, "-q", "--set",
                         f"rounds={rounds}", env=server.env())
        return run

    def test_during_extension(self):
        server = self.server()
        usual = self.export_bytes(self.plain_run("usual", 3, server))
        more = ("--set", "rounds=3")
        for place, again in (("extending", more), ("extended", ())):
            with self.subTest(place):
                run = self.plain_run(place, 2, server)
                crash(self, place, "resume", run, *more, env=server.env())
                support.examine(run)
                self.run_advisor("resume", run, "-q", *again,
                                 env=server.env())
                self.assertEqual(self.export_bytes(run), usual)

    def test_during_a_fork(self):
        server = self.server()
        source = self.plain_run("source", 3, server)
        usual = self.dir / "usual"
        fork = ("fork", source, "--round", 2, "-q", "-o")
        self.run_advisor(*fork, usual, env=server.env())
        before = self.export_bytes(source)
        for place in ("copied", "copy_renamed", "cutting", "committing",
                      "committed"):
            with self.subTest(place):
                run = self.dir / f"fork-{place}"
                crash(self, place, *fork, run, env=server.env())
                self.assertEqual(self.export_bytes(source), before)
                if place in ("copy_renamed", "cutting", "committing"):
                    done = self.run_advisor("resume", run, expect=1,
                                            env=server.env())
                    self.assertIn("copy that was not finished", done.stderr)
                if place == "committed":
                    self.run_advisor("resume", run, "-q", env=server.env())
                else:
                    self.run_advisor(*fork, run, env=server.env())
                self.assertEqual(self.export_bytes(run),
                                 self.export_bytes(usual))

    def test_during_an_export(self):
        server = self.server()
        run = self.plain_run("run", 1, server)
        out = self.dir / "items.jsonl"
        export = ("export", run, "--format", "jsonl", "-o", out)
        crash(self, "file_written", *export)
        self.assertFalse(out.exists(), "a part is never seen")
        self.run_advisor(*export)
        usual = out.read_bytes()
        out.unlink()
        crash(self, "file_renamed", *export)
        self.assertEqual(out.read_bytes(), usual)
        self.assertEqual(usual, self.export_bytes(run))

    def test_during_the_manifest_of_a_sweep(self):
        server = self.server()
        usual = None
        for place in (None, "file_written", "file_renamed"):
            folder = self.dir / f"sweep-{place}"
            sweep = ("sweep", killing.EXPERIMENT, "--set", "rounds=1",
                     "--vary", "per_round=4", "--seeds", 2, "-o", folder)
            if place:
                crash(self, place, *sweep, env=server.env())
                self.assertEqual((folder / "sweep.json").exists(),
                                 place == "file_renamed")
            self.run_advisor(*sweep, env=server.env())
            found = sorted(self.export_bytes(db.parent)
                           for db in folder.rglob("run.db"))
            self.assertEqual(len(found), 2)
            usual = usual or found
            self.assertEqual(found, usual)


@unittest.skipUnless(os.access(CRASHING, os.X_OK), f"{CRASHING} is missing")
class MeasuringTest(measured_test.MeasuredCase):
    def test_what_is_measured_before_the_first_round(self):
        server = self.start_server()
        given = {"check": measured_test.CHECK,
                 "calibration": measured_test.CALIBRATION}
        self.begin(server, **given)
        usual, fact = self.export_bytes(self.run_folder), self.fact()
        requests = len(server.log())
        path = self.dir / "measured.lua"
        for place in ("measuring", "measured"):
            with self.subTest(place):
                self.run_folder = self.dir / place
                crash(self, place, "run", path, "-o", self.run_folder,
                      env=server.env())
                support.examine(self.run_folder)
                self.run_advisor("resume", self.run_folder, "-q",
                                 env=server.env())
                self.assertEqual(self.export_bytes(self.run_folder), usual)
                self.assertEqual(self.fact(), fact)
                self.assertEqual(len(server.log()), 2 * requests
                                 if place == "measuring" else 3 * requests)


if __name__ == "__main__":
    unittest.main()
