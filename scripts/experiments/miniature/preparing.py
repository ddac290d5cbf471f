"""What is done before the first hour's work: settings, packages, models, room."""

import csv
import fcntl
import json
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from common import ADVISOR, CACHE, CATQA, HERE, ROOT, XSTEST, Failed, read_json, say, write
from processes import run

VENV = CACHE / "miniature"
STUDENT = "smollm2-135m"

# Bytes that the packages and the models take up in the cache, and a circle in its folder.
ROOM = {"packages": 3_500_000_000, "models": 2_500_000_000, "circle": 500_000_000}


def field_of(path, suite, *names):
    """The field of a suite's file that holds the questions."""
    if not path.is_file():
        raise Failed(f"--suites: {path} is missing; {ROOT / 'scripts' / 'suites' / suite}.lua says where it is from")
    with open(path, encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            fields = next(csv.reader(file), [])
        else:
            try:
                fields = json.loads(file.readline())
            except ValueError as problem:
                raise Failed(f"--suites: {path}:1: is no JSON: {problem}") from None
    for name in names:
        if name in fields:
            return name
    raise Failed(f"--suites: {path}: has no field {' or '.join(names)}")


def check(opts):
    """What would fail later is told now."""
    if not ADVISOR.is_file():
        raise Failed(f"{ADVISOR} is missing: build it (scripts/install), or name another one in $ADVISOR")
    for name in ("rounds", "limit", "iterations", "epochs"):
        if getattr(opts, name) < 1:
            raise Failed(f"--{name}: a whole number from 1 is expected")
    if opts.student and not Path(opts.student).is_file():
        raise Failed(f"--student: {opts.student} is no file; a GGUF file is expected")
    field_of(opts.suites / CATQA, "catqa", "Category")
    opts.catqa_field = field_of(opts.suites / CATQA, "catqa", "prompt", "Question")
    opts.xstest_field = field_of(opts.suites / XSTEST, "xstest", "prompt")


def keep_settings(opts):
    """One circle has one budget: its folder says what it was begun with."""
    names = ("rounds", "limit", "epochs", "seed", "curator", "suites", "student")
    given = {name: str(getattr(opts, name)) for name in names}
    path = opts.output / "circle.json"
    known = read_json(path, given)
    for name in names:
        if known.get(name) != given[name]:
            raise Failed(f"{opts.output} was begun with --{name} {known.get(name)}, not {given[name]}: "
                         "give the same, or another folder (-o)")
    write(path, json.dumps(given))


def alone(opts):
    """Two circles in one folder would tune and serve twice; the file is held to the end."""
    opts.output.mkdir(parents=True, exist_ok=True)
    held = open(opts.output / "circle.lock", "w", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failed(f"another circle is at work in {opts.output}") from None
    return held


def room(folder, what):
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < ROOM[what]:
        raise Failed(f"{folder}: {free / 1e9:.1f} GB are free, and the {what} may need {ROOM[what] / 1e9:.1f} GB")


def packages(opts):
    """A Python with the packages for tuning; they are installed once."""
    if opts.python:
        return opts.python
    python, mark, wanted = VENV / "bin" / "python", VENV / "ready", (HERE / "requirements.txt").read_text()
    if mark.exists() and mark.read_text() == wanted:
        return python
    room(CACHE, "packages")
    say(f"installing the packages for tuning into {VENV}, 1.5 GB")
    try:
        run([sys.executable, "-m", "venv", VENV])
        run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"])
    except Failed as problem:
        raise Failed(f"{problem}: the packages for tuning are not there (is there a network? is python3-venv "
                     "installed?); the same command tries again, --python names one that has them") from None
    write(mark, wanted)
    return python


def fetched(name):
    """The file of a model."""
    if not (CACHE / "models" / f"{name}.gguf").exists():
        room(CACHE, "models")
    try:
        return run([ROOT / "scripts" / "model", "fetch", name]).strip().splitlines()[-1]
    except Failed as problem:
        raise Failed(f"{problem}: the model {name} could not be had (is there a network?)") from None


def reached(url):
    """A server that answers anything at all is there."""
    try:
        urllib.request.urlopen(f"{url.rstrip('/')}/models", timeout=30).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError) as problem:
        raise Failed(f"--curator-url {url}: {getattr(problem, 'reason', problem)}") from None


def prepare(opts):
    """All that is fetched is fetched before the first hour's work."""
    if opts.curator_url:
        reached(opts.curator_url)
    opts.python = packages(opts)
    opts.base = opts.student or fetched(STUDENT)
    if not opts.curator_url:
        fetched(opts.curator)
    room(opts.output, "circle")
