"""The steps of the circle: curate, tune, evaluate, and what to aim at next."""

import json
import os
import shutil
import time
from contextlib import contextmanager

from common import ADVISOR, CATQA, HERE, ROOT, XSTEST, Failed, read_json, say, write
from processes import run, served

# Both arms: small batches, short safe replies, and nothing that the suites ask.
COMMON = [
    "per_round=12", "ahead=1", "models.default.concurrency=4",
    'pipeline.respond=["safe_reply", {"style": "constructive", "max_tokens": 64}]',
    'pipeline.filter=["exact_duplicate", "decontaminate"]',
    "models.default.max_tokens=60",
]


class Arm:
    """A model that is evaluated, and what it learned from."""

    def __init__(self, opts, name, iteration):
        self.name, self.iteration, self.folder = name, iteration, opts.output / name
        self.evaluation, self.dataset = self.folder / "evaluation", self.folder / "data"
        self.adapter = self.folder / "adapter"
        self.scores, self.data, self.tuning, self.seconds = [], None, {}, {}
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def compared(self):
        """The run that stands for the arm in a comparison."""
        return self.dataset if self.data else self.evaluation

    def log(self, step):
        return self.folder / f"{step}.log"

    @contextmanager
    def timed(self, step):
        """Adds up the seconds that a step took, also of one that is interrupted."""
        began = time.monotonic()
        try:
            yield
        finally:
            path = self.folder / "seconds.json"
            seconds = read_json(path, {})
            seconds[step] = round(seconds.get(step, 0) + time.monotonic() - began, 1)
            write(path, json.dumps(seconds))
        say(f"{self.name}: {step} took {seconds[step]:.0f} s")

    def gather(self):
        """What the record says of the arm."""
        self.scores = status(self.evaluation)["scores"]
        if self.dataset.exists():
            self.data = status(self.dataset)
        self.tuning = read_json(self.adapter / "tuning.json", {})
        self.seconds = read_json(self.folder / "seconds.json", {})


def status(folder):
    return json.loads(run([ADVISOR, "status", folder, "--json"]))


def state(folder):
    """Where a run stands; None where it has not begun, or ended before it did: then it has no name yet."""
    if not (folder / "run.db").exists():
        return None
    found = status(folder)
    return found["state"] if "name" in found else None


def go(folder, role, url, begin, log, env=None):
    """Begins a run, or goes on with it; the server has a new port each time."""
    command = [ADVISOR, *begin, "-o", folder, "-q"]
    if state(folder):
        command = [ADVISOR, "resume", folder, "-q", "--set", f"models.{role}.url={url}"]
    try:
        run(command, log, env)
    except Failed:
        # Why a run is paused is in its record; other faults are in what was said.
        if state(folder) != "paused":
            raise
    found = status(folder)
    if found["state"] != "done":
        raise Failed(f"{folder} is {found['state']}: {found['why']}; the same command goes on (more in {log})")


@contextmanager
def curator(opts, arm):
    """Where the curator is served, and what the program has to know of it."""
    if opts.curator_url:
        yield opts.curator_url, {"OPENAI_BASE_URL": opts.curator_url, "ADVISOR_MODEL": opts.curator}
        return
    command = [ROOT / "scripts" / "model", "serve", opts.curator, "--parallel", "4"]
    with served(command, arm.log("curator")) as url:
        yield url, {"OPENAI_BASE_URL": url, "ADVISOR_MODEL": opts.curator, "OPENAI_API_KEY": ""}


def curate(opts, arm, preset, more):
    """The arm's data set, and the pairs of it that may be learned."""
    if state(arm.dataset) != "done":
        given = [*COMMON, *more, f"rounds={opts.rounds}", f"seed={opts.seed}", f"name={arm.name}",
                 f"references.catqa.file={opts.suites / CATQA}", f"references.catqa.field={opts.catqa_field}",
                 f"references.xstest.file={opts.suites / XSTEST}", f"references.xstest.field={opts.xstest_field}"]
        begin = ["run", ROOT / "scripts" / "experiments" / f"{preset}.lua"]
        begin += [x for each in given for x in ("--set", each)]
        with arm.timed("curate"), curator(opts, arm) as (url, env):
            go(arm.dataset, "default", url, begin, arm.log("curate"), env)
    data = arm.folder / "train.jsonl"
    if not data.exists():
        if not status(arm.dataset)["responses"].get("safe"):
            raise Failed(f"{arm.name}: no reply is known to be safe, so there is nothing to learn; more --rounds, or "
                         "another --curator, in another folder (-o)")
        run([ADVISOR, "export", arm.dataset, "--format", "messages", "-o", data], arm.log("curate"))
    return data


def tune(opts, arm, data):
    """The arm's adapter: it gets its name when it is whole."""
    if arm.adapter.exists():
        return
    partial = arm.folder / "adapter.partial"
    shutil.rmtree(partial, ignore_errors=True)
    with arm.timed("tune"):
        printed = run([opts.python, HERE / "tune.py", "--base", opts.base, "--data", data, "--out", partial,
                       "--epochs", opts.epochs, "--seed", opts.seed], arm.log("tune"))
    (partial / "tuning.json").write_text(printed.strip().splitlines()[-1])
    os.replace(partial, arm.adapter)


def evaluate(opts, arm):
    """The arm's model on both suites; a run of its own."""
    if state(arm.evaluation) == "done":
        return
    adapter = ["--adapter", arm.adapter] if arm.adapter.exists() else []
    begin = ["eval", "--model", "miniature", "--suite", "catqa", "xstest", "--data", opts.suites, "--limit",
             opts.limit]
    for setting in ("models.target.stream=false", "models.target.concurrency=8", f"seed={opts.seed}",
                    "pipeline.respond.suites.catqa.max_tokens=64", "pipeline.respond.suites.xstest.max_tokens=64"):
        begin += ["--set", setting]
    if adapter:
        begin += ["--for", arm.dataset]
    server = [opts.python, HERE / "serve.py", "--base", opts.base, *adapter]
    with arm.timed("evaluate"), served(server, arm.log("serve")) as url:
        go(arm.evaluation, "target", url, [*begin, "--url", url], arm.log("evaluate"), {"OPENAI_API_KEY": ""})


def categories(opts):
    with open(opts.suites / CATQA, encoding="utf-8") as rows:
        return list(dict.fromkeys(json.loads(row)["Category"] for row in rows if row.strip()))


def targets(opts, arm):
    """The share of each category in what Data Advisor is to cover next.

    It goes by the questions of the category that the arm's model failed on, and
    a tenth for each, so that none is given up. A category without a judged
    reply fails as all of them do.
    """
    score = next(s for s in status(arm.evaluation)["scores"] if s["suite"] == "catqa")
    known = {c["category"]: c["share"] for c in score["categories"]}
    usual = score["share"] if score["share"] is not None else 0
    weights = {}
    for name in categories(opts):
        share = known.get(name)
        weights[name] = 1.1 - (usual if share is None else share)
    total = sum(weights.values())
    # Cut and not rounded: shares that add up to more than 1 are refused.
    return {name: int(10000 * weight / total) / 10000 for name, weight in weights.items()}


def advised_by(opts, arm):
    return ["coverage.taxonomy=" + json.dumps(categories(opts)), "coverage.targets=" + json.dumps(targets(opts, arm)),
            "pipeline.advise=weighted_gaps"]
