// Small helpers: elements from data, numbers in words. Texts of a run reach the
// page through text nodes only.
"use strict";

const byId = (id) => document.getElementById(id);
const list = (value) => (Array.isArray(value) ? value : []);

/** Reads a block of data that the page holds. */
function block(id) {
  const holder = byId(id);
  return holder ? JSON.parse(holder.textContent) : null;
}

/** An element with attributes, listeners (functions) and children (texts or elements). */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text with its invisible characters named, so that none of them acts on the page; joiners stay, scripts and emoji need them. */
function visible(text) {
  return String(text).replace(HIDDEN, (found) =>
    "⟨U+" + found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
}

/** A generated text of any length on its own, whatever its direction. */
function passage(text, className) {
  return element("div", { class: "passage " + (className || ""), dir: "auto" }, visible(text));
}

function shortened(text, most) {
  const line = visible(text.length > most * 2 ? text.slice(0, most * 2) : text).replace(/\s+/g, " ");
  return line.length > most ? line.slice(0, most - 1) + "…" : line;
}

const whole = (n) => Math.round(n).toLocaleString("en");
const percent = (share, digits) => (100 * share).toFixed(digits === undefined ? 1 : digits) + " %";
const between = (low, high, digits) =>
  (100 * low).toFixed(digits === undefined ? 1 : digits) + "–" + percent(high, digits);
const isNumber = (value) => typeof value === "number";
const decimal = (value, digits) => (isNumber(value) ? value.toFixed(digits) : "–");

function money(value) {
  if (!isNumber(value)) return "unknown";
  return value !== 0 && Math.abs(value) < 0.01 ? value.toPrecision(2) : value.toFixed(2);
}

function compact(n) {
  if (n >= 1e6) return (n / 1e6).toFixed(2) + " M";
  return n >= 1e4 ? (n / 1e3).toFixed(0) + " k" : whole(n);
}

function duration(ms) {
  if (!isNumber(ms)) return "–";
  if (ms < 1000) return ms.toFixed(ms < 10 ? 1 : 0) + " ms";
  return ms < 120000 ? (ms / 1000).toFixed(1) + " s" : (ms / 60000).toFixed(1) + " min";
}

const moment = (ms) => (isNumber(ms) ? new Date(ms).toISOString().slice(0, 16).replace("T", " ") + " UTC" : "–");

/** A table from a header and rows; a cell is a text, or an element, or { number }. */
function table(header, rows, caption) {
  const cell = (value) =>
    value && value.number !== undefined
      ? element("td", { class: "number" }, value.number)
      : element("td", {}, value instanceof Node ? value : visible(value === undefined || value === null ? "" : value));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption || "Table" },
    element("table", {}, caption ? element("caption", {}, caption) : null,
      element("thead", {}, element("tr", {}, header.map((name) =>
        element("th", { scope: "col", class: name.startsWith("#") ? "number" : null }, name.replace(/^#/, ""))))),
      element("tbody", {}, rows.map((row) => element("tr", {}, row.map(cell))))));
}

const number = (text) => ({ number: String(text) });

/** What opens: its content is made when it is opened first. */
function folded(summary, make, open) {
  const made = element("details", { open: open }, element("summary", {}, summary));
  let filled = false;
  const fill = () => {
    if (filled || !made.open) return;
    filled = true;
    made.append(...[make()].flat(Infinity));
  };
  made.addEventListener("toggle", fill);
  fill();
  return made;
}

/** A section of the page, listed in its contents. */
function section(id, title, lead, ...children) {
  byId("contents").append(element("li", {}, element("a", { href: "#" + id }, title)));
  const made = element("section", { id: id, "aria-labelledby": id + "-title" },
    element("h2", { id: id + "-title" }, title), lead ? element("p", { class: "lead" }, lead) : null, ...children);
  byId("main").append(made);
  return made;
}

const last = (points) => points[points.length - 1] || {};

/** One of the numbers at the head of the page. */
function tile(name, value, note, warn) {
  return element("li", { class: warn ? "tile warn" : "tile" }, element("span", { class: "label" }, name),
    element("strong", {}, value), element("span", { class: "note" }, note));
}

function code(text) {
  return element("pre", { tabindex: "0" }, visible(text));
}
