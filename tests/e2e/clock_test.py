#!/usr/bin/env python3
"""A clock that is wrong, stands still, or jumps in the middle of a run.

libfaketime lies about the wall clock to the program alone. How long it waited
is read from the server's record of arrivals, whose clock is right.
"""

import glob
import os
import subprocess
import time
import unittest

import killing
import support

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")

# Each request of the first round's is refused once. What the server says of
# the time comes from its own clock, which is off by so many seconds.
REFUSES = """
import email.utils
import time
SKEW, WAIT = {skew}, {wait}
def reply(body, prompt, attempt):
    if attempt > 1 or "input" in body:
        return None
    now = int(time.time()) + SKEW
    return {{"fault": "429", "headers": {{
        "date": email.utils.formatdate(now, usegmt=True),
        "retry-after": email.utils.formatdate(now + WAIT, usegmt=True)}}}}
"""
DAY = 86400
OPTIONS = ("-q", "--set", "rounds=1")


@unittest.skipUnless(FAKETIME, "libfaketime is missing, which scripts/install "
                     "--tests installs")
class ClockTest(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual = None

    def setUp(self):
        super().setUp()
        self.run_folder = self.dir / "run"
        self.clock = self.write("clock", "+0")

    def faked(self, server, **more):
        """The environment of a program whose clock `self.clock` sets."""
        # libfaketime and jemalloc wait for each other, so that the C
        # library's allocator takes the place of the latter.
        return {**server.env(), "LD_PRELOAD": FAKETIME[0] + ":libc.so.6",
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1", **more}

    def wall(self):
        return [row[0] for row in self.query(
            self.run_folder, "SELECT wall_ms FROM attempt ORDER BY id")]

    def curate(self, server, settings, after=8, **more):
        """Runs with the clock of `settings`: the second one later on.

        Returns the times of the attempts, as the program saw them.
        """
        self.clock.write_text(settings[0])
        process = self.start_advisor(
            "run", killing.EXPERIMENT, "-o", self.run_folder, *OPTIONS,
            env=self.faked(server, **more), stderr=subprocess.PIPE)
        for setting in settings[1:]:
            server.wait_for(after)
            new = self.write("clock.new", setting)
            os.replace(new, self.clock)
        said = process.communicate(timeout=200)[1].decode()
        self.assertEqual(process.returncode, 0, said)
        self.assertNotRegex(said, "traceback|fault in the program")
        self.check_readers()
        return self.wall()

    def check_readers(self):
        """The record is as that of a run with a good clock, for all readers."""
        if self.usual is None:
            usual = self.dir / "usual"
            with support.Server() as server:
                self.run_advisor("run", killing.EXPERIMENT, "-o", usual,
                                 *OPTIONS, env=server.env())
            type(self).usual = self.export_bytes(usual)
        self.assertEqual(self.export_bytes(self.run_folder), self.usual)
        for verb in (("report", "--open", "no"), ("replay",)):
            self.run_advisor(verb[0], self.run_folder, *verb[1:])

    def test_a_day_behind(self):
        server = self.server()
        wall = self.curate(server, ("-1d",))
        self.assertLess(max(wall) / 1000, time.time() - DAY + 1)

    def test_a_jump_of_a_day_ahead_and_of_a_day_back(self):
        server = self.server("--latency-ms", "20")
        wall = self.curate(server, ("+0", "+1d"))
        self.assertGreater(wall[-1] - wall[0], 0.9 * DAY * 1000)
        self.run_folder = self.dir / "back"
        server.reset()
        wall = self.curate(server, ("+1d", "-1d"))
        self.assertLess(wall[-1] - wall[0], -1.9 * DAY * 1000)
        self.assertNotEqual(wall, sorted(wall), "rows are in order of their "
                            "number, whatever the clock says")

    def test_a_clock_that_stands_still(self):
        server = self.server("--faults", "429:9", "--retry-after", "0.2")
        wall = self.curate(server, ("2031-07-01 12:00:00",))
        self.assertEqual(len(set(wall)), 1)

    def test_the_hour_that_comes_twice(self):
        server = self.server("--latency-ms", "20")
        # Summer time ends at 03:00 in Berlin.
        wall = self.curate(server, ("@2026-10-25 02:59:59",
                                    "@2026-10-25 02:00:01"),
                           TZ="Europe/Berlin")
        self.assertGreater(len(set(wall)), 1)

    def test_a_clock_before_all_certificates(self):
        server = self.server()
        self.clock.write_text("@2001-01-01 00:00:00")
        done = self.run_advisor(
            "run", killing.EXPERIMENT, "-o", self.run_folder, *OPTIONS,
            env=self.faked(server), expect=None)
        self.assertIn("the clock says 200", done.stderr)
        self.assertNotRegex(done.stderr, "traceback|fault in the program")

    def check_waits(self, server, wait):
        """Each request that was refused came again after what was asked."""
        arrivals = {}
        for entry in server.log():
            arrivals.setdefault(killing.same(entry["body"]), []).append(
                entry["time"])
        self.assertGreater(len(arrivals), 15)
        for times in arrivals.values():
            self.assertEqual(len(times), 2)
            # Dates are whole seconds, of which the first was begun already.
            self.assertGreaterEqual(times[1] - times[0], wait - 0.01)
        # Refused and paused for good would be the ends of a wrong sum.
        status = self.status(self.run_folder)
        self.assertEqual((status["state"], status["unknown_attempts"]),
                         ("done", 0))

    def test_dates_of_servers_with_other_clocks(self):
        """A date is held against the server's own, not against ours."""
        wait = 1
        for skew, ours in ((DAY, "+0"), (-DAY, "+1d")):
            with self.subTest(skew=skew, ours=ours):
                self.run_folder = self.dir / f"run{skew}"
                script = self.write("refuses.py", REFUSES.format(
                    skew=skew, wait=wait))
                server = self.server("--script", script)
                self.curate(server, (ours,))
                self.check_waits(server, wait)


if __name__ == "__main__":
    unittest.main()
