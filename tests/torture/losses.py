"""Runs a scenario once, pulls the plug at random moments, and judges the rest."""

import random
import tempfile
from pathlib import Path

import campaign
import power
from scenarios import RUN, killing, support

TABLES = ("run", "attempt", "reply", "outcome", "round", "item", "vector",
          "response")


def rows(run):
    """All rows of a run by table, as the program would read them."""
    with killing.copied(run) as db:
        return {table: set(map(repr, db.execute(f"SELECT * FROM {table}")))
                for table in TABLES}


class Plug:
    """A scenario that was traced; `lose` pulls the plug of it."""

    def __init__(self, tried, scenario, folder):
        self.tried, self.scenario, self.folder = tried, scenario, Path(folder)
        self.bench = campaign.Bench(tried, scenario)
        tried.expected(scenario, self.bench)
        self.work = self.folder / "work"
        scenario.begin(self.work)
        trace = self.folder / "trace"
        done = self.bench.command(scenario.command, self.work,
                                  ADVISOR_TRACE=trace)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        self.events = power.read_trace(trace)
        self.commits = power.commits(self.events)
        self.known = {}

    def close(self):
        self.bench.close()

    def disk(self, moment, synced=True):
        return power.Disk(self.work).replay(self.events[:moment], synced)

    def check_trace(self):
        """The trace tells all: replayed in full, it gives what is there."""
        files, _ = self.disk(len(self.events)).as_seen()
        return {path: bytes(data) for path, data in files.items()} == {
            str(p.relative_to(self.work)): p.read_bytes()
            for p in self.work.rglob("*") if p.is_file()}

    def acknowledged(self, moment):
        """The rows that the program knew to be on disk."""
        heard = [i for i in self.commits if i < moment]
        if not heard:
            return None
        if heard[-1] not in self.known:
            with tempfile.TemporaryDirectory() as folder:
                power.lay_out(self.disk(heard[-1] + 1).as_seen(),
                              Path(folder))
                self.known[heard[-1]] = rows(Path(folder) / RUN)
        return self.known[heard[-1]]

    def image(self, seed, synced=True):
        """A moment, and what a loss of power then leaves."""
        draw = random.Random(f"{self.scenario.name} {seed}")
        moment = draw.randint(0, len(self.events))
        return moment, self.disk(moment, synced).after_loss(draw)

    def missing(self, moment, work):
        """Acknowledged rows that are not there, by table."""
        known = self.acknowledged(moment)
        if known is None:
            return {}
        if not (work / RUN / "run.db").exists():
            return {"run.db": 1}
        # A fact may have another value by then; its key is there.
        known = {**known, "run": set()}
        try:
            found = rows(work / RUN)
        except Exception as e:
            return {f"{type(e).__name__}: {e}": 1}
        return {table: len(known[table] - found[table]) for table in TABLES
                if known[table] - found[table]}

    def lose(self, seed):
        """Judges one loss; returns a point with its problems."""
        point = campaign.Point(self.scenario, "power", seed, "lost")
        moment, image = self.image(seed)
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            work = Path(folder) / "work"
            (work / "tmp").mkdir(parents=True)
            power.lay_out(image, work)
            missing = self.missing(moment, work)
            if missing:
                point.problems.append(f"lost at {moment}: {missing}")
            try:
                self.bench.judge_run(point, work)
            except Exception as e:
                point.problems.append(f"at {moment}: {type(e).__name__}: {e}")
        return point

    def loses_without_syncs(self, seed):
        """Whether rows are lost on a disk that does not do what syncs ask."""
        moment, image = self.image(seed, synced=False)
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            power.lay_out(image, Path(folder))
            return bool(self.missing(moment, Path(folder)))
