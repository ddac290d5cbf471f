"""Makes one operation after the other fail and judges what is left each time."""

import collections
import hashlib
import json
import random
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import scenarios
from scenarios import RUN, killing, support

# As in shim/plan.h.
KINDS = ("malloc", "lua", "sqlite", "open", "read", "write", "sync",
         "truncate", "move", "map", "change")
MEMORY = KINDS[:3]

# The ways in which an operation of a kind fails. One refusal is no failure for
# Lua, which collects garbage and asks again.
WAYS = {
    "malloc": ("once", "on"),
    "lua": ("once", "twice", "on"),
    "sqlite": ("once", "on"),
    "open": ("EIO", "EMFILE", "EMFILE:on"),
    "read": ("EIO", "EINTR", "short", "EIO:on"),
    "write": ("EIO", "ENOSPC", "EINTR", "short", "ENOSPC:on"),
    "sync": ("EIO", "EIO:on"),
    "truncate": ("EIO", "ENOSPC"),
    "move": ("EIO", "ENOSPC:on"),
    "map": ("ENOMEM",),
    "change": ("kill", "killed", "torn"),
}

# What no user may see: the program's own insides, or a sanitizer's report.
INSIDES = (b"fault in the program", b"stack traceback", b"Sanitizer",
           b"runtime error:", b"Assertion", b"PANIC")


class Counters:
    """What the shim counted."""

    def __init__(self, path):
        numbers = struct.unpack(f"<{len(KINDS) + 1}Q",
                                path.read_bytes()[:8 * (len(KINDS) + 1)])
        self.seen = dict(zip(KINDS, numbers))
        self.failed = numbers[-1]


def tree(folder):
    """The files below a folder with their bytes' hashes, or of one file."""
    found = [folder] if folder.is_file() else sorted(
        p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)):
            hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


class Point:
    """One operation of a scenario that fails in one way."""

    def __init__(self, scenario, kind, n, way):
        self.scenario, self.kind, self.n, self.way = scenario, kind, n, way
        self.came = False  # Whether there was such an operation.
        self.code = None
        self.problems = []
        self.said = b""

    @property
    def fail(self):
        return f"{self.kind}:{self.n}:{self.way}"

    def __str__(self):
        return f"{self.scenario.name} {self.fail}"


def gave_up(done):
    """Whether a library ended the process, as it does without memory.

    lua-cjson says so; libuv calls abort(), and the shim says from where.
    """
    if done.returncode == -6:
        frames = re.findall(rb"^(\S+?)\(.*\) ?\[0x", done.stderr, re.M)
        above = [x for x in frames if b"libtorture" not in x and b"/libc.so" not in x]
        return bool(above) and b"libuv.so" in above[0] and b"Assertion" not in done.stderr
    return done.returncode == 255 and b"Out of memory" in done.stderr


