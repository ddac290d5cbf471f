// The head of the page and the sections on coverage and on how the run went.
"use strict";

function coveredTile(arm) {
  const cells = list(arm.coverage.cells);
  const covered = cells.filter((cell) => cell.count > 0).length;
  const end = last(list(arm.points));
  if (arm.coverage.open) {
    const reach = end.reachable;
    return tile("Cells covered", whole(covered), reach && isNumber(reach.value)
      ? "at least " + decimal(reach.value, 0) + " reachable (" + decimal(reach.low, 0) + "–" + decimal(reach.high, 0) + ")"
      : "open taxonomy");
  }
  const thin = cells.filter((cell) => standing(cell) === "below").length, empty = cells.length - covered;
  return tile("Cells covered", covered + " of " + cells.length,
    (empty ? empty + " empty; " : "") + (thin || "none") + " below target beyond chance", empty > 0);
}

function distanceTile(arm) {
  const end = last(list(arm.points));
  if (end.distance) {
    return tile("Distance to target", percent(end.distance.value),
      "of the items would have to move (" + between(end.distance.low, end.distance.high) + ")");
  }
  const even = end.evenness || {};
  return tile("Evenness", decimal(even.value, 3),
    isNumber(even.low) ? decimal(even.low, 3) + " to " + decimal(even.high, 3) + "; 1 is all cells alike" : "no items yet");
}

function headline(arm) {
  const account = arm.account, end = last(list(arm.points)), numbers = arm.saturation.numbers;
  const share = account.drafts ? account.kept / account.drafts : 0;
  const doubt = account.unknown_attempts;
  const tokens = account.tokens.prompt + account.tokens.completion;
  byId("headline").append(
    tile("Items kept", whole(account.kept), percent(share) + " of " + whole(account.drafts) + " drafts"),
    coveredTile(arm), distanceTile(arm),
    tile("Unseen mass", percent(numbers.unseen_mass),
      (end.unseen ? between(end.unseen.low, end.unseen.high) + "; " : "")
      + (arm.saturation.saturated ? "saturated" : "not saturated")),
    tile(isNumber(account.cost) ? "Cost" : "Tokens", isNumber(account.cost) ? money(account.cost) : compact(tokens),
      (isNumber(account.cost) ? compact(tokens) + " tokens, " : "") + whole(account.calls) + " calls"
      + (doubt ? ", " + whole(doubt) + " attempts in doubt" : ""), doubt > 0));
}

function head(arm) {
  const setup = arm.setup;
  document.title = setup.name + " · Data Advisor report";
  byId("name").textContent = visible(setup.name);
  const models = [...new Set(list(setup.models).filter((role) => !role.same_as)
    .map((role) => role.model || role.api))].join(", ");
  byId("facts").textContent = visible([arm.state + (arm.why ? ": " + arm.why : ""),
    arm.account.rounds + " rounds" + (arm.account.failed_rounds ? " and " + arm.account.failed_rounds + " failed" : ""),
    "model " + models, "seed " + setup.seed, moment(setup.created_ms), "digest " + arm.account.digest].join(" · "));
  if (scoresOf(arm).length) scoresHead(arm);
  else headline(arm);
}

/** Where a cell stands to its target: its interval decides, not the share alone. */
function standing(cell) {
  if (!isNumber(cell.want)) return "";
  const seen = cell.corrected || cell;
  return seen.high < cell.want ? "below" : seen.low > cell.want ? "above" : "on";
}

const STANDING = { below: "▼", above: "▲", on: "·", "": "" };

function bar(cell, most) {
  const at = (value) => Math.min(100, 100 * value / most);
  const svg = drawn("svg", { class: "bar", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { class: "fill", x: 0, y: 2, width: at(cell.share), height: 8 }),
    drawn("line", { class: "interval", x1: at(cell.low), x2: at(cell.high), y1: 6, y2: 6 }));
  if (cell.corrected) {
    svg.append(drawn("line", { class: "interval corrected", x1: at(cell.corrected.low), x2: at(cell.corrected.high), y1: 10.5, y2: 10.5 }));
  }
  if (isNumber(cell.want)) svg.append(drawn("line", { class: "want", x1: at(cell.want), x2: at(cell.want), y1: 0, y2: 12 }));
  return svg;
}

function cellWords(cell) {
  return visible(cell.cell) + ": " + whole(cell.count) + " items, " + percent(cell.share, 2) + " (" + between(cell.low, cell.high, 2) + ")"
    + (cell.corrected ? "; corrected for the labeller " + percent(cell.corrected.share, 2) + " (" + between(cell.corrected.low, cell.corrected.high, 2) + ")" : "")
    + (isNumber(cell.want) ? "; target " + percent(cell.want, 2) : "") + ". Shows its items.";
}

function cellRow(cell, most, openItems) {
  const inParent = cell.parent && cell.cell.startsWith(cell.parent + " / ");
  const stands = standing(cell);
  return element("button", { type: "button", class: "cell " + stands + (cell.count ? "" : " empty"), title: cellWords(cell),
    "aria-label": cellWords(cell), click: () => openItems({ cell: cell.cell, verdict: "kept" }) },
  element("span", { class: "cell-name", dir: "auto" }, visible(inParent ? cell.cell.slice(cell.parent.length + 3) : cell.cell)),
  bar(cell, most), element("span", { class: "number" }, whole(cell.count)),
  element("span", { class: "number share" }, percent(cell.share)), element("span", { class: "stands" }, STANDING[stands]));
}

const FIRST_CELLS = 240;
const LONG_GROUP = 12; // cells from which on a group may go on in the next column

