#!/usr/bin/env python3
"""Signals: Ctrl-C up to three times, SIGTERM and SIGHUP, a stop, storms of
alarms, readers that hang up; and a second process on the same run."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

import support

EXPERIMENT = support.ROOT / "tests" / "e2e" / "nested.lua"
# Ahead, so that several calls are in flight at any time.
OPTIONS = ["--set", "rounds=2", "--set", "ahead=1"]


class InterruptTest(support.Case):
    @classmethod
    def setUpClass(cls):
        """What the data set is if nobody interrupts."""
        super().setUpClass()
        with tempfile.TemporaryDirectory() as folder:
            with support.Server() as server:
                support.run_advisor("run", EXPERIMENT, "-o", folder + "/run",
                                    *OPTIONS, env=server.env())
            cls.usual = support.export_bytes(folder + "/run")

    def begin(self, server, *args):
        args = args or ("run", EXPERIMENT, "-o", self.dir / "run", *OPTIONS)
        return self.start_advisor(*args, env=server.env(),
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)

    def wait(self, process, timeout=30):
        """Returns the exit status and what was said."""
        said = process.communicate(timeout=timeout)[1].decode()
        return process.returncode, said

    def finish(self):
        """Resumes the run with a server that is quick."""
        run = self.dir / "run"
        with support.Server() as server:
            # The endpoint belongs to the run, so the quick server takes the
            # place of the slow one.
            self.move(run, server)
            self.run_advisor("resume", run, env=server.env())
        self.assertEqual(self.status(run)["state"], "done")
        self.assertEqual(self.export_bytes(run), self.usual)
        self.assertIntact(run)

    def move(self, run, server):
        with contextlib.closing(sqlite3.connect(run / "run.db")) as db, db:
            text, = db.execute("SELECT value FROM run WHERE key = 'resolved'"
                               ).fetchone()
            resolved = json.loads(text)
            resolved["models"]["default"]["urls"] = [server.url]
            db.execute("UPDATE run SET value = ? WHERE key = 'resolved'",
                       (json.dumps(resolved),))

    def check_once(self, number):
        server = self.server("--latency-ms", "1500")
        process = self.begin(server)
        server.wait_for(3)
        process.send_signal(number)
        code, said = self.wait(process)
        self.assertEqual(code, 130, said)
        self.assertIn("once more cancels", said)
        self.assertIn(f"advisor resume {self.dir / 'run'}", said)
        self.assertNotIn("Traceback", said)
        status = self.status(self.dir / "run")
        self.assertEqual(status["state"], "stopped")
        self.assertEqual(status["unknown_attempts"], 0)
        # All that was in flight was answered and is on disk, and nothing else
        # was sent.
        stats = server.stats()
        self.assertEqual(stats["requests"], status["attempts"])
        self.assertEqual(stats["answered"], stats["requests"])
        rows = self.query(self.dir / "run", "SELECT state, http FROM reply")
        self.assertEqual(rows, [("done", 200)] * status["attempts"])
        self.finish()

    def test_ctrl_c_finishes_what_is_in_flight(self):
        self.check_once(signal.SIGINT)

    def test_sigterm_finishes_what_is_in_flight(self):
        self.check_once(signal.SIGTERM)

    def test_a_terminal_that_is_closed_finishes_what_is_in_flight(self):
        self.check_once(signal.SIGHUP)

    def test_ctrl_c_while_a_call_waits_to_be_sent_again(self):
        server = self.server("--faults", "429:1", "--retry-after", "60")
        process = self.begin(server)
        server.wait_for(3)
        while not self.query(self.dir / "run", "SELECT 1 FROM reply"):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        # The server asked for a minute of patience.
        code, said = self.wait(process)
        self.assertEqual(code, 130, said)
        self.finish()

    def cancel(self, server, *args):
        """Ctrl-C twice with calls in flight; returns the seconds it took."""
        before = server.stats()["requests"]
        process = self.begin(server, *args)
        server.wait_for(before + 3)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        while b"once more" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        # Replies would take a minute.
        code, said = self.wait(process)
        seconds = time.monotonic() - start
        self.assertEqual(code, 130, said)
        self.assertIn("canceling", said)
        status = self.status(self.dir / "run")
        self.assertEqual(status["state"], "stopped")
        self.assertEqual(status["unknown_attempts"],
                         server.stats()["requests"])
        return seconds

    def test_ctrl_c_twice_cancels(self):
        server = self.server("--latency-ms", "60000")
        seconds = self.cancel(server)
        print(f"\ncanceled in {seconds:.2f} s", flush=True)
        self.assertLess(seconds, 10)
        self.finish()

    def test_ctrl_c_three_times_ends_at_once(self):
        server = self.server("--latency-ms", "60000")
        process = self.begin(server)
        server.wait_for(3)
        for words in (b"once more", b"canceling"):
            process.send_signal(signal.SIGINT)
            while words not in process.stderr.readline():
                self.assertIsNone(process.poll())
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        code, _ = self.wait(process, timeout=60)
        self.assertEqual(code, 130)
        self.assertEqual(support.integrity(self.dir / "run"), "ok")
        self.finish()

    def done(self, process):
        """The run ends as if nothing had been."""
        code, said = self.wait(process, timeout=120)
        self.assertEqual(code, 0, said)
        self.assertNotRegex(said, "traceback|fault in the program|[Ii]nterrupted")
        self.assertEqual(self.export_bytes(self.dir / "run"), self.usual)
        status = self.status(self.dir / "run")
        self.assertEqual((status["state"], status["unknown_attempts"]),
                         ("done", 0))

    def test_a_process_that_is_stopped_for_a_while(self):
        server = self.server("--latency-ms", "50")
        process = self.begin(server)
        for n in (3, 10, 20):
            server.wait_for(n)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            process.send_signal(signal.SIGCONT)
        self.done(process)

    def test_an_alarm_each_millisecond(self):
        library = self.dir / "alarms.so"
        source = support.ROOT / "tests" / "support" / "alarms.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source],
                       check=True)
        server = self.server("--latency-ms", "10")
        self.done(self.start_advisor(
            "run", EXPERIMENT, "-o", self.dir / "run", *OPTIONS,
            env={**server.env(), "LD_PRELOAD": str(library)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))

    def test_readers_that_hang_up(self):
        """Nobody reads what it prints, and the kernel says so."""
        server = self.server("--latency-ms", "10")
        nobody, out = os.pipe()
        process = self.start_advisor(
            "run", EXPERIMENT, "-o", self.dir / "run", "--json", *OPTIONS,
            env=server.env(), stdout=out, stderr=subprocess.PIPE)
        os.close(nobody)
        os.close(out)
        server.wait_for(3)
        process.send_signal(signal.SIGPIPE)
        self.done(process)

    def test_calls_that_the_user_canceled_are_not_counted_as_failed(self):
        server = self.server("--latency-ms", "60000")
        self.cancel(server)
        for _ in range(3):
            self.cancel(server, "resume", self.dir / "run")
        self.finish()

    def test_a_second_process_is_refused_by_name(self):
        server = self.server("--latency-ms", "60000")
        process = self.begin(server)
        server.wait_for(1)
        for args in (("resume", self.dir / "run"),
                     ("run", EXPERIMENT, "-o", self.dir / "run")):
            done = self.run_advisor(*args, env=server.env(), expect=1)
            if args[0] == "resume":
                self.assertIn(f"process {process.pid}", done.stderr)
        self.assertEqual(self.status(self.dir / "run")["state"], "running")
        support.kill(process)
        self.assertEqual(self.status(self.dir / "run")["state"], "stopped")


if __name__ == "__main__":
    unittest.main()