class Bench:
    """Where points of one scenario are tried; one for each thread."""

    def __init__(self, campaign, scenario):
        self.campaign, self.scenario = campaign, scenario
        self.program = campaign.program
        self.server, self.env, self.read = None, {}, 0
        if scenario.network:
            self.server = support.Server(
                "--script", scenarios.HERE / "faults.py", "--retry-after",
                "0.02", "--latency-ms", "1")
            self.env = self.server.env()

    def close(self):
        if self.server:
            self.server.stop()

    def command(self, command, work, fail=None, **more):
        return self.program.run(command, work, fail, self.env, **more)

    def requests(self):
        """The bodies that the server read since the last call."""
        with open(self.server.log_path, "rb") as f:
            f.seek(self.read)
            data = f.read()
        self.read += len(data)
        found = (json.loads(x) for x in data.splitlines())
        return collections.Counter(killing.same(x["body"]) for x in found
                                   if "hash" in x)

    def outcome(self, work):
        """The bytes that the scenario is to end with."""
        if self.scenario.makes:
            done = self.command(["export", RUN, "--format", "jsonl"], work)
            if done.returncode:
                raise RuntimeError(done.stderr.decode())
            return done.stdout
        return {name: tree(work / name) for name in self.scenario.outputs}

    # --- one point ----------------------------------------------------------

    def attempt(self, point, work):
        """Runs the scenario with its failure and judges all that follows."""
        if self.server:
            self.server.reset()
        self.scenario.begin(work)
        source = None if self.scenario.makes else tree(work / RUN)
        counters = work.parent / "counters"
        try:
            done = self.command(self.scenario.command, work, point.fail,
                                ADVISOR_TORTURE=counters)
        except subprocess.TimeoutExpired:
            point.problems.append("it hangs")
            return
        point.came = Counters(counters).failed > 0
        point.code, point.said = done.returncode, done.stderr
        self.judge_end(point, done)
        if self.scenario.makes:
            self.judge_run(point, work)
        else:
            self.judge_reading(point, done, work, source)

    def judge_end(self, point, done):
        killed = point.kind == "change" and point.came
        if killed:
            if done.returncode != -9:
                point.problems.append(f"it ended with {done.returncode}")
            return
        if done.returncode not in (0, 1) and not gave_up(done):
            point.problems.append(f"it ended with {done.returncode}")
        for word in INSIDES:
            if word in done.stderr + done.stdout:
                point.problems.append(f"it says '{word.decode()}'")
        if done.returncode and not (done.stderr + done.stdout).strip():
            point.problems.append("it says nothing")

    def check(self, point, what, done, code=0):
        if done.returncode != code:
            point.problems.append(
                f"{what} afterwards: exit {done.returncode}: "
                f"{(done.stdout + done.stderr).decode(errors='replace')}")
        return done.returncode == code

    def judge_run(self, point, work):
        """The run is sound and goes on to what it would have been."""
        before = None
        if (work / RUN / "run.db").exists():
            before = killing.Journal(work / RUN)
            if before.integrity != "ok":
                point.problems.append(f"integrity: {before.integrity}")
        if before and before.facts:
            self.check(point, "doctor", self.command(["doctor", RUN], work))
            if self.server:
                self.judge_requests(point, before)
        done = self.command(self.scenario.again(work), work)
        if not self.check(point, "going on", done):
            return
        self.check(point, "doctor", self.command(["doctor", RUN], work))
        if self.outcome(work) != self.campaign.expected(self.scenario, self):
            point.problems.append("the bytes are others")
        after = killing.Journal(work / RUN)
        if before and any(after.replies.get(i) != reply
                          for i, reply in before.replies.items()):
            point.problems.append("a reply is lost")
        if self.server:
            self.judge_requests(point, after)

    def judge_requests(self, point, journal):
        """Nothing was sent that the journal does not hold."""
        self.received = self.received + self.requests() \
            if hasattr(self, "received") else self.requests()
        held = collections.Counter(killing.same(json.loads(sent))
                                   for _, _, sent in journal.attempts.values())
        if self.received - held:
            point.problems.append("a request is not in the journal")

    def judge_reading(self, point, done, work, source):
        """The run is as it was; what is made is whole, or is not there."""
        kept = {name: hash_ for name, hash_ in tree(work / RUN).items()
                if name in source}
        changed = [name for name in source if kept.get(name) != source[name]
                   and not name.startswith(("run.db-", "report"))]
        if changed:
            point.problems.append(f"changed: {', '.join(changed)}")
        usual = self.campaign.expected(self.scenario, self)
        made = self.outcome(work)
        part = {name: files for name, files in made.items() if files}
        if (done.returncode == 0 and not point.kind == "change"
                and made != usual):
            point.problems.append("it says that all is well, and it is not")
        if done.returncode and any(usual[name] != files
                                   for name, files in part.items()):
            point.problems.append("a part of what it makes is to be seen")
        # A kill leaves a part beside its place, which the next one names.
        left = [n + ".partial" for n in self.scenario.outputs
                if point.kind == "change" and (work / (n + ".partial")).exists()]
        for name in [*self.scenario.outputs, *left]:
            path = work / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(True)
        again = self.command(self.scenario.command, work)
        if self.check(point, "once more", again) and \
                self.outcome(work) != usual:
            point.problems.append("once more, it makes something else")

    def try_point(self, point):
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            self.received = collections.Counter()
            if self.server:
                self.requests()
            try:
                self.attempt(point, Path(folder) / "work")
            except Exception as e:  # What cannot be judged is not well.
                point.problems.append(f"{type(e).__name__}: {e}")
        return point


