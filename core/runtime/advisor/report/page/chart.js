// Curves with intervals, as SVG from data. Pointer and arrow keys read values.
"use strict";

const CHART = { width: 400, height: 190, left: 44, right: 8, top: 8, bottom: 26 };

/** Round steps that cover a range with some four lines. */
function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-6; at += step) found.push(at);
  return found;
}

/** The upper end of an axis from 0 that holds all values, and is `least` or more. */
function roof(values, least) {
  const most = Math.max(least, ...values.filter(isNumber));
  return ticks(0, most).length ? Math.max(most * 1.05, least) : most;
}

/** Pieces of a list without the points that have no value. */
function pieces(points, hasValue) {
  const found = [];
  let open = null;
  for (const point of points) {
    if (!hasValue(point)) {
      open = null;
    } else if (open) {
      open.push(point);
    } else {
      found.push(open = [point]);
    }
  }
  return found;
}

function scales(given) {
  const xs = given.series.flatMap((series) => series.points.map((point) => point[0]));
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1e-9);
  const [y0, y1] = given.range;
  return { x0, x1, y0, y1,
    x: (value) => CHART.left + (value - x0) / (x1 - x0) * (CHART.width - CHART.left - CHART.right),
    y: (value) => {
      const inside = Math.min(Math.max(value, y0), y1);
      return CHART.height - CHART.bottom - (inside - y0) / (y1 - y0) * (CHART.height - CHART.top - CHART.bottom);
    } };
}

function axes(svg, given, scale) {
  for (const at of ticks(scale.y0, scale.y1)) {
    svg.append(drawn("line", { class: "grid", x1: CHART.left, x2: CHART.width - CHART.right, y1: scale.y(at), y2: scale.y(at) }));
    svg.append(drawn("text", { class: "tick end", x: CHART.left - 5, y: scale.y(at) + 3.5 }, (given.tick || given.format)(at)));
  }
  for (const at of ticks(scale.x0, scale.x1)) {
    // At the right edge a number ends where it is, so that all of it is seen.
    const place = scale.x(at) > CHART.width - 2 * CHART.right ? "end" : "middle";
    svg.append(drawn("text", { class: "tick " + place, x: scale.x(at), y: CHART.height - CHART.bottom + 14 },
      at % 1 ? String(Number(at.toFixed(3))) : compact(at)));
  }
  svg.append(drawn("line", { class: "axis", x1: CHART.left, x2: CHART.width - CHART.right,
    y1: CHART.height - CHART.bottom, y2: CHART.height - CHART.bottom }));
}

function draw(svg, series, scale) {
  const path = (points, y) => points.map((point, i) => (i ? "L" : "M") + scale.x(point[0]).toFixed(1) + " " + scale.y(y(point)).toFixed(1)).join("");
  for (const part of pieces(series.points, (point) => isNumber(point[2]) && isNumber(point[3]))) {
    const back = part.slice().reverse();
    svg.append(drawn("path", { class: "band " + series.colour,
      d: path(part, (p) => p[3]) + path(back, (p) => p[2]).replace("M", "L") + "Z" }));
  }
  for (const part of pieces(series.points, (point) => isNumber(point[1]))) {
    svg.append(part.length > 1
      ? drawn("path", { class: "line " + series.colour + (series.dashed ? " dashed" : ""), d: path(part, (p) => p[1]) })
      : drawn("circle", { class: "dot " + series.colour, r: 2.5, cx: scale.x(part[0][0]), cy: scale.y(part[0][1]) }));
  }
}

function reading(given, at) {
  const words = given.series.map((series) => {
    const point = series.points[at];
    if (!point || !isNumber(point[1])) return null;
    const range = isNumber(point[2]) ? " (" + given.format(point[2]) + " to " + given.format(point[3]) + ")" : "";
    return series.name + " " + given.format(point[1]) + range;
  }).filter(Boolean);
  return given.x + " " + decimal(given.series[0].points[at][0], given.xDigits || 0) + ": " + (words.join(", ") || "no value");
}

function numbersOf(given) {
  const rows = given.series[0].points.map((first, at) => [number(decimal(first[0], given.xDigits || 0)),
    ...given.series.flatMap((series) => {
      const point = series.points[at] || [];
      return [1, 2, 3].map((k) => number(isNumber(point[k]) ? given.format(point[k]) : ""));
    })]);
  return table(["#" + given.x, ...given.series.flatMap((series) => ["#" + series.name, "#low", "#high"])], rows, given.title);
}

/**
 * A figure with one curve for each series: { title, note, x, xDigits, format, tick (of the axis), range: [low, high],
 * keys (false: no names above it),
 * series: [{ name, colour, dashed, points: [[x, y, low, high]] }] }; all series have the same x.
 */
function curve(given) {
  const points = given.series[0].points;
  if (points.length === 0) return element("figure", {}, element("figcaption", {}, given.title), element("p", {}, "No data."));
  const scale = scales(given);
  const svg = drawn("svg", { viewBox: "0 0 " + CHART.width + " " + CHART.height, role: "img", tabindex: "0", class: "chart",
    "aria-label": given.title + ". Last: " + reading(given, points.length - 1) + ". Arrow keys read values." });
  axes(svg, given, scale);
  for (const series of given.series) draw(svg, series, scale);
  const cursor = drawn("line", { class: "cursor hidden", y1: CHART.top, y2: CHART.height - CHART.bottom });
  svg.append(cursor);
  let at = points.length - 1;
  const words = element("p", { class: "reading", "aria-live": "polite" }, reading(given, at));
  const show = (place) => {
    at = Math.min(Math.max(place, 0), points.length - 1);
    cursor.setAttribute("class", "cursor");
    cursor.setAttribute("x1", scale.x(points[at][0]));
    cursor.setAttribute("x2", scale.x(points[at][0]));
    words.textContent = reading(given, at);
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * CHART.width;
    let nearest = 0;
    points.forEach((point, i) => {
      if (Math.abs(scale.x(point[0]) - x) < Math.abs(scale.x(points[nearest][0]) - x)) nearest = i;
    });
    show(nearest);
  });
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
  const keys = given.series.length > 1 && given.keys !== false
    ? element("span", { class: "keys" }, given.series.map((series) =>
      element("span", { class: "key " + series.colour + (series.dashed ? " dashed" : "") }, series.name)))
    : null;
  return element("figure", {},
    element("figcaption", {}, element("strong", {}, given.title), keys, given.note ? element("span", { class: "note" }, given.note) : null),
    svg, words, folded("Numbers", () => numbersOf(given)));
}
