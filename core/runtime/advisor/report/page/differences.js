// Differences from the first arm: a line an arm, its interval, and where 0 lies.
"use strict";

const FOREST = { width: 400, left: 8, right: 8, row: 34, top: 4, bottom: 22 };

/** A number with some four places that matter. */
function short(value) {
  if (!isNumber(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en", { useGrouping: Math.abs(value) >= 1e4 });
  return String(Number(value.toPrecision(4)));
}

const signed = (value) => (value > 0 ? "+" : "") + short(value).replace("-", "−");
const interval = (found, format) => isNumber(found.low) ? format(found.low) + " to " + format(found.high) : "";

/** Why a difference has no interval; "" where it has one. */
function withoutInterval(found) {
  if (isNumber(found.low)) return "";
  return found.n === 1 ? "one pair, no interval" : found.mean === 0 ? "alike in all pairs" : "the same in all pairs, no interval";
}

/** What a difference comes to, as a word that colour only repeats. */
function verdictOf(found) {
  const words = found.verdict || withoutInterval(found) || "not told apart";
  const kind = { better: "good", worse: "bad" }[found.verdict] || "";
  return { words, kind, sign: { better: "▲ ", worse: "▼ " }[found.verdict] || "" };
}

function differenceWords(row) {
  const range = interval(row.found, signed);
  return row.name + ": " + signed(row.found.mean) + (range ? " (" + range + ")" : "") + ", " + verdictOf(row.found).words;
}

function forestScale(rows) {
  const ends = rows.flatMap((row) => [row.found.mean, row.found.low, row.found.high].filter(isNumber));
  let low = Math.min(0, ...ends), high = Math.max(0, ...ends);
  if (low === high) [low, high] = [-1, 1];
  const room = (high - low) * 0.04, from = low - room, to = high + room;
  const x = (value) => FOREST.left + (value - from) / (to - from) * (FOREST.width - FOREST.left - FOREST.right);
  return { low, high, x };
}

function forestRow(svg, row, top, x) {
  const middle = top + 23, found = row.found, verdict = verdictOf(found);
  svg.append(drawn("text", { class: "forest-name", x: FOREST.left, y: top + 12 }, shortened(row.name, 34)),
    drawn("text", { class: "forest-word end " + verdict.kind, x: FOREST.width - FOREST.right, y: top + 12 }, verdict.sign + verdict.words));
  if (isNumber(found.low)) {
    svg.append(drawn("line", { class: "forest-interval " + row.colour, x1: x(found.low), x2: x(found.high), y1: middle, y2: middle }),
      ...[found.low, found.high].map((end) =>
        drawn("line", { class: "forest-interval " + row.colour, x1: x(end), x2: x(end), y1: middle - 3.5, y2: middle + 3.5 })));
  }
  svg.append(drawn("circle", { class: "dot " + row.colour, r: 3.6, cx: x(found.mean), cy: middle }));
}

/** A figure of one measure's differences: { title, note, rows: [{ name, colour, found }] }. */
function forest(given) {
  const scale = forestScale(given.rows), height = FOREST.top + FOREST.row * given.rows.length + FOREST.bottom;
  const svg = drawn("svg", { viewBox: "0 0 " + FOREST.width + " " + height, class: "chart forest", role: "img",
    "aria-label": given.title + ", differences from the first arm. " + given.rows.map(differenceWords).join("; ") });
  const floor = height - FOREST.bottom;
  for (const tick of ticks(scale.low, scale.high)) {
    const at = Math.abs(tick) < (scale.high - scale.low) * 1e-9 ? 0 : tick;
    svg.append(drawn("line", { class: "grid", x1: scale.x(at), x2: scale.x(at), y1: FOREST.top, y2: floor }),
      drawn("text", { class: "tick middle", x: scale.x(at), y: floor + 14 }, at === 0 ? "0" : signed(Number(at.toPrecision(6)))));
  }
  svg.append(drawn("line", { class: "zero", x1: scale.x(0), x2: scale.x(0), y1: FOREST.top, y2: floor + 3 }));
  given.rows.forEach((row, i) => forestRow(svg, row, FOREST.top + FOREST.row * i, scale.x));
  return element("figure", {}, element("figcaption", {}, element("strong", {}, given.title),
    element("span", { class: "note" }, given.note)), svg);
}
