"""What is tortured: small uses of the program, each the same every time.

A scenario is a command in a folder of its own. `make` scenarios write a run,
which must go on to the same bytes whatever happened; `read` scenarios read one,
which must stay as it is, and say the same when asked again.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import killing  # noqa: E402
import support  # noqa: E402

RUN = "run"  # The run's folder, in the folder in which the command works.


class Scenario:
    """A command, and how to get to where it begins."""

    network = False  # Whether it asks scripts/server.
    makes = True
    outputs = ()  # What a `read` scenario writes.

    def __init__(self, name, *command, **more):
        self.name, self.command = name, list(map(str, command))
        self.base = None  # A folder to begin with, copied for each point.
        for key, value in more.items():
            setattr(self, key, value)

    def begin(self, work):
        """Makes the folder in which the command works."""
        if self.base:
            shutil.copytree(self.base, work)
        else:
            work.mkdir(parents=True)
        (work / "tmp").mkdir(exist_ok=True)

    def again(self, work):
        """The command that goes on after the failure."""
        db = work / RUN / "run.db"
        if self.makes and db.exists() and killing.Journal(work / RUN).facts:
            return ["resume", RUN, "-q"]
        return self.command


def _run(experiment, *more):
    return ["run", HERE / experiment, "-o", RUN, "-q", *more]


def every():
    """The scenarios by name."""
    simulated, asked = _run("simulated.lua"), _run("asked.lua")
    return {s.name: s for s in (
        Scenario("run", *simulated),
        Scenario("http", *asked, network=True),
        Scenario("resume", "resume", RUN, "-q", prepare=(
            (simulated, "change:110:kill"),)),
        Scenario("replay", "replay", RUN, makes=False, prepare=(
            (simulated, None),)),
        Scenario("export_hf", "export", RUN, "--format", "hf", "--rows",
                 "jsonl", "-o", "dataset", makes=False,
                 outputs=("dataset",), prepare=(
                     (simulated, None),)),
        Scenario("export_csv", "export", RUN, "--format", "csv", "-o",
                 "items.csv", makes=False, outputs=("items.csv",), prepare=(
                     (simulated, None),)),
        Scenario("report", "report", RUN, makes=False, prepare=(
            (simulated, None),)),
        Scenario("doctor", "doctor", RUN, makes=False, prepare=(
            (simulated, None),)),
    )}


class Program:
    """The program under torture, and what makes its operations fail."""

    def __init__(self, advisor, shim, sanitized=False):
        self.advisor, self.shim = str(advisor), str(shim)
        self.sanitized = sanitized

    def run(self, command, work, fail=None, env=None, **more):
        """Runs a command in `work`; returns a CompletedProcess of bytes.

        `more` are variables of the shim, such as ADVISOR_TORTURE.
        """
        settings = support.environment(env)
        settings.update(LD_PRELOAD=self.shim, TMPDIR=str(work / "tmp"),
                        ASAN_OPTIONS="verify_asan_link_order=0:"
                        "allocator_may_return_null=1:detect_leaks=1",
                        LSAN_OPTIONS="print_suppressions=0:suppressions="
                        f"{HERE / 'leaks.supp'}",
                        UBSAN_OPTIONS="print_stacktrace=1",
                        **{k: str(v) for k, v in more.items()})
        if fail:
            settings["ADVISOR_FAIL"] = fail
        return subprocess.run(
            [self.advisor, *map(str, command)], cwd=work, env=settings,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120)

    def prepare(self, scenario, folder):
        """Makes the folder that a scenario begins with."""
        steps = getattr(scenario, "prepare", ())
        if not steps:
            return
        scenario.base = folder
        (folder / "tmp").mkdir(parents=True)
        for command, fail in steps:
            done = self.run(command, folder, fail)
            if done.returncode != (-9 if fail else 0):
                raise RuntimeError(f"{scenario.name} cannot be prepared: "
                                   f"{done.stderr.decode()}")
