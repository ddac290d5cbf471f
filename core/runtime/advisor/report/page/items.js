// The item browser: search, filters, and for each item the way back to its advice,
// its gap and the calls that made and checked it.
"use strict";

/** Items from their columns. */
function readItems(columns) {
  const name = (at) => (at < 0 ? undefined : columns.names[at]);
  const count = columns.round.length;
  const places = new Map();
  for (let i = 0; i < count; i++) places.set("r" + columns.round[i] + "-" + columns.index[i], i);
  const lower = new Array(count);
  const responses = columns.responses || {};
  const replyAt = (i) => responses["r" + columns.round[i] + "-" + columns.index[i]] || {};
  const suites = new Map();
  /** The suite that a question is of; rows of one suite share few descriptions. */
  function suite(i) {
    const at = columns.meta_at[i];
    if (!suites.has(at)) suites.set(at, at < 0 ? undefined : JSON.parse(columns.meta[at]).suite);
    return suites.get(at);
  }
  const item = (i) => ({ id: "r" + columns.round[i] + "-" + columns.index[i], at: i, round: columns.round[i], index: columns.index[i],
    verdict: name(columns.verdict[i]), text: columns.text[i], target: name(columns.target[i]), cell: name(columns.cell[i]),
    reason: name(columns.reason[i]), advice: columns.advice[i], finding: columns.finding[i] ? JSON.parse(columns.finding[i]) : undefined });
  const found = { count, item, replied: Object.keys(responses).length > 0,
    verdict: (i) => name(columns.verdict[i]), reason: (i) => name(columns.reason[i]), cell: (i) => name(columns.cell[i]),
    round: (i) => columns.round[i], advice: (i) => columns.advice[i],
    byId: (id) => (places.has(id) ? item(places.get(id)) : null), place: (id) => places.get(id),
    checks: (i) => (columns.checks_at[i] < 0 ? [] : JSON.parse(columns.checks[columns.checks_at[i]])),
    meta: (i) => (columns.meta_at[i] < 0 ? {} : JSON.parse(columns.meta[columns.meta_at[i]])),
    response: (id) => responses[id], reply: (i) => replyAt(i).verdict, suite,
    searched: (i) => lower[i] || (lower[i] = (columns.text[i] + "\n" + (replyAt(i).text || "") + "\n" + (name(columns.target[i]) || "") + "\nr" + columns.round[i] + "-" + columns.index[i]).toLowerCase()) };
  // "draft 3" names an earlier draft of the same round.
  found.nearest = (one) => {
    const finding = one.finding;
    if (!finding || finding.nearest === undefined) return null;
    const inRound = /^draft (\d+)$/.exec(finding.nearest);
    const id = inRound ? "r" + one.round + "-" + inRound[1] : finding.nearest;
    const other = found.byId(id);
    return { id: other ? id : null, score: finding.score, text: other ? other.text : finding.nearest_text || String(finding.nearest) };
  };
  return found;
}

/** Calls, read when somebody asks for one. */
function readCalls(arm) {
  let columns = null, byRound = null;
  function load() {
    if (columns) return;
    columns = block("calls-" + arm);
    byRound = new Map();
    columns.round.forEach((round, i) => {
      if (!byRound.has(round)) byRound.set(round, []);
      byRound.get(round).push(i);
    });
  }
  const name = (at) => (at < 0 ? "" : columns.names[at]);
  const text = (at) => (at < 0 ? "" : columns.texts[at]);
  function node(i) {
    const key = columns.round[i] + " " + name(columns.stage[i]) + "/" + name(columns.lane[i]) + " call " + columns.ordinal[i]
      + (columns.n[i] > 1 ? ", attempt " + columns.n[i] : "");
    const tokens = columns.prompt_tokens[i] >= 0 ? ", " + columns.prompt_tokens[i] + " + " + columns.completion_tokens[i] + " tokens" : "";
    const time = columns.ms[i] >= 0 ? ", " + duration(columns.ms[i]) : "";
    return folded(element("span", {}, element("code", {}, key), " " + name(columns.role[i]) + ", " + name(columns.outcome[i]) + tokens + time), () => {
      const messages = columns.messages[i], parts = [];
      for (let k = 0; k < messages.length; k += 2) {
        parts.push(element("div", { class: "message" }, element("span", { class: "role" }, visible(name(messages[k]))), passage(text(messages[k + 1]))));
      }
      parts.push(element("div", { class: "message reply" }, element("span", { class: "role" }, "reply"), passage(text(columns.reply[i]))),
        element("div", { class: "note settings" }, visible(text(columns.settings[i]))));
      return parts;
    });
  }
  const select = (round, wanted) => {
    load();
    return (byRound.get(round) || []).filter((i) => wanted(name(columns.stage[i]), name(columns.lane[i]), i));
  };
  const none = () => [element("p", { class: "note" }, "No call was recorded here.")];
  const nodes = (found) => (found.length ? found.map(node) : none());
  return { select, nodes, reply: (i) => text(columns.reply[i]), of: (round, wanted) => nodes(select(round, wanted)) };
}

const inLane = (lane, path) => lane === path || lane.startsWith(path + "/");

