// An evaluation of a model: the head of its page, and its scores, overall and by
// category. Verdicts lead to the questions and replies that have them.
"use strict";

const scoresOf = (arm) => list(arm.scores);

const MORE = { "1": "More is better.", "-1": "Less is better." };

const reasonsOf = (found) => Object.entries(found.unknown_of || {}).map(([why, n]) => why + " " + whole(n)).join(", ");

/** A share with its interval, or that nothing was judged. */
function shareTile(score) {
  const shown = isNumber(score.share);
  return tile(visible(score.name), shown ? percent(score.share) : "–", (shown ? between(score.interval[0], score.interval[1]) + "; " : "")
    + whole(score.judged) + " judged, " + whole(score.unknown) + " unknown" + (score.open ? ", " + whole(score.open) + " not asked yet" : ""),
  score.unknown + score.open > 0);
}

function scoresHead(arm) {
  const tokens = arm.account.tokens.prompt + arm.account.tokens.completion;
  byId("headline").append(...scoresOf(arm).map(shareTile),
    tile(isNumber(arm.account.cost) ? "Cost" : "Tokens", isNumber(arm.account.cost) ? money(arm.account.cost) : compact(tokens),
      whole(arm.account.calls) + " calls"));
}

/** One row of figures: a score as a whole, or one of its categories. */
function scoreRow(name, found) {
  const shown = isNumber(found.share);
  return [name, number(shown ? percent(found.share) : "–"), number(shown ? between(found.interval[0], found.interval[1]) : "–"),
    shown ? bar({ share: found.share, low: found.interval[0], high: found.interval[1] }, 1) : "",
    number(whole(found.judged)), number(whole(found.unknown)), number(between(found.bounds[0], found.bounds[1])), visible(reasonsOf(found))];
}

const SCORE_COLUMNS = ["#share", "#95 % interval", "", "#judged", "#unknown", "#bounds", "unknown, why"];

function categoryTable(score, openItems) {
  const link = (category) => element("button", { type: "button", dir: "auto",
    click: () => openItems({ suite: score.suite, cell: category }) }, visible(category));
  return table(["category", ...SCORE_COLUMNS], list(score.categories).map((found) => scoreRow(link(found.category), found)),
    visible(score.name) + " by category");
}

function scoresSection(arm, openItems) {
  const scores = scoresOf(arm);
  const name = (score) => element("div", { class: "measure" }, element("strong", {}, visible(score.name)),
    element("div", { class: "note" }, [MORE[String(score.more)], score.guessed ? whole(score.guessed) + " were guessed." : ""].filter(Boolean).join(" ")));
  const verdicts = ["pass", "fail", "unknown"].map((verdict) =>
    element("button", { type: "button", click: () => openItems({ reply: verdict }) }, "Replies with the verdict " + verdict));
  section("scores", "Scores", "Shares of the replies that were judged. Unknown ones (no reply, or no verdict) are in no share; "
    + "the bounds say where it would be if all of them went either way.",
  table(["score", ...SCORE_COLUMNS], scores.map((score) => scoreRow(name(score), score)), "Scores"),
  element("p", { class: "tools" }, verdicts),
  scores.filter((score) => list(score.categories).length).map((score) =>
    folded(visible(score.name) + " by category (" + whole(score.categories.length) + ")", () => categoryTable(score, openItems), true)));
}