function cellGroups(cells) {
  const groups = new Map();
  for (const cell of cells) {
    const key = cell.parent || "";
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(cell);
  }
  return groups;
}

function coverageMap(arm, openItems) {
  const cells = list(arm.coverage.cells);
  const counted = Math.max(1e-9, ...cells.map((cell) => Math.max(cell.share, arm.coverage.total ? cell.high : 0, cell.want || 0)));
  // Corrected intervals of few examples are wide: cut at the edge, they leave the rest readable.
  const most = Math.min(2 * counted, Math.max(counted, ...cells.map((cell) => (cell.corrected ? cell.corrected.high : 0))));
  const map = element("div", { class: "map" });
  let order = "taxonomy", all = false;
  const orders = { taxonomy: (a, b) => 0, thinnest: (a, b) => (a.share - (a.want || 0)) - (b.share - (b.want || 0)),
    largest: (a, b) => b.count - a.count };
  function fill() {
    const sorted = order === "taxonomy" ? cells : cells.slice().sort(orders[order]);
    const part = all ? sorted : sorted.slice(0, FIRST_CELLS);
    const groups = order === "taxonomy" ? cellGroups(part) : new Map([["", part]]);
    map.replaceChildren(...[...groups].map(([name, inside]) => element("div", { class: inside.length > LONG_GROUP ? "group long" : "group" },
      name ? element("h3", { dir: "auto" }, visible(name), " ", element("span", { class: "note" },
        whole(inside.reduce((sum, cell) => sum + cell.count, 0)))) : null,
      inside.map((cell) => cellRow(cell, most, openItems)))));
    if (part.length < cells.length) {
      map.append(element("button", { type: "button", click: () => { all = true; fill(); } },
        "Show all " + whole(cells.length) + " cells"));
    }
  }
  fill();
  const choose = element("select", { id: "map-order", change: (event) => { order = event.target.value; fill(); } },
    Object.keys(orders).map((name) => element("option", { value: name }, name === "taxonomy" ? "order of the taxonomy" : name + " first")));
  return [element("div", { class: "tools" }, element("label", { for: "map-order" }, "Cells by "), choose), map];
}

function legend(arm) {
  const corrected = list(arm.coverage.cells).some((cell) => cell.corrected);
  const entry = (kind, words) => element("span", {}, kind ? element("span", { class: "swatch " + kind }) : null, words);
  return element("p", { class: "legend" }, entry("fill", "share of the kept items with a cell"), entry("interval", "its Wilson interval"),
    corrected ? entry("corrected", "corrected for the labeller's mistakes, of all kept items") : null,
    arm.coverage.open ? null : [entry("want", "target"), entry(null, "▼ below, ▲ above the target beyond chance, · neither")]);
}

const spread = (points, key) => points.map((p) => [p.round, ...(p[key] ? [p[key].value, p[key].low, p[key].high] : [null, null, null])]);
const plain = (points, key) => points.map((p) => [p.round, p[key]]);

function coverageCurves(arm) {
  const points = list(arm.points), x = "Round", share = (value) => percent(value, 1), tick = (value) => percent(value, 0);
  const end = last(points), cells = end.cells || 1;
  const reach = end.reachable && isNumber(end.reachable.high) ? Math.min(end.reachable.high, cells * 3) : cells;
  const series = [{ name: "covered", colour: "c1", points: plain(points, "covered") },
    { name: "reachable, at least (Chao1)", colour: "c2", dashed: true, points: spread(points, "reachable") }];
  const figures = [
    curve({ title: "Cells covered", x, format: (v) => decimal(v, v % 1 ? 1 : 0), range: [0, roof([reach, cells], 1)], series,
      note: arm.coverage.open ? "open taxonomy" : "of " + cells }),
    curve({ title: "Evenness", x, format: (v) => decimal(v, 2), range: [0, 1], note: "Shannon; 1: all cells alike",
      series: [{ name: "evenness", colour: "c1", points: spread(points, "evenness") }] })];
  if (points.some((point) => point.distance)) {
    figures.push(curve({ title: "Distance to target", x, format: share, tick, note: "total variation",
      range: [0, roof(points.map((p) => p.distance && p.distance.high), 0.05)],
      series: [{ name: "distance", colour: "c1", points: spread(points, "distance") }] }));
  }
  figures.push(
    curve({ title: "Kept of recent drafts", x, format: share, tick, range: [0, 1], note: "last 100 drafts or more",
      series: [{ name: "kept", colour: "c3", points: spread(points, "kept_share") }] }),
    curve({ title: "New cells", x, format: share, tick, range: [0, 1], series: [
      { name: "rate of new cells", colour: "c1", points: spread(points, "new_rate") },
      { name: "unseen mass", colour: "c2", dashed: true, points: spread(points, "unseen") }] }),
    curve({ title: "Tokens", x, format: compact, range: [0, roof(points.map((p) => p.tokens), 1)],
      series: [{ name: "tokens so far", colour: "c4", points: plain(points, "tokens") }] }));
  return element("div", { class: "figures" }, figures);
}

function coverageSection(arm, openItems) {
  const coverage = arm.coverage;
  const lead = whole(coverage.total) + " kept items have a cell, " + whole(coverage.unlabelled) + " have none."
    + (coverage.uncorrected ? " Not corrected for the labeller: " + visible(coverage.uncorrected) + "." : "");
  section("coverage", "Coverage", lead, legend(arm), ...coverageMap(arm, openItems),
    element("h3", {}, "Over the rounds"),
    element("p", { class: "lead" }, "Bands are 95 % intervals that take items as drawn independently; advice steers them, so they are a guide."),
    coverageCurves(arm));
}
