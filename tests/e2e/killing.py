"""Kills a run at random moments and checks what is left each time.

What must hold (RELIABILITY): nothing that was on disk is lost, a call is sent
again only if it was in flight at a kill or failed in a way that is recorded,
nothing is sent that the journal does not hold, and the data set is that of a
run that nobody killed.
"""

import collections
import contextlib
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time

import support

HERE = support.ROOT / "tests" / "e2e"
EXPERIMENT = HERE / "nested.lua"
LATENCY_MS = 40
RETRIED = {"busy", "server", "unknown"}


def same(body):
    """A request's body, whatever the order of its fields."""
    return json.dumps(body, sort_keys=True)


@contextlib.contextmanager
def opened(run):
    """The database of a run that is being written: a reader of its own."""
    uri = (run / "run.db").as_uri() + "?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
        yield db


@contextlib.contextmanager
def copied(run):
    """A copy of the database that a killed process left, log included.

    So nothing that the test does repairs what the program is to find.
    """
    with tempfile.TemporaryDirectory(prefix="advisor-copy-") as folder:
        for name in ("run.db", "run.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(run / name, folder)
        with contextlib.closing(sqlite3.connect(folder + "/run.db")) as db:
            yield db


class Journal:
    """What run.db holds at one moment."""

    def __init__(self, run, reader=copied):
        with reader(run) as db:
            self.integrity = "not asked"
            if reader is copied:
                self.integrity, = db.execute("PRAGMA integrity_check"
                                             ).fetchone()
            db.execute("BEGIN")
            self.attempts = {
                row[0]: row[1:] for row in db.execute(
                    "SELECT id, round || '/' || stage || '/' || lane || '/' "
                    "|| ordinal, n, sent FROM attempt ORDER BY id")}
            self.replies = {row[0]: row[1:] for row in db.execute(
                "SELECT attempt, state, http, curl, raw FROM reply")}
            self.outcomes = {row[0]: row[1:] for row in db.execute(
                "SELECT attempt, class, reason, final FROM outcome")}
            self.facts = dict(db.execute("SELECT key, value FROM run"))

    def open(self):
        return self.attempts.keys() - self.replies.keys()

    def unknown(self):
        """Attempts of which nobody knows whether they were paid."""
        known = {i for i, row in self.replies.items() if row[0] != "unknown"
                 and self.outcomes.get(i, ("",))[0] != "unknown"}
        return self.attempts.keys() - known

    def by_call(self):
        calls = collections.defaultdict(list)
        for i, (key, n, _) in self.attempts.items():
            calls[key].append((n, i))
        return {key: [i for _, i in sorted(list_)]
                for key, list_ in calls.items()}


class Tail:
    """Counts the requests in the server's log as they come."""

    def __init__(self, path):
        self.path, self.at = path, 0
        self.requests = self.again = 0

    def look(self):
        if not self.path.exists():
            return
        with open(self.path, "rb") as f:
            f.seek(self.at)
            data = f.read()
        data = data[:data.rfind(b"\n") + 1]
        self.at += len(data)
        for line in data.splitlines():
            self.requests += 1
            self.again += json.loads(line)["attempt"] > 1


class Campaign:
    """Kills of runs of one experiment; counts what it saw by concurrency.

    `roles` are those whose concurrency is set; `more` goes to every `run`.
    """

    def __init__(self, case, seed=None, experiment=EXPERIMENT,
                 roles=("default",), more=(), latency_ms=LATENCY_MS):
        self.case, self.experiment, self.roles = case, experiment, roles
        self.more, self.latency_ms = more, latency_ms
        self.seed = seed or int(os.environ.get("ADVISOR_KILL_SEED", 0)) \
            or random.SystemRandom().randrange(1, 10**9)
        self.random = random.Random(self.seed)
        self.references = {}
        self.cells = collections.defaultdict(collections.Counter)
        self.cell = self.cells[0]
        self.runs = 0

    # The figures

    @property
    def count(self):
        """All that was counted, whatever the concurrency."""
        return sum(self.cells.values(), collections.Counter())

    def table(self, name):
        """A line for each concurrency, with a headline."""
        columns = ("kills", "runs", "early", "late", "in flight", "again",
                   "interrupted", "requests", "attempts", "replies")
        lines = [f"{name} (seed {self.seed})",
                 " ".join(f"{x:>11}" for x in ("concurrency", *columns))]
        for concurrency, cell in sorted(self.cells.items()):
            if cell:
                lines.append(" ".join(f"{x:>11}" for x in (
                    concurrency, *(cell[x] for x in columns))))
        return "\n".join(lines)

    def __str__(self):
        c = self.count
        share = 100 * c["in flight"] / max(1, c["kills"])
        return (f"{c['kills']} kills in {self.runs} runs (seed {self.seed}), "
                f"{share:.0f} % with a call in flight, {c['again']} with a "
                f"call in flight that was being sent again; "
                f"{c['interrupted']} attempts interrupted, "
                f"{c['twice']} bodies received more than once, "
                f"{c['requests']} requests received, {c['attempts']} attempts "
                f"in the journals, {c['replies']} replies compared")

    # One run

    def server(self, *more):
        return support.Server(
            "--script", HERE / "faulty.py", "--duplicate-rate", 0.15,
            "--short-rate", 0.1, "--retry-after", 0.05, "--latency-ms",
            self.latency_ms, "--jitter", "--seed", self.random.randrange(10**9),
            *more)

    def settings(self, concurrency, ahead):
        slots = [x for role in self.roles for x in
                 ("--set", f"models.{role}.concurrency={concurrency}")]
        return [*slots, "--set", f"ahead={ahead}", "--set",
                "policy.retry_unknown=9", *self.more]

    def reference(self, ahead):
        """The export and the status of a run that nobody kills."""
        if ahead not in self.references:
            run = self.case.dir / f"reference-{ahead}"
            with self.server() as server:
                support.run_advisor("run", self.experiment, "-o", run,
                                    *self.settings(16, ahead),
                                    env=server.env())
            self.references[ahead] = (support.export_bytes(run),
                                      support.status(run))
        return self.references[ahead]

    def moment(self, process, tail, wide):
        """Waits for a random moment; false if the process ended before."""
        kind = self.random.random()
        after = self.random.uniform(0, self.latency_ms / 1000)
        tail.look()
        if kind < 0.15:  # Any time, the start of the process included.
            until = (lambda: True)
            after = self.random.uniform(0, self.random.choice((0.1, 0.5)))
            self.cell["early"] += 1
        elif kind < 0.4:  # While something is sent again.
            n = tail.again
            until = (lambda: tail.again > n)
        else:
            n = tail.requests + self.random.randint(1, wide)
            until = (lambda: tail.requests >= n)
        deadline = time.monotonic() + 60
        while not until():
            if process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                raise TimeoutError("the run makes no requests")
            time.sleep(0.002)
            tail.look()
        time.sleep(after)
        return process.poll() is None

    def last_moment(self, process, run):
        """Waits until the data set is complete; false if the process ended.

        What is left then: the facts of the end, the closing of the files.
        """
        while process.poll() is None:
            with contextlib.suppress(sqlite3.Error), opened(run) as db:
                if db.execute("SELECT 1 FROM run WHERE key = 'state' AND "
                              "value = 'done'").fetchone():
                    time.sleep(self.random.uniform(0, 0.01))
                    break
            time.sleep(0.001)
        return process.poll() is None

    def start(self, run, server, options):
        # A run that was killed before it was on disk begins again.
        args = ["run", self.experiment, "-o", run, *options]
        if (run / "run.db").exists() and Journal(run).facts:
            args = ["resume", run]
        with open(run.parent / (run.name + ".out"), "ab") as out:
            return self.case.start_advisor(*args, env=server.env(),
                                           stdout=out, stderr=out)

    def check_kill(self, run, known, interrupted):
        """Checks what a kill left; returns the replies that are on disk."""
        case = self.case
        journal = Journal(run)
        case.assertEqual(journal.integrity, "ok")
        for i, reply in known.items():
            case.assertEqual(journal.replies.get(i), reply,
                             f"the reply of attempt {i} was on disk")
        self.cell["replies"] += len(known)
        lost = journal.open()
        interrupted |= lost
        self.cell["kills"] += 1
        self.cell["in flight"] += bool(lost)
        self.cell["again"] += any(journal.attempts[i][1] > 1 for i in lost)
        if journal.facts:
            shown = support.status(run)
            case.assertEqual(shown["unknown_attempts"],
                             len(journal.unknown()))
            case.assertEqual(shown["state"], "done" if
                             journal.facts["state"] == "done" else "stopped")
        return journal.replies

    def kill(self, process, run, alive, known, interrupted):
        """Kills a process, if it is alive; returns the replies on disk.

        None: the process had come to its end.
        """
        if alive and (run / "run.db").exists():
            with contextlib.suppress(sqlite3.OperationalError):
                known = {**known, **Journal(run, opened).replies}
        code = support.kill(process)
        if code != -9:
            self.case.assertEqual(code, 0, self.output(run))
            return None
        if (run / "run.db").exists():
            return self.check_kill(run, known, interrupted)
        self.cell["kills"] += 1
        return known

    def run(self, concurrency, ahead, kills, wide=None):
        """Runs an experiment to its end through so many kills, or fewer.

        `wide` is the most requests between two kills. The last kill comes
        when nothing is left but to close the run.
        """
        case = self.case
        self.runs += 1
        self.cell = self.cells[concurrency]
        self.cell["runs"] += 1
        run = case.dir / f"run-{self.runs}"
        options = self.settings(concurrency, ahead)
        wide = wide or (30 if concurrency > 1 else 12)
        known, interrupted, left = {}, set(), kills
        with self.server() as server:
            tail = Tail(server.log_path)
            while left > 0:
                process = self.start(run, server, options)
                left -= 1
                alive = (self.moment(process, tail, wide) if left else
                         self.last_moment(process, run))
                found = self.kill(process, run, alive, known, interrupted)
                if found is None:
                    break
                self.cell["late"] += not left
                known = found
            process = self.start(run, server, options)
            case.assertEqual(process.wait(timeout=300), 0, self.output(run))
            self.check_end(run, server, ahead, known, interrupted)

    def output(self, run):
        return (run.parent / (run.name + ".out")).read_text()[-3000:]

    def check_end(self, run, server, ahead, known, interrupted):
        case = self.case
        export, usual = self.reference(ahead)
        case.assertIntact(run)
        case.assertEqual(support.export_bytes(run), export)
        journal, shown = Journal(run), support.status(run)
        for field in ("state", "digest", "tokens", "rounds", "dropped",
                      "variants", "responses", "coverage"):
            case.assertEqual(shown[field], usual[field], field)
        case.assertEqual(shown["unknown_attempts"], len(journal.unknown()))
        case.assertEqual(shown["attempts"], len(journal.attempts))
        for i, reply in known.items():
            case.assertEqual(journal.replies.get(i), reply)
        case.assertEqual(journal.replies.keys(), journal.attempts.keys())
        case.assertEqual(journal.outcomes.keys(), journal.attempts.keys(),
                         "an attempt without an outcome")
        case.assertEqual({i for i, row in journal.outcomes.items()
                          if row[1] == "interrupted"}, interrupted)
        self.check_calls(journal, interrupted)
        self.check_requests(journal, server.log())

    def check_calls(self, journal, interrupted):
        """A call is repeated only after a failure that is recorded."""
        for key, attempts in journal.by_call().items():
            for i in attempts[:-1]:
                self.case.assertTrue(
                    i in interrupted or journal.outcomes[i][0] in RETRIED,
                    f"{key}: sent again after {journal.outcomes[i]}")
            self.case.assertEqual(journal.outcomes[attempts[-1]][0], "ok")

    def check_requests(self, journal, log):
        """The server saw nothing that the journal does not hold."""
        recorded = collections.Counter()
        calls = collections.defaultdict(set)
        for key, _, sent in journal.attempts.values():
            body = same(json.loads(sent))
            recorded[body] += 1
            calls[body].add(key)
        received = collections.Counter(same(x["body"]) for x in log)
        for body, n in received.items():
            self.case.assertLessEqual(n, recorded[body], body)
            # Texts may be embedded by several rounds in flight; all other
            # bodies hold a seed of their own.
            if "input" not in json.loads(body):
                self.case.assertEqual(len(calls[body]), 1, body)
        self.cell["requests"] += len(log)
        self.cell["attempts"] += len(journal.attempts)
        self.cell["twice"] += sum(n > 1 for n in received.values())
        self.cell["interrupted"] += sum(
            row[1] == "interrupted" for row in journal.outcomes.values())
