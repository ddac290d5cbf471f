"""What the parts of the circle share: places, failures, files that are whole."""

import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
ADVISOR = Path(os.environ.get("ADVISOR", str(ROOT / "build" / "advisor")))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "data-advisor"
CATQA, XSTEST = "catqa_english.jsonl", "xstest_prompts.csv"


class Failed(Exception):
    """The world's failure, in one sentence with its remedy."""


def say(words):
    print(f"circle: {words}", flush=True)


def write(path, content):
    """Writes a file that is there as a whole, or as it was."""
    partial = path.with_suffix(".partial")
    partial.write_text(content, encoding="utf-8")
    os.replace(partial, path)


def read_json(path, default):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default