/** The calls that led to an item, by what they did for it. */
function callsOfItem(item, calls) {
  const made = calls.select(item.round, (stage, lane) => stage === "generate" && inLane(lane, String(item.advice)));
  const wrote = made.filter((i) => item.text !== "" && calls.reply(i).includes(item.text));
  const others = made.filter((i) => !wrote.includes(i));
  const checked = calls.select(item.round, (stage, lane) => stage === "check" && inLane(lane.replace(/^\d+\./, ""), String(item.index)));
  const answered = calls.select(item.round, (stage, lane) => stage === "respond" && inLane(lane, String(item.index)));
  const advised = calls.select(item.round, (stage) => stage !== "generate" && stage !== "check" && stage !== "respond");
  const groups = [["Wrote it", wrote], ["Checked it", checked], ["Answered it", answered]].filter(([, found]) => found.length);
  return [groups.map(([name, found]) => [element("h4", {}, name), calls.nodes(found)]),
    others.length ? folded((wrote.length ? "Other calls of the same advice (" : "Calls of its advice (") + others.length + ")", () => calls.nodes(others)) : null,
    advised.length ? folded("Advice, labels and summary of round " + item.round + " (" + advised.length + ")", () => calls.nodes(advised)) : null];
}

function checkRow(check) {
  const finding = check.finding || {};
  return [check.principle, element("span", { class: "verdict " + check.verdict }, check.verdict), visible(finding.text || finding.code || "")];
}

function lineage(item, piece, actions) {
  if (!piece) return element("p", { class: "note" }, "Its advice is not in the record.");
  return element("ol", { class: "steps" },
    step("Gap", piece.gap ? passage(gapWords(piece.gap)) : "the strategy named none"),
    step("Advice", passage(piece.target === undefined ? "no target" : String(piece.target)),
      piece.instruction ? passage(String(piece.instruction), "note") : null,
      element("button", { type: "button", click: () => actions.filter({ advice: piece.round + "/" + piece.position }) }, "All drafts of it")),
    step(item.verdict === "kept" ? "Kept" : "Draft", "in round " + item.round + ", draft " + item.index));
}

/** A reply to an item: its verdict, why, and the text. */
function responseOf(response) {
  const finding = response.finding ? JSON.parse(response.finding) : {};
  const why = [finding.code, typeof finding.why === "string" ? finding.why : "", finding.text].filter(Boolean).join("; ");
  return element("div", {}, element("h4", {}, "Response ", element("span", { class: "verdict " + response.verdict }, response.verdict)),
    why ? element("p", { class: "note" }, visible(why)) : null, passage(response.text));
}

function itemDetail(item, items, piece, calls, actions) {
  const nearest = items.nearest(item), checks = items.checks(item.at), meta = items.meta(item.at), response = items.response(item.id);
  const finding = item.finding || {};
  return [
    element("h3", {}, item.id, " ", element("span", { class: "verdict " + item.verdict }, item.verdict), item.reason ? " " + visible(item.reason) : ""),
    passage(item.text, "item-text"),
    element("p", { class: "note", dir: "auto" }, "cell: " + visible(item.cell || "none") + " · target: " + visible(item.target || "none")),
    finding.text ? element("p", {}, visible(finding.text)) : null,
    nearest ? element("div", { class: "nearest" }, "Nearest: ", nearest.id ? itemLink(nearest.id, actions.open) : null,
      isNumber(nearest.score) ? " score " + decimal(nearest.score, 3) : "", passage(nearest.text)) : null,
    response ? responseOf(response) : null,
    element("h4", {}, "How it came to be"), lineage(item, piece, actions),
    checks.length ? table(["principle", "verdict", "finding"], checks.map(checkRow), "Checks") : null,
    Object.keys(meta).length ? element("p", { class: "note" }, Object.entries(meta).map(([key, value]) =>
      visible(key) + ": " + visible(typeof value === "string" ? value : JSON.stringify(value))).join(" · ")) : null,
    element("h4", {}, "Calls"), callsOfItem(item, calls),
    finding.code || finding.nearest ? folded("The finding as recorded", () => code(JSON.stringify(finding, null, 2))) : null,
  ].flat(Infinity).filter(Boolean);
}

function choices(label, id, values, changed) {
  const node = element("select", { id: id, change: changed }, element("option", { value: "" }, "any"),
    values.map(([value, words]) => element("option", { value: value }, shortened(words, 80))));
  /** Chooses a value, also one that no item has: then nothing is found. */
  const set = (value) => {
    node.value = value;
    if (node.value === value) return;
    node.append(element("option", { value: value }, shortened(value + " (0)", 80)));
    node.value = value;
  };
  return { node, set, label: element("label", { for: id }, label, " ", node) };
}

