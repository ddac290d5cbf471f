"""Duplicate engines beside their references, for scripts/bench --only dedup.

Recall and precision of MinHash are by exact Jaccard over character 5-grams:
the truth is the references' exact join, or, without them, the copies that the
corpus was planted with. ROUGE-L is compared with a scan of the whole pool,
cosine with a plain scan in double precision.
"""

import filecmp
import os
import re
import statistics
import sys
from pathlib import Path

from texts import (Failed, jaccard, lines_of, made_corpus, pairs_in,
                   real_corpus, run)

ROOT = Path(__file__).resolve().parent.parent.parent
THRESHOLD = 0.7
# Scores are written with four digits.
ROUNDING = 5e-5
REFERENCES = ("dedupref", "exact", "rouge")
ROUGE_QUERIES = 2000
COSINE_QUERIES = 200
# More would take several times as many gigabytes as there are millions.
MOST_VECTORS = 100_000


def number(text, pattern):
    """The number in the last match of a pattern with one group."""
    found = re.findall(pattern, text)
    if not found:
        raise Failed(f"no '{pattern}' in: {text.strip()[-300:]}")
    return float(found[-1])


def build_own(folder):
    """The program of tests/bench/dedup_bench.c, built as the product is."""
    build = folder / "own"
    run("cmake", "-S", ROOT, "-B", build, "-DADVISOR_BENCH=ON",
        "-DADVISOR_TESTS=OFF")
    run("cmake", "--build", build, "--target", "dedup_bench", "-j",
        os.cpu_count() or 1)
    return build / "dedup_bench"


def build_references(peers, folder):
    """Where the references lie, or None where there is no source of them."""
    source = peers / "dedup"
    if not all((source / f"{x}.c").exists() for x in (*REFERENCES, "cos")):
        return None
    optimize = ["-O3"]
    if os.uname().machine == "x86_64":
        optimize.append("-march=x86-64-v2")
    for name in REFERENCES:
        run("gcc", *optimize, "-Wno-misleading-indentation", "-o",
            folder / name, source / f"{name}.c", "-lm")
    run("gcc", *optimize, "-ffast-math", "-shared", "-fPIC", "-o",
        folder / "cos.so", source / "cos.c")
    return folder


# --- engines ------------------------------------------------------------------

