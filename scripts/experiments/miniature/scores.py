"""What came of a circle: scores with intervals, differences, and what each arm cost.

All figures are those of `advisor status` and `advisor compare`; here they are
only put in rows.
"""

FIRST = "self_instruct"


def rows_of(rows):
    """Lines with the columns of a table in line."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def with_interval(share, low, high, signed=False):
    form = "{:+.3f} [{:+.3f}, {:+.3f}]" if signed else "{:.3f} [{:.3f}, {:.3f}]"
    return form.format(share, low, high)


def name_of(score):
    """What `advisor compare` calls a score."""
    judge = "" if score["judge"] == "letter" else f" ({score['judge']})"
    return f"{score['suite']} {score['score']}{judge}"


def share_of(score):
    if score["share"] is None:
        return "no reply was judged"
    return with_interval(score["share"], *score["interval"])


def gap(versus, score):
    """The difference to another arm, over the questions that both were judged on."""
    found = ((versus or {}).get("measures") or {}).get(name_of(score))
    if not found or found.get("low") is None:
        return "", ""
    words = with_interval(found["mean"], found["low"], found["high"], signed=True)
    return words, found["verdict"] or "not told apart"


def block(title, names, scores, versus, against):
    """One score of several arms; `versus(i)` is what the i-th one is compared with."""
    lines = [title]
    rows = [("arm", "share", "judged", "unknown", f"difference to {against}", "")]
    for i, (name, score) in enumerate(zip(names, scores)):
        difference, words = gap(versus(i), score)
        rows.append((name, share_of(score), str(score["judged"]), str(score["unknown"]), difference, words))
    return lines + rows_of(rows)


def meaning(score):
    better = "more is better" if score["more"] > 0 else "less is better"
    return f"{name_of(score)}: share of the judged replies ({better})"


def versus_of(comparison):
    """What each run folder's arm differs by from the first arm."""
    return {run["folder"]: arm.get("versus") for arm in comparison["arms"] for run in arm["runs"]}


def main_table(arms, comparison):
    """The untuned model and both methods, a block for each score."""
    first = [arm for arm in arms if arm.iteration <= 1]
    differences = versus_of(comparison)
    lines = []
    for at, score in enumerate(first[0].scores):
        lines += block(meaning(score), [arm.name for arm in first], [arm.scores[at] for arm in first],
                       lambda i: differences.get(str(first[i].compared)), FIRST)
        lines.append("")
    return lines


def iterations_table(arms, comparisons):
    """Long-term stability: Data Advisor's arms, each beside the one before."""
    steps = [arm for arm in arms if arm.iteration >= 1 and arm.name != FIRST]
    lines = [f"Long-term stability: {len(steps)} iterations, each advised by what the model tuned before failed on", ""]
    for at, score in enumerate(steps[0].scores):
        lines += block(meaning(score), [f"{arm.iteration}  {arm.name}" for arm in steps],
                       [arm.scores[at] for arm in steps],
                       lambda i: i > 0 and versus_of(comparisons[i - 1]).get(str(steps[i].compared)),
                       "the one before")
        lines.append("")
    return lines


def budget(arms):
    """Whether the arms had equal budgets, and what each used up."""
    made = {arm.name: arm.data["drafts"] for arm in arms if arm.data}
    if len(set(made.values())) == 1:
        lines = [f"Equal budget: {next(iter(made.values()))} drafts for each data set."]
    else:
        lines = ["THE BUDGETS ARE NOT EQUAL: " + ", ".join(f"{name} {n} drafts" for name, n in made.items())]
    rows = [("arm", "drafts", "kept", "pairs learned", "tokens to curate", "seconds")]
    for arm in arms:
        data = arm.data or {"drafts": "", "kept": "", "tokens": {}}
        rows.append((arm.name, str(data["drafts"]), str(data["kept"]), str(arm.tuning.get("rows", "")),
                     str(sum(data["tokens"].values()) or ""),
                     ", ".join(f"{step} {n:.0f}" for step, n in arm.seconds.items())))
    return lines + rows_of(rows)


def text(arms, comparison, iterations):
    """All that is printed at the end of a circle."""
    lines = ["Intervals are over the questions, at 95 %; a difference is over those that both were judged on. One",
             "seed: they say nothing of other seeds.", ""]
    lines += main_table(arms, comparison)
    if iterations:
        lines += iterations_table(arms, iterations)
    return "\n".join(lines + budget(arms)) + "\n"