function countsBy(items, value) {
  const counts = new Map();
  for (let i = 0; i < items.count; i++) {
    const key = value(i);
    if (key !== undefined) counts.set(key, (counts.get(key) || 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([key, n]) => [key, key + " (" + whole(n) + ")"]);
}

function itemsSection(arm, items, calls) {
  const pieces = new Map(list(arm.advice).map((piece) => [piece.round + "/" + piece.position, piece]));
  const EVERY = { search: "", verdict: "", reason: "", cell: "", reply: "", suite: "", round: "", advice: "" };
  const evaluates = scoresOf(arm).length > 0;
  let matches = [], advice = "";
  const changed = () => refresh();
  const search = element("input", { type: "search", id: "search", placeholder: "Search text, target or id", "aria-keyshortcuts": "/",
    autocomplete: "off", spellcheck: "false", input: changed });
  const round = element("input", { type: "number", id: "filter-round", min: "0", inputmode: "numeric", input: changed });
  const verdict = choices("verdict", "filter-verdict", countsBy(items, items.verdict), changed);
  const reason = choices("reason", "filter-reason", countsBy(items, items.reason), changed);
  const cell = choices("cell", "filter-cell", countsBy(items, items.cell), changed);
  const reply = choices("reply", "filter-reply", countsBy(items, items.reply), changed);
  const suite = choices("suite", "filter-suite", countsBy(items, items.suite), changed);
  const chip = element("button", { type: "button", class: "chip", hidden: true, click: () => set({ advice: "" }) });
  const reset = element("button", { type: "button", click: () => set(EVERY) }, "Clear");
  const found = element("p", { class: "found", role: "status", id: "found" });
  const detail = element("div", { class: "detail", id: "detail", tabindex: "-1", "aria-label": "The chosen item" },
    element("p", { class: "note" }, "Choose an item: Enter or a click."));
  const rows = longList({ label: "Items", rowHeight: 26, render, choose: (i) => choose(items.item(matches[i])) });
  const actions = { open, filter: (given) => set({ ...EVERY, ...given }) };

  function render(row, i) {
    const at = matches[i], item = items.item(at), shown = evaluates && items.reply(at) || item.verdict;
    row.append(element("span", { class: "id" }, item.id), element("span", { class: "verdict " + shown }, shown),
      element("span", { class: "wide", dir: "auto" }, shortened(item.text, 220)),
      element("span", { class: "why note hide-narrow", dir: "auto" }, shortened(item.reason || item.cell || "", 60)));
  }

  function choose(item) {
    detail.replaceChildren(...itemDetail(item, items, pieces.get(item.round + "/" + item.advice), calls, actions));
    detail.scrollTop = 0;
    history.replaceState(null, "", "#" + item.id);
  }

  function refresh() {
    const words = search.value.trim().toLowerCase(), only = round.value === "" ? null : Number(round.value);
    const wanted = advice === "" ? null : advice.split("/").map(Number);
    matches = [];
    for (let i = 0; i < items.count; i++) {
      if (verdict.node.value !== "" && items.verdict(i) !== verdict.node.value) continue;
      if (reason.node.value !== "" && items.reason(i) !== reason.node.value) continue;
      if (cell.node.value !== "" && items.cell(i) !== cell.node.value) continue;
      if (reply.node.value !== "" && items.reply(i) !== reply.node.value) continue;
      if (suite.node.value !== "" && items.suite(i) !== suite.node.value) continue;
      if (only !== null && items.round(i) !== only) continue;
      if (wanted && (items.round(i) !== wanted[0] || items.advice(i) !== wanted[1])) continue;
      if (words !== "" && !items.searched(i).includes(words)) continue;
      matches.push(i);
    }
    found.textContent = whole(matches.length) + " of " + whole(items.count) + " items";
    chip.hidden = advice === "";
    chip.textContent = advice === "" ? "" : "advice " + advice + " ×";
    chip.setAttribute("aria-label", "Remove the filter for advice " + advice);
    rows.show(matches.length);
  }

  function set(given) {
    if (given.search !== undefined) search.value = given.search;
    if (given.verdict !== undefined) verdict.set(given.verdict);
    if (given.reason !== undefined) reason.set(given.reason);
    if (given.cell !== undefined) cell.set(given.cell);
    if (given.reply !== undefined) reply.set(given.reply);
    if (given.suite !== undefined) suite.set(given.suite);
    if (given.round !== undefined) round.value = given.round;
    if (given.advice !== undefined) advice = given.advice;
    refresh();
  }

  /** Shows one item, whatever the filters say. */
  function open(id) {
    const item = items.byId(id);
    if (!item) return;
    if (!matches.includes(item.at)) actions.filter({ advice: "" });
    rows.activate(matches.indexOf(item.at));
    choose(item);
    byId("items").scrollIntoView();
    detail.focus({ preventScroll: true });
  }

  section("items", "Items", "", element("div", { class: "tools", role: "search" },
    element("label", { for: "search", class: "search" }, "Search ", search), verdict.label, reason.label, cell.label,
    items.replied ? reply.label : null, evaluates ? suite.label : null,
    element("label", { for: "filter-round" }, "round ", round), chip, reset),
  found, element("div", { class: "two" }, rows.node, detail));
  rows.node.classList.add("item-rows");
  refresh();
  return { open, search, show: (given) => {
    actions.filter({ advice: "", ...given });
    byId("items").scrollIntoView();
    rows.node.focus({ preventScroll: true });
  } };
}