class Bench:
    """One run: `bench` is the module scripts/bench, for its words and goals."""

    def __init__(self, bench, folder, count):
        self.bench, self.count = bench, count
        self.folder = folder / "dedup"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.own = build_own(self.folder)
        self.references = build_references(bench.PEERS, self.folder)
        self.sources = None
        if self.references:
            self.corpus = real_corpus(bench.PEERS, self.folder, count)
        else:
            bench.missing.append(
                f"duplicates: no references in {bench.PEERS / 'dedup'}; ours "
                "are measured alone, on made-up texts")
            self.corpus, self.sources = made_corpus(self.folder, count)

    def truth(self, texts):
        """Lines that have an earlier line at the threshold."""
        if self.sources is not None:
            return {i for i, j in self.sources.items()
                    if jaccard(texts[i], texts[j]) >= THRESHOLD}
        path = self.folder / "truth"
        run(self.references / "exact", self.corpus, self.count, THRESHOLD, 0,
            path)
        return {i for i, _ in pairs_in(path)}

    def minhash_speeds(self, repeats, pairs):
        ours, theirs = [], []
        for _ in range(repeats):
            if self.references:
                out = run(self.references / "dedupref", self.corpus,
                          self.count, THRESHOLD)
                theirs.append({
                    "items_per_s": number(out, r"total (\d+) items/s"),
                    "bytes_per_item": number(out, r"rss\+ (\d+) B/item")})
            out = run(self.own, "minhash", self.corpus, self.count, THRESHOLD,
                      pairs)
            ours.append({
                "items_per_s": number(out, r"(\d+) items/s"),
                "bytes_per_item": number(out, r"(\d+) B/item"),
                "pause_us": number(out, r"longest pause (\d+) us")})
        return ours, theirs

    def minhash(self, repeats):
        pairs = self.folder / "pairs"
        ours, theirs = self.minhash_speeds(repeats, pairs)
        texts = lines_of(self.corpus)[:self.count]
        found, truth = pairs_in(pairs), self.truth(texts)
        flagged = {i for i, _ in found}
        right = sum(jaccard(texts[i], texts[j]) >= THRESHOLD - ROUNDING
                    for i, j in found)
        row = {"texts": self.count, "near": len(truth),
               "recall": len(flagged & truth) / max(1, len(truth)),
               "precision": right / max(1, len(found)),
               **{k: statistics.median(x[k] for x in ours) for k in ours[0]}}
        say, goal = self.bench.say, self.bench.goal
        truth_by = "exact join" if self.references else "planted copies"
        say(f"\nMinHash, {self.count:,} texts, Jaccard {THRESHOLD} over "
            f"5-grams ({len(truth):,} near by {truth_by}; medians of "
            f"{repeats}):\n")
        say(f"  recall of items {row['recall']:.4f}, precision "
            f"{row['precision']:.4f}, longest pause {row['pause_us']:.0f} us")
        say(f"  ours      {row['items_per_s']:9,.0f} items/s "
            f"{row['bytes_per_item']:6.0f} bytes/item")
        goal("MinHash: recall of items", row["recall"], ">=", 0.999, "")
        goal("MinHash: precision", row["precision"], ">=", 1.0, "")
        if theirs:
            ratio = statistics.median(
                a["items_per_s"] / b["items_per_s"]
                for a, b in zip(ours, theirs))
            middle = {k: statistics.median(x[k] for x in theirs)
                      for k in theirs[0]}
            say(f"  dedupref  {middle['items_per_s']:9,.0f} items/s "
                f"{middle['bytes_per_item']:6.0f} bytes/item; ours "
                f"{ratio:.2f} x as fast")
            row["dedupref"], row["rate_ratio"] = middle, ratio
            goal("MinHash: items/s", ratio, ">=", 1.0, "x dedupref")
        if self.count >= 100_000:
            goal("MinHash: memory with text", row["bytes_per_item"], "<=", 460,
                 "bytes/item")
        return row

    def rouge_references(self, pool):
        """us a query of the prefix filter and of the scan, and their scores."""
        figures, files = {}, {}
        for mode in ("pre", "scan"):
            files[mode] = self.folder / f"rouge.{mode}"
            figures[mode] = number(
                run(self.references / "rouge", self.corpus, pool,
                    self.queries, THRESHOLD, mode, files[mode]),
                r"([\d.]+) us/query")
        return figures, files

    def rouge(self, repeats):
        self.queries = min(ROUGE_QUERIES, self.count // 10)
        pool, scores = self.count - self.queries, self.folder / "rouge.own"
        ours, cpu, theirs, equal = [], [], [], None
        for _ in range(repeats):
            if self.references:
                figures, files = self.rouge_references(pool)
                theirs.append(figures)
            out = run(self.own, "rouge", self.corpus, pool, self.queries,
                      THRESHOLD, scores)
            ours.append(number(out, r"([\d.]+) us/query"))
            cpu.append(number(out, r"us/query \(CPU ([\d.]+)"))
        row = {"pool": pool, "queries": self.queries,
               "us": statistics.median(ours), "cpu_us": statistics.median(cpu)}
        say, goal = self.bench.say, self.bench.goal
        say(f"\nROUGE-L above {THRESHOLD} against {pool:,} kept texts:\n")
        say(f"  ours              {row['us']:9.1f} us/query "
            f"({row['cpu_us']:.1f} of CPU)")
        if theirs:
            equal = all(filecmp.cmp(scores, path, shallow=False)
                        for path in files.values())
            for mode, name in (("pre", "prefix filter"), ("scan", "scan")):
                middle = statistics.median(x[mode] for x in theirs)
                ratio = statistics.median(b[mode] / a for a, b in
                                          zip(ours, theirs))
                row[mode] = {"us": middle, "ratio": ratio}
                say(f"  {name:17} {middle:9.1f} us/query; ours {ratio:.2f} x "
                    "as fast")
            row["equal_to_scan"] = equal
            say(f"  scores byte-equal to the scan's: {'yes' if equal else 'NO'}")
            goal("ROUGE-L: byte-equal to a scan", float(equal), ">=", 1, "")
        # By CPU time, which other work on the machine moves less.
        if self.count == 100_000:
            goal("ROUGE-L at 100,000, CPU", row["cpu_us"], "<=", 15, "us")
        if self.count == 1_000_000:
            goal("ROUGE-L at 1,000,000, CPU", row["cpu_us"], "<=", 100, "us")
        return row

    def cosine(self, repeats):
        count = min(self.count, MOST_VECTORS)
        other = [384, self.references / "cos.so"] if self.references else []
        ours, cpu, theirs, same, agreed = [], [], [], [], []
        for _ in range(repeats):
            out = run(self.own, "cosine", count, COSINE_QUERIES, *other)
            ours.append(number(out, r"cosine .*?([\d.]+) ms/query"))
            cpu.append(number(out, r"ms/query \(CPU ([\d.]+)"))
            same.append(number(out, r"(\d+) of \d+ as by a plain scan"))
            checked = number(out, r"\d+ of (\d+) as by a plain scan")
            if other:
                theirs.append(number(out, r"reference: ([\d.]+) ms/query"))
                agreed.append(number(out, r"(\d+) of \d+ as ours"))
        row = {"vectors": count, "ms": statistics.median(ours),
               "cpu_ms": statistics.median(cpu),
               "as_plain_scan": min(same) / checked}
        say, goal = self.bench.say, self.bench.goal
        say(f"\nCosine, {count:,} vectors of 384 dimensions:\n")
        say(f"  ours      {row['ms']:8.3f} ms/query ({row['cpu_ms']:.3f} of "
            f"CPU); {min(same):.0f} of {checked:.0f} as by a plain scan in "
            "float64")
        goal("cosine: as float64", row["as_plain_scan"], ">=", 1.0, "")
        if theirs:
            ratio = statistics.median(b / a for a, b in zip(ours, theirs))
            row["cos_c"] = {"ms": statistics.median(theirs), "ratio": ratio}
            say(f"  cos.c     {row['cos_c']['ms']:8.3f} ms/query (int8, "
                f"repaired); ours {ratio:.2f} x as fast; "
                f"{min(agreed):.0f} of {COSINE_QUERIES} agree")
        if count == 100_000:
            goal("cosine at 100,000, CPU", row["cpu_ms"], "<=", 1.5, "ms")
        return row


def measure(bench, folder, count, repeats):
    """Figures of all engines, as a table for the report."""
    try:
        run_of = Bench(bench, folder, count)
        return {"minhash": run_of.minhash(repeats),
                "rouge": run_of.rouge(repeats),
                "cosine": run_of.cosine(repeats)}
    except Failed as problem:
        sys.exit(f"scripts/bench: {problem}")