class Campaign:
    def __init__(self, program, folder, jobs=1):
        self.program, self.folder, self.jobs = program, Path(folder), jobs
        self.usual, self.lock = {}, threading.Lock()

    def expected(self, scenario, bench):
        """What the scenario ends with if nothing fails."""
        with self.lock:
            if scenario.name not in self.usual:
                self.measure(scenario, bench)
            return self.usual[scenario.name][0]

    def counted(self, scenario):
        """How many operations of each kind the scenario has."""
        return self.usual[scenario.name][1]

    def measure(self, scenario, bench):
        self.program.prepare(scenario, self.folder / f"{scenario.name}-base")
        folder = self.folder / f"{scenario.name}-usual"
        work, counters = folder / "work", folder / "counters"
        if bench.server:
            bench.server.reset()
        scenario.begin(work)
        done = bench.command(scenario.command, work, ADVISOR_TORTURE=counters,
                             ADVISOR_SITES=folder / "sites")
        if done.returncode:
            raise RuntimeError(f"{scenario.name}: {done.stderr.decode()}")
        seen = Counters(counters).seen
        sites = collections.defaultdict(list)
        data = (folder / "sites").read_bytes()
        for kind, n in struct.iter_unpack("<2Q", data):
            sites[KINDS[kind]].append(n)
        self.usual[scenario.name] = bench.outcome(work), seen, sites

    def sites(self, scenario, kind):
        """One operation from each place in the code that has any."""
        return self.usual[scenario.name][2][kind]

    def try_all(self, points, each=lambda point: None):
        """Tries the points of one scenario; calls `each` with every one."""
        points = list(points)
        benches = [Bench(self, points[0].scenario)
                   for _ in range(min(self.jobs, len(points)))] \
            if points else []
        try:
            if benches:
                self.expected(points[0].scenario, benches[0])
            waiting, free = iter(points), threading.Lock()

            def work(bench):
                while True:
                    with free:
                        point = next(waiting, None)
                    if point is None:
                        return
                    bench.try_point(point)
                    with free:
                        each(point)
            with ThreadPoolExecutor(max(1, len(benches))) as pool:
                for done in [pool.submit(work, b) for b in benches]:
                    done.result()
        finally:
            for bench in benches:
                bench.close()
        return points


def points_of(tried, scenario, kind, ways=None, every=False):
    """The points of one kind, in each of its ways of failing."""
    numbers = range(1, tried.counted(scenario)[kind] + 1)
    if kind in MEMORY and not every:
        # What comes first from a place comes early; so some of all moments too.
        numbers = sorted({*tried.sites(scenario, kind),
                          *numbers[::len(numbers) // 400 + 1]})
    return [Point(scenario, kind, n, way) for way in WAYS[kind]
            if not ways or way in ways for n in numbers]


def table(tried, options):
    """Tries what is asked for and prints a line for each pair."""
    failures = 0
    known = scenarios.every()
    for name in options.scenario or known:
        scenario = known[name]
        bench = Bench(tried, scenario)
        tried.expected(scenario, bench)
        bench.close()
        points = [p for kind in options.kind or KINDS
                  for p in points_of(tried, scenario, kind, options.way,
                                     options.every)]
        if options.sample:
            draw = random.Random(f"{options.seed} {name}")
            points = draw.sample(points, min(options.sample, len(points)))
        failures += pair(tried, points)
    return failures > 0


def pair(tried, points):
    count, bad, start = collections.Counter(), collections.Counter(), \
        time.monotonic()

    def each(point):
        key = point.kind, point.way
        count[key] += point.came
        if point.problems:
            bad[key] += 1
            print(f"{point}: exit {point.code}: "
                  f"{'; '.join(point.problems)[:600]}\n"
                  f"    {point.said.decode(errors='replace')[-300:]!r}",
                  flush=True)
    tried.try_all(points, each)
    for key in count:
        print(f"{points[0].scenario.name:12}{':'.join(key):20}"
              f"{count[key]:6} points, {bad[key]} failures", flush=True)
    print(f"{points[0].scenario.name:12}{time.monotonic() - start:.0f} s",
          flush=True)
    return sum(bad.values())
