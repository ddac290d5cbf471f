// The sections on the arms: what they are, their measures, how they differ, their
// curves and their drops.
"use strict";

const COLOURS = 6; // arms beyond are dashed

const armColour = (at) => "c" + (at % COLOURS + 1);
const isDashed = (at) => Math.floor(at / COLOURS) % 2 === 1;
const BETTER = { "1": "More is better.", "-1": "Less is better.", "0": "Neither is better." };

/** An arm's name with the mark that it has in the charts. */
const armName = (arm, at) => element("span", { class: "key " + armColour(at) + (isDashed(at) ? " dashed" : ""), dir: "auto" }, visible(arm.name));

/** A cell of a mean, its interval beneath, so that many arms stand side by side. */
const withInterval = (found) => ({ number: found
  ? element("span", {}, short(found.mean), element("div", { class: "note" }, interval(found, short))) : "–" });

const settingsOf = (arm) => list(arm.set).length
  ? element("div", {}, list(arm.set).map((setting) => element("div", {}, element("code", {}, visible(setting)))))
  : "as the experiment has it";

function armsSection(found) {
  const several = list(found.experiments).length > 1;
  const planned = (at) => list(found.tasks).filter((task) => task.arm === at + 1).length;
  const first = found.arms[0];
  section("arms", "What is compared", "The first arm is what the others are compared with, seed by seed.",
    table(["arm", "settings", ...(several ? ["experiment"] : []), "#runs done", "#paired", "#drafts", "remarks"], found.arms.map((arm, at) => [
      armName(arm, at), settingsOf(arm), ...(several ? [found.experiments[arm.experiment - 1].path] : []),
      number(arm.runs + " of " + planned(at)), number(arm === first ? "–" : arm.versus ? arm.versus.pairs : 0), number(whole(arm.drafts)),
      remarks(arm)]), "Arms"));
  if (found.missing) {
    byId("arms").append(element("p", { class: "warning" }, whole(found.missing) + (found.missing === 1 ? " run is" : " runs are")
      + " not done and left out of all numbers; the list of runs says what makes "
      + (found.missing === 1 ? "it." : "them.")));
  }
}

function remarks(arm) {
  const words = [];
  if (arm.versus && arm.versus.common_rounds) words.push("as the first arm in the first " + arm.versus.common_rounds + " rounds");
  if (arm.unlabelled) words.push(whole(arm.unlabelled) + " kept items have no cell");
  if (list(arm.mixed).length) words.push("NOT ALIKE: its runs have different versions of " + arm.mixed.join(", "));
  return words.join("; ");
}

const measured = (found) => list(found.measures).filter((measure) => found.arms.some((arm) => arm.means[measure.name]));

function measureName(measure) {
  const note = [measure.doc, BETTER[String(measure.more)]].filter(Boolean).join(" ");
  return element("div", { class: "measure" }, element("strong", {}, visible(measure.name)), element("div", { class: "note" }, visible(note)));
}

function measuresSection(found) {
  const ofQuestions = found.arms.some((arm) => Object.values(arm.means).some((mean) => mean.of_questions));
  section("measures", "Measures", "Mean over an arm's runs, with its 95 % interval; none where all runs are alike.",
    table(["measure", ...found.arms.map((arm) => "#" + visible(arm.name))], measured(found).map((measure) => [measureName(measure),
      ...found.arms.map((arm) => withInterval(arm.means[measure.name]))]), "Measures by arm"),
    ofQuestions ? element("p", { class: "note" }, "Scores of one run have an interval over its questions, which says nothing of other seeds.") : null);
}

/** The arms that have a difference in a measure. */
function differing(found, measure) {
  return found.arms.map((arm, at) => ({ name: visible(arm.name), arm, at, colour: armColour(at),
    found: arm.versus ? arm.versus.measures[measure.name] : undefined })).filter((row) => row.found);
}

