#!/usr/bin/env python3
"""Run folders that are damaged, foreign, or not what they seem.

40 places at random, of which damaged_long_test.py has 1,000; and each oddity
by name.
"""

import contextlib
import os
import shutil
import socket
import sqlite3
import tempfile
import unittest
from pathlib import Path

import damage
import killing
import support



class DamagedCase(support.Case):
    @classmethod
    def setUpClass(cls):
        """A run that was killed: half of it is in the log beside run.db."""
        super().setUpClass()
        server = support.Server("--latency-ms", "5")
        cls.addClassCleanup(server.stop)
        cls.env = server.env()
        folder = Path(tempfile.mkdtemp(prefix="advisor-test-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.done, cls.killed = folder / "done", folder / "killed"
        cls.run_advisor("run", killing.EXPERIMENT, "-o", cls.done, "-q",
                        "--set", "rounds=2", env=cls.env)
        before = server.stats()["requests"]
        process = support.start_advisor(
            "run", killing.EXPERIMENT, "-o", cls.killed, "-q", env=cls.env)
        try:
            server.wait_for(before + 40)
        finally:
            support.kill(process)


class PlacesTest(DamagedCase):
    PLACES = 40
    ASKED = 2  # How many verbs are asked about each: they take turns.

    def test_places_at_random(self):
        campaigns = [damage.Campaign(self, run, self.env, seed) for run, seed
                     in ((self.done, 1), (self.killed, 2))]
        verbs = sorted(damage.READING)
        try:
            for n in range(self.PLACES):
                chosen = [verbs[(n * self.ASKED + k) % len(verbs)]
                          for k in range(self.ASKED)]
                campaigns[n % 2].round(chosen)
        finally:
            for name, campaign in zip(("done", "killed"), campaigns):
                print(f"\n{name}: {campaign}", flush=True)
        for campaign in campaigns:
            count = campaign.count
            self.assertGreater(count["replies salvaged"],
                               0.5 * count["replies that were there"])


class OddityTest(DamagedCase):
    """Each verb on a folder that is odd in one way."""

    def odd(self, name, run=None):
        folder = self.dir / name
        shutil.copytree(run or self.done, folder)
        self.damaged.add(folder)
        return folder

    def each(self, folder, *patterns, but=("salvage",), expect=1):
        """Asks each verb; all but some say the patterns and end with 1."""
        campaign = damage.Campaign(self, self.done, self.env, 0)
        for verb in damage.READING:
            with self.subTest(verb):
                done = campaign.ask(verb, folder, folder.name)
                if verb not in but:
                    self.assertEqual(done.returncode, expect, done.stderr)
                    for pattern in patterns:
                        self.assertRegex(done.stdout + done.stderr, pattern)

    def sql(self, folder, text):
        with contextlib.closing(sqlite3.connect(folder / "run.db")) as db:
            db.execute(text)
            db.commit()

    def test_a_database_of_another_program(self):
        folder = self.dir / "foreign"
        folder.mkdir(mode=0o700)
        self.damaged.add(folder)
        self.sql(folder, "CREATE TABLE bookmarks (url TEXT)")
        self.each(folder, "belongs to another program")

    def test_a_wrong_application_id(self):
        folder = self.odd("id")
        self.sql(folder, "PRAGMA application_id = 7")
        self.each(folder, "belongs to another program .*0x00000007")

    def test_a_newer_and_an_older_format(self):
        for version, words in ((999, "use a newer version"),
                               (0, "use the version that made it")):
            folder = self.odd(f"format-{version}")
            self.sql(folder, f"PRAGMA user_version = {version}")
            self.each(folder, f"has format {version}, ", words)

    def test_a_folder_in_the_place_of_the_file(self):
        folder = self.odd("folder")
        for name in ("run.db", "run.db-wal", "run.db-shm"):
            (folder / name).unlink(missing_ok=True)
        (folder / "run.db").mkdir()
        self.each(folder, str(folder), but=())

    def test_no_file_at_all(self):
        folder = self.dir / "empty"
        folder.mkdir(mode=0o700)
        self.each(folder, str(folder), but=())
        self.each(self.dir / "nowhere", "nowhere", but=())
        self.each(self.write("plain.txt", "no folder"), "plain.txt", but=())

    def test_an_empty_file(self):
        folder = self.odd("nothing")
        (folder / "run.db").write_bytes(b"")
        self.each(folder, str(folder))

    def test_symbolic_links(self):
        folder = self.odd("linked")
        real = self.dir / "real.db"
        (folder / "run.db").rename(real)
        (folder / "run.db").symlink_to(real)
        before = real.read_bytes()
        campaign = damage.Campaign(self, self.done, self.env, 0)
        for verb in damage.READING:
            campaign.ask(verb, folder, "a link to a run.db")
        self.assertEqual(real.read_bytes(), before)
        done = self.run_advisor("doctor", folder, expect=1)
        self.assertIn("run.db is a symbolic link", done.stdout)
        (folder / "run.db").unlink()
        (folder / "run.db").symlink_to(self.dir / "nothing.db")
        self.each(folder, str(folder), but=())
        self.assertFalse((self.dir / "nothing.db").exists())
        (folder / "run.db").unlink()
        (folder / "run.db").symlink_to("run.db")
        self.each(folder, str(folder), but=())

    def test_a_socket_and_a_pipe_in_the_place_of_the_file(self):
        for kind in ("pipe", "socket"):
            folder = self.odd(kind)
            path = folder / "run.db"
            path.unlink()
            if kind == "pipe":
                os.mkfifo(path)
            else:
                with socket.socket(socket.AF_UNIX) as s:
                    s.bind(os.path.relpath(path))
            for verb in damage.READING:
                with self.subTest(kind, verb=verb):
                    done = self.run_advisor(
                        verb, folder, *[x.format(out=self.dir / "x") for x in
                                        damage.READING[verb]],
                        env=self.env, expect=1, timeout=60)
                    self.assertNotRegex(done.stderr, "traceback|fault in the")

    def test_a_log_of_another_run(self):
        folder = self.odd("mixed")
        shutil.copy(self.killed / "run.db-wal", folder / "run.db-wal")
        campaign = damage.Campaign(self, self.done, self.env, 0)
        for verb in damage.READING:
            campaign.ask(verb, folder, "a log of another run")


if __name__ == "__main__":
    unittest.main()
