"""Texts to measure duplicate engines with: real ones, or made-up ones."""

import random
import re
import subprocess
import sys
import sysconfig


class Failed(Exception):
    """Something that is measured could not be built or run."""


def run(*command):
    """What a command prints; raises Failed where it fails."""
    done = subprocess.run([str(x) for x in command], capture_output=True,
                          text=True)
    if done.returncode:
        raise Failed(f"{command[0]} failed: "
                     f"{(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def lines_of(path):
    with open(path, encoding="ascii") as f:
        return f.read().splitlines()


def plain(line):
    """A text of ASCII letters and digits, whose normal form all agree on."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", line.lower()).split())


def real_corpus(peers, folder, count):
    """Short real texts with planted copies, by the references' gen.py."""
    path = folder / "real.txt"
    if path.exists() and sum(1 for _ in open(path, "rb")) >= count:
        return path
    raw = folder / "raw.txt"
    seeds = peers.parent / "data" / "self_instruct_seed_tasks.jsonl"
    run(sys.executable, peers / "dedup" / "gen.py", count, raw,
        folder / "plants.tsv", "/usr/share/man", "/usr/share/doc",
        sysconfig.get_path("stdlib"), *([seeds] if seeds.exists() else []))
    with open(raw, encoding="utf-8", errors="ignore") as source, \
            open(path, "w", encoding="ascii") as target:
        for line in source:
            target.write(plain(line) + "\n")
    raw.unlink()
    return path


def edited(words, vocabulary, draw):
    """A copy with some of its words exchanged, left out or added."""
    words = list(words)
    for _ in range(max(1, round(len(words) * draw.choice((.03, .06, .1, .2))))):
        at = draw.randrange(len(words))
        what = draw.choice(("exchange", "leave out", "add"))
        if what == "leave out" and len(words) > 8:
            del words[at]
        elif what == "add":
            words.insert(at, draw.choice(vocabulary))
        else:
            words[at] = draw.choice(vocabulary)
    return words


def made_corpus(folder, count):
    """Made-up texts, a fifth of them copies: (path, { line: its source })."""
    draw = random.Random(20261124)
    parts = [c + v for c in "bdfghklmnprstvwz" for v in "aeiou"]
    vocabulary = sorted({"".join(draw.choices(parts, k=draw.randint(1, 4)))
                         for _ in range(30000)})
    draw.shuffle(vocabulary)
    sums, total = [], 0.0
    for rank in range(len(vocabulary)):
        total += 1 / (rank + 10)
        sums.append(total)
    lines, sources = [], {}
    for i in range(count):
        if i > 100 and draw.random() < 0.2:
            sources[i] = draw.randrange(i)
            words = edited(lines[sources[i]], vocabulary, draw)
        else:
            words = draw.choices(vocabulary, cum_weights=sums,
                                 k=draw.randint(8, 30))
        lines.append(words)
    path = folder / "made.txt"
    path.write_text("".join(" ".join(x) + "\n" for x in lines), "ascii")
    return path, sources


def grams(text):
    return {text[i:i + 5] for i in range(max(1, len(text) - 4))}


def jaccard(a, b):
    a, b = grams(a), grams(b)
    return len(a & b) / len(a | b)


def pairs_in(path):
    with open(path, encoding="ascii") as f:
        return [(int(i), int(j)) for i, j, _ in map(str.split, f)]