function differencesTable(found, measures) {
  const rows = measures.flatMap((measure) => differing(found, measure).map((row) => {
    const verdict = verdictOf(row.found);
    return [measure.name, armName(row.arm, row.at), number(row.arm.versus.pairs), number(signed(row.found.mean)),
      number(interval(row.found, signed) || "–"), number(isNumber(row.found.effect) ? signed(Number(row.found.effect.toFixed(2))) : "–"),
      element("span", { class: "word " + verdict.kind }, verdict.sign + verdict.words)];
  }));
  return table(["measure", "arm", "#pairs", "#difference", "#95 % interval", "#effect", "reading"], rows, "Differences from the first arm");
}

function differencesSection(found) {
  const measures = measured(found).filter((measure) => differing(found, measure).length);
  if (!measures.length) {
    section("differences", "Differences", found.arms.length < 2 ? "There is one arm, so there is nothing to compare."
      : "No two arms have a run of the same seed that is done, so there is no difference to show.");
    return;
  }
  section("differences", "Differences",
    "From " + visible(found.arms[0].name) + ", of runs that share a seed. Better and worse: the interval leaves out 0.",
    element("div", { class: "figures" }, measures.map((measure) => forest({ title: visible(measure.name),
      note: BETTER[String(measure.more)], rows: differing(found, measure) }))),
    element("p", { class: "note" }, "Intervals: bootstrap over seeds, Student's t below eight pairs. Effect: Hedges' g of pairs, from three on; "
      + "where an arm differs by nearly the same in every pair it is very large."),
    differencesTable(found, measures));
}

function curveOf(arms, measure) {
  const series = arms.map(({ arm, at }) => ({ name: visible(arm.name), colour: armColour(at), dashed: isDashed(at),
    points: list(arm.curve).map((point) => {
      const value = point[measure.name];
      return value ? [point.drafts, value.mean, value.low, value.high] : [point.drafts, null, null, null];
    }) }));
  const values = series.flatMap((one) => one.points.flatMap((point) => [point[1], point[3]])).filter(isNumber);
  return curve({ title: visible(measure.name), note: BETTER[String(measure.more)], x: "Drafts", format: short, keys: false,
    tick: (value) => short(Number(value.toPrecision(6))), range: [0, roof(values, 1e-3)], series });
}

function curvesSection(found) {
  const arms = found.arms.map((arm, at) => ({ arm, at })).filter(({ arm }) => list(arm.curve).length);
  const has = (measure) => arms.some(({ arm }) => arm.curve.some((point) => point[measure.name]));
  const measures = list(found.measures).filter(has);
  if (!measures.length) return;
  section("curves", "Over drafts", "Means over seeds at equal numbers of drafts, as far as all runs reach; bands are 95 % intervals.",
    element("p", { class: "keys" }, arms.map(({ arm, at }) => armName(arm, at))),
    element("div", { class: "figures" }, measures.map((measure) => curveOf(arms, measure))));
}

function armDropsSection(found) {
  const sum = (arm) => Object.values(arm.dropped).reduce((a, b) => a + b, 0);
  const totals = new Map();
  for (const arm of found.arms) {
    for (const [reason, count] of Object.entries(arm.dropped)) totals.set(reason, (totals.get(reason) || 0) + count);
  }
  const reasons = [...totals].sort((a, b) => b[1] - a[1]).map(([reason]) => reason);
  const cell = (arm, count) => number(arm.drafts ? whole(count) + " (" + percent(count / arm.drafts) + ")" : "–");
  section("drops", "Drops", reasons.length ? "Drafts that were not kept, by reason, over all runs of an arm; shares are of its drafts." : "No draft was dropped.",
    reasons.length ? table(["reason", ...found.arms.map((arm) => "#" + visible(arm.name))], [
      ...reasons.map((reason) => [reason, ...found.arms.map((arm) => cell(arm, Object.hasOwn(arm.dropped, reason) ? arm.dropped[reason] : 0))]),
      [element("strong", {}, "all"), ...found.arms.map((arm) => cell(arm, sum(arm)))]], "Drops by reason") : null);
}
