"""Damages copies of a run folder in every way that a disk, a copy or a hand may,
and asks each verb that opens a run what it makes of them.

What must hold: words and no crash, whatever the bytes are; verbs that read
leave each file as it was; what `salvage` gives is what had been there.
"""

import collections
import json
import os
import random
import shutil
import sqlite3

import support

PAGE = 4096
# Verbs that only read, with what they need beside the folder; {out} is a new
# path for each use.
READING = {
    "status": (), "export": ("--format", "jsonl"), "doctor": (),
    "report": ("--open", "no", "-o", "{out}"), "compare": (),
    "replay": (), "salvage": ("-o", "{out}", "--json"),
    "fork": ("--round", "1", "-o", "{out}"),
    "merge": ("-o", "{out}"), "resume": (),
}
WRITING = {"resume"}
# Beside run.db, SQLite itself makes and changes these at reading.
SHARED = ("-shm",)


def flip(rng, data):
    """Some bytes are others."""
    for _ in range(rng.choice((1, 3, 30, 300))):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)


def flip_one_page(rng, data):
    """A page holds nonsense: mostly the first ones, which all depends on."""
    pages = max(1, len(data) // PAGE)
    page = rng.choice((0, 1, rng.randrange(pages)))
    page = min(page, pages - 1)
    data[page * PAGE:(page + 1) * PAGE] = rng.randbytes(
        len(data[page * PAGE:(page + 1) * PAGE]))


def cut(rng, data):
    """The end is missing."""
    del data[rng.randrange(len(data) + 1):]


def blank(rng, data):
    """A stretch was never written."""
    if data:
        at = rng.randrange(len(data))
        length = min(rng.choice((1, 512, PAGE, 10 * PAGE)), len(data) - at)
        data[at:at + length] = bytes(length)


def head(rng, data):
    """A field of the header is another."""
    for _ in range(rng.choice((1, 2, 8))):
        if len(data) > 100:
            data[rng.randrange(100)] = rng.choice((0, 1, 255,
                                                   rng.randrange(256)))


def twice(rng, data):
    """A piece lies where another one belongs."""
    if len(data) > 2 * PAGE:
        a, b = (rng.randrange(len(data) // PAGE) * PAGE for _ in range(2))
        data[a:a + PAGE] = data[b:b + PAGE]


CHANGES = (flip, flip_one_page, cut, blank, head, twice)


def files(folder):
    """What is in a folder, byte for byte, save what SQLite keeps to itself."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if name.endswith(SHARED) or os.path.islink(path):
                continue
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = f.read()
    # Without a log beside it, SQLite may make an empty one.
    if not found.get("run.db-wal", b"x"):
        del found["run.db-wal"]
    return found


class Campaign:
    """Damages copies of `run`, whose database has a log beside it if it was
    killed, and counts what each verb did with them."""

    def __init__(self, case, run, env, seed):
        self.case, self.whole, self.env = case, run, env
        self.random = random.Random(seed)
        self.count = collections.Counter()
        self.n = 0
        self.verbs = sorted(READING)
        _, items, replies, _ = self.salvage(run)
        self.items, self.replies = items, replies

    def copy(self):
        self.n += 1
        folder = self.case.dir / f"damaged-{self.n}"
        shutil.copytree(self.whole, folder, symlinks=True)
        self.case.damaged.add(folder)
        return folder

    def damage(self, folder):
        """Changes a file of the database; returns what was done, in words."""
        name = self.random.choice(("run.db", "run.db", "run.db-wal"))
        path = folder / name
        if not path.exists():
            path = folder / "run.db"
        how = self.random.choice(CHANGES)
        data = bytearray(path.read_bytes())
        how(self.random, data)
        path.write_bytes(data)
        if self.random.random() < 0.5:
            (folder / "run.db-shm").unlink(missing_ok=True)
        return f"{path.name}: {how.__doc__}"

    def ask(self, verb, folder, what):
        """Asks one verb; returns the process's end."""
        out = self.case.dir / f"out-{self.n}-{verb}"
        args = [x.format(out=out) for x in READING[verb]]
        before = files(folder)
        done = self.case.run_advisor(verb, folder, *args, env=self.env,
                                     expect=None, timeout=120)
        words = (verb, what, done.returncode, done.stderr[-2000:])
        self.case.assertIn(done.returncode, (0, 1), words)
        said = done.stdout + done.stderr
        self.case.assertNotRegex(done.stderr, "traceback|fault in the program|"
                                 r"\.lua:\d+:|runtime error|Sanitizer", words)
        self.case.assertRegex(said if done.returncode else "all well",
                              r"\w+ \w+|\{", words)
        if verb not in WRITING:
            self.case.assertEqual(files(folder), before, words)
        self.count[f"{verb} {'reads' if done.returncode == 0 else 'refuses'}"
                   ] += 1
        shutil.rmtree(out, ignore_errors=True)
        return done

    def salvage(self, folder):
        """What can be read: the end, items, replies as text by number, and
        which of these SQLite would not take."""
        out = self.case.dir / "salvaged"
        done = self.case.run_advisor("salvage", folder, "-o", out, "--force",
                                     "--json", env=self.env, expect=None)
        items, replies, unconfirmed = collections.Counter(), {}, set()
        if done.returncode == 0:
            items.update((out / "items.jsonl").read_bytes().splitlines())
            for line in (out / "replies.jsonl").read_bytes().splitlines():
                row = json.loads(line)
                replies[row["id"]] = row["raw"]
                if row.get("unconfirmed"):
                    unconfirmed.add(row["id"])
            result = json.loads(done.stdout)
            self.case.assertEqual(result["replies"]["unconfirmed"],
                                  len(unconfirmed))
        shutil.rmtree(out, ignore_errors=True)
        return done, items, replies, unconfirmed

    def check_salvage(self, folder, what):
        """Salvages; returns the replies that SQLite would take too, and the
        others."""
        case = self.case
        done, _, replies, unconfirmed = self.salvage(folder)
        case.assertIn(done.returncode, (0, 1), (what, done.stderr))
        case.assertNotRegex(done.stderr, "traceback|fault in the program")
        # A byte of a text may be another one without anybody being able to
        # tell: `flip` does that to as many rows as it changes bytes.
        wrong = sum(replies[i] != self.replies.get(i) for i in replies)
        self.count["replies salvaged"] += len(replies)
        self.count["replies that were there"] += len(self.replies)
        self.count["replies with other bytes"] += wrong
        self.count["replies that only a damaged log has"] += len(unconfirmed)
        return ({i: raw for i, raw in replies.items() if i not in unconfirmed},
                {i: replies[i] for i in unconfirmed})

    def round(self, verbs):
        """Damages a copy and asks some verbs about it."""
        folder = self.copy()
        what = self.damage(folder)
        with self.case.subTest(self.n, what=what):
            readable = self.readable(folder)
            confirmed, others = self.check_salvage(folder, what)
            # Where SQLite can open the file, all that it gives is given. Of a
            # damaged log nothing else is without a word; in a damaged file
            # there may be pages that nothing leads to any more, and
            # integrity_check says nothing of these beside a view.
            if readable is not None:
                if not what.startswith("run.db-wal"):
                    confirmed = {i: confirmed.get(i) for i in readable}
                self.case.assertEqual(confirmed, readable, what)
                self.count["files that SQLite reads"] += 1
                self.count["replies that SQLite reads"] += len(readable)
            # Whatever else is given is what somebody paid for.
            self.case.assertLessEqual(set(others), set(self.replies), what)
            for verb in verbs:
                self.ask(verb, folder, what)
        shutil.rmtree(folder)

    def readable(self, folder):
        """The replies that SQLite itself finds in a copy of a sound file;
        None where the file is not."""
        copy = self.case.dir / "readable"
        copy.mkdir()
        for name in ("run.db", "run.db-wal"):
            if (folder / name).exists():
                shutil.copy(folder / name, copy)
        found = None
        try:
            db = sqlite3.connect(copy / "run.db")
            try:
                sound = db.execute("PRAGMA integrity_check").fetchone()
                if sound == ("ok",):
                    found = {i: raw.decode() for i, raw in db.execute(
                        "SELECT attempt, raw FROM reply WHERE raw IS NOT NULL")}
            finally:
                db.close()
        except (sqlite3.Error, UnicodeDecodeError):
            pass
        finally:
            shutil.rmtree(copy)
        return found

    def __str__(self):
        lines = [f"{self.n} damaged folders"]
        lines += [f"  {n:>7}  {what}" for what, n in sorted(
            self.count.items())]
        return "\n".join(lines)
