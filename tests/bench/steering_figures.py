"""The figures that both steering comparisons print: how far kept items cover a
taxonomy over drafts, with intervals over seeds."""

import math
import random

DRAWS = 2000


def figures(counts, cells, enough):
    """How the items in `counts` (by cell) cover a taxonomy of `cells` cells.

    Returns the cells covered with 1 and with `enough` items, Shannon evenness
    (entropy over its greatest value), and the total variation distance from an
    even mix. Cells without items may be left out of `counts` or be 0.
    """
    found = [n for n in counts.values() if n]
    total = sum(found)
    if not total:
        return 0, 0, 0.0, 1.0
    shares = [n / total for n in found]
    entropy = -sum(p * math.log(p) for p in shares)
    away = sum(abs(p - 1 / cells) for p in shares) + (cells - len(found)) / cells
    return len(found), sum(n >= enough for n in found), entropy / math.log(cells), away / 2


def curve(labels, points, cells, enough):
    """Figures after each number of drafts in `points`.

    `labels` holds one entry a draft: its cell, or None where nothing is counted.
    """
    counts, found = {}, []
    for draft, cell in enumerate(labels, 1):
        if cell is not None:
            counts[cell] = counts.get(cell, 0) + 1
        if draft in points:
            found.append(figures(counts, cells, enough))
    return found


def interval(values, rng):
    """Mean of the values and its 95 % percentile bootstrap interval."""
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(DRAWS))
    return (sum(values) / len(values), means[int(DRAWS * 0.025)], means[int(DRAWS * 0.975) - 1])


def print_curves(arm, curves, points, enough):
    """Prints the mean over seeds at each point; returns the rows as plain data."""
    rng, rows = random.Random(arm), []
    print(f"\n{arm} ({len(curves)} seeds)")
    print(f" drafts   cells >=1            cells >={enough}            evenness              distance to even")
    for i, point in enumerate(points):
        columns = [interval([one[i][k] for one in curves], rng) for k in range(4)]
        rows.append({"drafts": point, "columns": columns})
        print(f"{point:7}   " + "   ".join(
            f"{m:5.1f} [{a:5.1f},{b:5.1f}]" if k < 2 else f"{m:.3f} [{a:.3f},{b:.3f}]"
            for k, (m, a, b) in enumerate(columns)))
    return rows
