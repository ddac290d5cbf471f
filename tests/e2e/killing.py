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
    def __init__(self, case, seed=None, experiment=EXPERIMENT,
                 roles=("default",)):
        self.case, self.experiment, self.roles = case, experiment, roles
        self.seed = seed or int(os.environ.get("ADVISOR_KILL_SEED", 0)) \
            or random.SystemRandom().randrange(1, 10**9)
        self.random = random.Random(self.seed)
        self.references = {}
        self.count = collections.Counter()
        self.runs = 0

    # The figures

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
            LATENCY_MS, "--jitter", "--seed", self.random.randrange(10**9),
            *more)

    def settings(self, concurrency, ahead):
        slots = [x for role in self.roles for x in
                 ("--set", f"models.{role}.concurrency={concurrency}")]
        return [*slots, "--set", f"ahead={ahead}", "--set", "policy.retry_unknown=9"]

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
        after = self.random.uniform(0, LATENCY_MS / 1000)
        tail.look()
        if kind < 0.15:  # Any time, the start of the process included.
            until, after = (lambda: True), self.random.uniform(0, 0.5)
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
        self.count["replies"] += len(known)
        lost = journal.open()
        interrupted |= lost
        self.count["kills"] += 1
        self.count["in flight"] += bool(lost)
        self.count["again"] += any(journal.attempts[i][1] > 1 for i in lost)
        if journal.facts:
            shown = support.status(run)
            case.assertEqual(shown["unknown_attempts"],
                             len(journal.unknown()))
            case.assertEqual(shown["state"], "stopped")
        return journal.replies

    def run(self, concurrency, ahead, kills):
        """Runs an experiment to its end through so many kills."""
        case = self.case
        self.runs += 1
        run = case.dir / f"run-{self.runs}"
        options = self.settings(concurrency, ahead)
        known, interrupted, done = {}, set(), 0
        with self.server() as server:
            tail = Tail(server.log_path)
            while done < kills:
                process = self.start(run, server, options)
                alive = self.moment(process, tail, 30 if concurrency > 1
                                    else 12)
                if alive and (run / "run.db").exists():
                    with contextlib.suppress(sqlite3.OperationalError):
                        known = {**known, **Journal(run, opened).replies}
                code = support.kill(process)
                if code != -9:
                    case.assertEqual(code, 0, self.output(run))
                    break
                done += 1
                if (run / "run.db").exists():
                    known = self.check_kill(run, known, interrupted)
                else:
                    self.count["kills"] += 1
            else:
                process = self.start(run, server, options)
                case.assertEqual(process.wait(timeout=120), 0,
                                 self.output(run))
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
        self.count["requests"] += len(log)
        self.count["attempts"] += len(journal.attempts)
        self.count["twice"] += sum(n > 1 for n in received.values())
        self.count["interrupted"] += sum(
            row[1] == "interrupted" for row in journal.outcomes.values())
