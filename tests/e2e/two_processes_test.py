#!/usr/bin/env python3
"""Several processes on one run folder: one writes, the others are refused in
words or read beside it. two_processes_long_test.py has 100 races.
"""

import collections
import fcntl
import os
import random
import shutil
import socket
import subprocess
import time
import unittest

import killing
import support

OPTIONS = ("-q", "--set", "rounds=1")


class RaceTest(support.Case):
    """Two or three processes that begin at the same moment."""

    RACES = 6

    def setUp(self):
        super().setUp()
        # Slow enough that the first one is still at work when others come.
        self.ran = self.server("--latency-ms", "100")
        self.count = collections.Counter()
        usual = self.dir / "usual"
        self.run_advisor("run", killing.EXPERIMENT, "-o", usual, *OPTIONS,
                         env=self.ran.env())
        self.usual = self.export_bytes(usual)
        self.begun = self.dir / "begun"
        before = self.ran.stats()["requests"]
        process = self.start_advisor(
            "run", killing.EXPERIMENT, "-o", self.begun, *OPTIONS,
            env=self.ran.env(), stderr=subprocess.DEVNULL)
        self.ran.wait_for(before + 6)
        support.kill(process)

    def attempts(self, run):
        if not (run / "run.db").exists():
            return 0
        return self.query(run, "SELECT count(*) FROM attempt")[0][0]

    def race(self, run, verbs):
        """Starts a process a verb; exactly one is to do the work."""
        before = self.attempts(run)
        asked = self.ran.stats()["requests"]
        started = []
        for verb in verbs:
            args = (verb, run, "-q") if verb == "resume" else (
                verb, killing.EXPERIMENT, "-o", run, *OPTIONS)
            started.append(self.start_advisor(
                *args, env=self.ran.env(), stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE))
        ended = [(p, p.communicate(timeout=120)[1].decode()) for p in started]
        winners = [p for p, said in ended if p.returncode == 0
                   and "done already" not in said]
        self.assertEqual(len(winners), 1, ended)
        for process, said in ended:
            if process is not winners[0]:
                self.check_loser(process, said, run, winners[0].pid)
        sent = self.ran.stats()["requests"] - asked
        self.assertEqual(sent, self.attempts(run) - before,
                         "all that was sent is in the winner's record")
        self.assertEqual(self.export_bytes(run), self.usual)
        support.examine(run)

    def check_loser(self, process, said, run, winner):
        self.assertNotRegex(said, "traceback|fault in the program")
        if f"in use by process {winner} on host {socket.gethostname()}" in said:
            self.count["refused"] += 1
            self.assertEqual(process.returncode, 1)
            self.assertIn(str(run), said)
        elif "holds a run already" in said:
            # It came when the folder had a run, and did not try to go on.
            self.count["too late"] += 1
            self.assertEqual(process.returncode, 1)
        else:
            self.count["done"] += 1
            self.assertIn("is done already", said)
            self.assertEqual(process.returncode, 0)

    def test_races(self):
        rng = random.Random(3)
        kinds = (("run", "run"), ("resume", "resume"), ("run", "run", "run"),
                 ("resume", "resume", "resume"), ("run", "resume"))
        for n in range(self.RACES):
            verbs = list(kinds[n % len(kinds)])
            rng.shuffle(verbs)
            run = self.dir / "raced"
            if "resume" in verbs:
                shutil.copytree(self.begun, run)
            with self.subTest(n, verbs=verbs):
                self.race(run, verbs)
            shutil.rmtree(run)
        print(f"\n{self.RACES} races, the others: {dict(self.count)}",
              flush=True)
        self.assertGreaterEqual(self.count["refused"], self.RACES // 3)


class LockTest(support.Case):
    def test_a_lock_that_a_child_of_a_killed_process_keeps(self):
        server = self.server()
        run = self.dir / "run"
        self.run_advisor("run", killing.EXPERIMENT, "-o", run, *OPTIONS,
                         env=server.env())
        before = server.stats()["requests"]
        more = ("resume", run, "-q", "--set", "rounds=2")
        ready, told = os.pipe()
        holder = os.fork()
        if holder == 0:
            lock = os.open(run / "run.lock", os.O_RDWR)
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d elsewhere\n" % os.getpid(), 0)
            child = os.fork()
            if child:
                os.write(told, b"%d\n" % child)
            time.sleep(600)
            os._exit(0)
        child = int(os.read(ready, 20))
        os.kill(holder, 9)
        os.waitpid(holder, 0)
        try:
            done = self.run_advisor(*more, env=server.env(), expect=1)
            self.assertIn(f"in use by process {holder} on host elsewhere",
                          done.stderr)
            self.assertEqual(self.status(run)["rounds"], 1)
            self.assertEqual(server.stats()["requests"], before)
        finally:
            os.kill(child, 9)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                os.kill(child, 0)
            except ProcessLookupError:
                break
            with open(f"/proc/{child}/stat", encoding="ascii") as stat:
                if ") Z " in stat.read():  # Ended; nobody waits for it.
                    break
            time.sleep(0.01)
        self.run_advisor(*more, env=server.env())
        self.assertEqual(self.status(run)["rounds"], 2)


class ReaderTest(support.Case):
    VERBS = (("status",), ("status", "--json"), ("doctor",),
             ("export", "--format", "jsonl"), ("report", "--open", "no"),
             ("compare",))

    def read(self, verb, run, n):
        """Reads a run that goes on; returns what an export gave."""
        more = ("-o", self.dir / f"page-{n}") if verb[0] == "report" else ()
        done = self.run_advisor(verb[0], run, *verb[1:], *more, expect=None)
        self.assertEqual(done.returncode, 0, (verb, done.stdout, done.stderr))
        self.assertNotRegex(done.stderr, "traceback|fault in the program")
        return done.stdout if verb[0] == "export" else None

    def test_readers_beside_a_writer(self):
        server = self.server("--latency-ms", "20")
        run = self.dir / "run"
        process = self.start_advisor(
            "run", killing.EXPERIMENT, "-o", run, "-q", "--set", "ahead=1",
            "--set", "rounds=5", env=server.env(), stderr=subprocess.PIPE)
        server.wait_for(3)
        parts, reads = [], collections.Counter()
        # A reader that holds on to the state of the run's first moments.
        with killing.opened(run) as slow:
            slow.execute("BEGIN")
            first = slow.execute("SELECT count(*) FROM attempt").fetchone()
            while process.poll() is None:
                verb = self.VERBS[sum(reads.values()) % len(self.VERBS)]
                part = self.read(verb, run, sum(reads.values()))
                reads[verb[0]] += 1
                parts += [part] if part is not None else []
            self.assertEqual(first, slow.execute(
                "SELECT count(*) FROM attempt").fetchone())
        said = process.communicate()[1].decode()
        self.assertEqual(process.returncode, 0, said)
        self.assertNotRegex(said, "busy|locked")
        print(f"\nreads beside the writer: {dict(reads)}", flush=True)
        self.assertGreaterEqual(len(reads), 4)
        whole = self.export_bytes(run).decode()
        for part in parts:
            self.assertTrue(whole.startswith(part), "rounds appear in order")
        usual = self.dir / "usual"
        self.run_advisor("run", killing.EXPERIMENT, "-o", usual, "-q", "--set",
                         "ahead=1", "--set", "rounds=5", env=server.env())
        self.assertEqual(self.export_bytes(usual).decode(), whole)


if __name__ == "__main__":
    unittest.main()
