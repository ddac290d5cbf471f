// The sections between coverage and the items: advice, drops, checks, variants,
// saturation, traffic; and at the end what was run.
"use strict";

/** A link to an item, by its id. */
function itemLink(id, openItem) {
  return element("a", { href: "#" + id, click: (event) => {
    event.preventDefault();
    openItem(id);
  } }, id);
}

function share(part, of) {
  const svg = drawn("svg", { class: "bar small", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(drawn("rect", { class: "rest", x: 0, y: 2, width: 100, height: 8 }),
    drawn("rect", { class: "fill", x: 0, y: 2, width: of ? 100 * part / of : 0, height: 8 }));
  return svg;
}

const gapWords = (gap) => gap ? gap.text || (gap.cell ? gap.cell + ": " + decimal(gap.have, 1) + " of " + decimal(gap.want, 1) : JSON.stringify(gap)) : "";

/** A gap beside its target: the numbers say more than the name again. */
const gapNumbers = (gap) => gap && isNumber(gap.have) && isNumber(gap.want)
  ? "has " + decimal(gap.have, gap.have % 1 ? 1 : 0) + " of " + decimal(gap.want, 1) + (gap.principle ? " (" + gap.principle + ")" : "")
  : gapWords(gap);

/** One step of how something came to be: its name, then what is to be said of it. */
const step = (name, ...words) => element("li", {}, element("strong", {}, name), " ", words);

function adviceRow(row, piece) {
  const cells = Object.keys(piece.cells || {}).length;
  row.append(element("span", { class: "number" }, String(piece.round)),
    element("span", { class: "wide", dir: "auto" }, piece.target === undefined ? "no target" : shortened(String(piece.target), 90)),
    element("span", { class: "wide note hide-narrow", dir: "auto" }, shortened(gapNumbers(piece.gap), 110)),
    element("span", { class: "number" }, isNumber(piece.drafts) ? piece.kept + "/" + piece.drafts : piece.state),
    share(piece.kept || 0, piece.drafts || piece.count || 0),
    element("span", { class: "number hide-narrow" }, cells + (cells === 1 ? " cell" : " cells")));
}

function adviceDetail(piece, openItems, callsOf) {
  const gap = piece.gap || {};
  const steps = [
    step("Gap", piece.gap ? passage(gapWords(piece.gap)) : "the strategy named none",
      gap.principle ? element("div", { class: "note" }, "found by " + visible(gap.principle) + " in the state after round " + piece.read_round) : null),
    step("Advice", passage(piece.target === undefined ? "no target" : String(piece.target)),
      piece.instruction ? passage(String(piece.instruction), "note") : null),
    step("Drafts", isNumber(piece.drafts) ? piece.drafts + " of " + piece.count + " asked for" : "this round was not committed",
      isNumber(piece.tokens) ? ", " + whole(piece.tokens) + " tokens" : null),
    step("Kept", isNumber(piece.kept) ? whole(piece.kept) : "–",
      Object.entries(piece.cells || {}).map(([cell, n]) => element("div", { dir: "auto" }, visible(cell) + ": " + n)))];
  return [element("h3", {}, "Round " + piece.round + ", advice " + piece.position),
    element("ol", { class: "steps" }, steps),
    element("p", {}, element("button", { type: "button",
      click: () => openItems({ advice: piece.round + "/" + piece.position }) }, "Show its drafts")),
    folded("Calls of the advisor in this round", () => callsOf(piece.round, (stage) => stage === "advise" || stage === "compare"))];
}

function adviceSection(arm, openItems, callsOf) {
  const pieces = list(arm.advice);
  const detail = element("div", { class: "detail", "aria-live": "polite" }, element("p", { class: "note" }, "Choose a piece of advice."));
  const rows = longList({ label: "Advice", rowHeight: 26, render: (row, i) => adviceRow(row, pieces[i]),
    choose: (i) => detail.replaceChildren(...adviceDetail(pieces[i], openItems, callsOf).flat(Infinity)) });
  rows.node.classList.add("advice-rows");
  section("advice", "Advice", whole(pieces.length) + " pieces of advice in order: what was missing, what was advised, what came of it.",
    element("div", { class: "two" }, element("div", {},
      element("div", { class: "row head", "aria-hidden": "true" }, element("span", { class: "number" }, "round"), element("span", { class: "wide" }, "target"),
        element("span", { class: "wide hide-narrow" }, "gap"), element("span", { class: "number" }, "kept"), element("span", {}), element("span", { class: "number hide-narrow" }, "reached")),
      rows.node), detail));
  rows.show(pieces.length);
  const notes = list(arm.notes);
  if (notes.length) {
    byId("advice").append(folded("Notes of the scripts and failed rounds (" + whole(notes.length) + ")", () =>
      table(["#round", "stage", "script", "note"], notes.slice(0, 500).map((note) =>
        [number(note.round), note.stage, note.script || "", passage(note.text)]), "Notes")));
  }
  return rows;
}

function example(item, nearest, openItem) {
  return element("li", {}, itemLink(item.id, openItem), " ", passage(shortened(item.text, 400)),
    item.finding && item.finding.text ? element("div", { class: "note" }, visible(item.finding.text)) : null,
    nearest ? element("div", { class: "nearest" }, "nearest: ", nearest.id ? itemLink(nearest.id, openItem) : null,
      isNumber(nearest.score) ? " (" + decimal(nearest.score, 3) + ") " : " ", passage(shortened(nearest.text || "", 400))) : null);
}

function dropsSection(arm, items, openItems) {
  const rows = list(arm.dropped);
  const most = Math.max(1e-9, ...rows.map((row) => row.high));
  section("drops", "Drops", rows.length ? "Why drafts were not kept, with shares of all drafts and examples from over the run." : "No draft was dropped.",
    rows.map((row) => {
      const line = element("summary", { class: "drop" }, element("span", { class: "wide" }, visible(row.reason)),
        bar(row, most), element("span", { class: "number" }, whole(row.count)),
        element("span", { class: "number share" }, percent(row.share) + " (" + between(row.low, row.high) + ")"));
      const made = element("details", {}, line);
      made.addEventListener("toggle", () => {
        if (!made.open || made.children.length > 1) return;
        made.append(element("ul", { class: "examples" }, list(row.examples).map((id) => {
          const item = items.byId(id);
          return item ? example(item, items.nearest(item), items.open) : null;
        }).filter(Boolean)), element("p", {}, element("button", { type: "button",
          click: () => openItems({ reason: row.reason }) }, "Show all " + whole(row.count))));
      });
      return made;
    }));
}

function checksSection(arm, items) {
  const rows = list(arm.checks);
  if (!rows.length) return;
  const unknown = rows.reduce((sum, row) => sum + row.unknown, 0);
  section("checks", "Checks", unknown ? whole(unknown) + " checks could not be made: neither pass nor fail." : "Every check gave a verdict.",
    table(["principle", "#pass", "#fail", "#unknown", "examples of unknown"], rows.map((row) => [row.principle, number(whole(row.pass)),
      number(whole(row.fail)), number(whole(row.unknown)),
      element("span", {}, list(row.examples).flatMap((id) => [itemLink(id, items.open), " "]))]), "Verdicts by principle"));
}

function variantsSection(arm) {
  const rows = list(arm.account.variants);
  const responses = Object.entries(arm.account.responses || {});
  if (rows.length) {
    section("variants", "Prompt variants", "What each variant's drafts came to.",
      table(["variant", "#drafts", "#kept", "#share kept", "#interval", "#tokens a kept item", "drops"], rows.map((row) => [row.variant,
        number(whole(row.drafts)), number(whole(row.kept)), number(percent(row.share)), number(between(row.low, row.high)),
        number(row.kept ? whole(row.tokens / row.kept) : "–"),
        Object.entries(row.reasons || {}).map(([name, n]) => name + " " + n).join(", ")]), "Prompt variants"));
  }
  if (responses.length) {
    section("responses", "Responses", "Replies to kept items, made after their commit.",
      table(["verdict", "#responses"], responses.map(([verdict, n]) => [verdict, number(whole(n))]), "Responses"));
  }
}

function saturationSection(arm) {
  const n = arm.saturation.numbers, options = arm.saturation_options, end = last(list(arm.points));
  const reach = end.reachable || {};
  const lead = n.drafts === n.unlabelled ? "No kept item has a cell, so nothing can be said." : arm.saturation.saturated
    ? "Saturated: more drafts would hardly bring new cells."
    : "Not saturated: it waits for " + arm.saturation.waiting_for + ".";
  section("saturation", "Saturation", lead, table(["estimate", "#value", "meaning"], [
    ["cells seen", number(n.cells), "of them once: " + n.once + ", twice: " + n.twice + " (a steered cell counts once a round)"],
    ["reachable cells, at least", number(decimal(reach.value, 1)), "Chao1" + (isNumber(reach.low) ? ", " + decimal(reach.low, 1) + " to " + decimal(reach.high, 1) : "")],
    ["cells if all were alike", number(decimal(n.equal_cells, 1)), "Lewontin and Prout 1956"],
    ["few enough missing", number(percent(n.probability)), "probability that at most " + n.allowed + " cells are missing; " + percent(options.confidence, 0) + " is wanted"],
    ["unseen mass", number(percent(n.unseen_mass)), "chance that the next item is of a new cell (Good-Turing), " + between(n.unseen_low, n.unseen_high) + "; " + percent(options.threshold, 0) + " or less is wanted"],
    ["rate of new cells", number(percent(n.new_rate)), n.new_cells + " in the last " + n.window + " kept items with a cell"],
    ["its slope", number(isNumber(n.slope) ? n.slope.toExponential(1) : "–"), "a kept item" + (isNumber(n.slope_error) ? ", standard error " + n.slope_error.toExponential(1) : "")],
  ], "Estimates of saturation"));
}

function trafficSection(arm) {
  const traffic = arm.traffic, flight = traffic.flight, account = arm.account;
  const points = list(flight.points), short = (v) => String(Number(v.toFixed(2)));
  const lead = whole(account.calls) + " calls in " + whole(traffic.attempts) + " attempts over " + duration(flight.seconds * 1000)
    + (flight.pauses ? " (" + flight.pauses + " pauses left out)" : "") + "; at most " + flight.peak + " in flight at once.";
  const time = (value) => number(value ? duration(value.p50) + " / " + duration(value.p90) + " / " + duration(value.p99) : "–");
  section("traffic", "Cost and calls", lead,
    table(["role", "endpoint", "#calls", "#attempts", "#prompt tokens", "#completion tokens", "#cost", "#latency p50 / p90 / p99", "#first byte p50 / p90 / p99"],
      list(traffic.roles).map((role) => [role.role, role.endpoint, number(whole(role.calls)), number(whole(role.attempts)),
        number(whole(role.prompt)), number(whole(role.completion)), number(money(role.cost)), time(role.latency), time(role.first_byte)]), "Roles"),
    element("div", { class: "figures" },
      curve({ title: "In flight", x: "Second", xDigits: 1, format: (v) => decimal(v, 1), tick: short, range: [0, roof(points.map((p) => p.in_flight), 1)],
        note: "mean number of attempts", series: [{ name: "in flight", colour: "c1", points: points.map((p) => [p.second, p.in_flight]) }] }),
      curve({ title: "Begun a second", x: "Second", xDigits: 1, format: (v) => decimal(v, 1), tick: short, range: [0, roof(points.map((p) => p.begun_per_second), 1)],
        series: [{ name: "attempts", colour: "c3", points: points.map((p) => [p.second, p.begun_per_second]) }] }),
      curve({ title: "Latency", x: "Second", xDigits: 1, format: duration, tick: (v) => (v < 1 ? Number(v.toFixed(3)) + " ms" : duration(v).replace(".0", "")), note: "median of the attempts begun then",
        range: [0, roof(points.map((p) => p.latency), 0.1)], series: [{ name: "latency", colour: "c2", points: points.filter((p) => isNumber(p.latency)).map((p) => [p.second, p.latency]) }] })),
    table(["outcome of an attempt", "#attempts", "#share", "#interval"], list(traffic.classes).map((row) =>
      [row.class, number(whole(row.attempts)), number(percent(row.share)), number(between(row.low, row.high))]), "Outcomes"));
  const unknown = list(traffic.unknown);
  if (unknown.length) {
    byId("traffic").append(folded("Attempts in doubt (" + whole(unknown.length) + "): possibly paid", () =>
      table(["#attempt", "call", "why"], unknown.slice(0, 500).map((row) => [number(row.id),
        row.round + " " + row.stage + "/" + row.lane + " call " + row.ordinal + ", attempt " + row.n, row.why || "in flight when the process ended"]), "In doubt")));
  }
}

function setupSection(arm) {
  const setup = arm.setup;
  section("setup", "What was run", "",
    element("h3", {}, "The command that reproduces it"), code(list(setup.commands).join("\n")),
    element("p", { class: "note" }, "The digest of the new run's kept items should be " + arm.account.digest
      + ". A model server that samples freely answers otherwise; the recorded run does not."),
    table(["what", "value"], [["run", setup.folder], ["program", setup.version], ["begun", moment(setup.created_ms)], ["last round", moment(arm.ended_ms)],
      ["seed", setup.seed], ["rounds", (setup.rounds === undefined ? "not limited" : setup.rounds) + (setup.accept ? ", until " + setup.accept + " items are kept" : "")],
      ["drafts a round", setup.per_round], ["rounds ahead", setup.ahead], ["pool", setup.pool], ["seed items", setup.seeds], ["digest", arm.account.digest]], "The run"),
    table(["role", "model", "interface", "at", "sampling", "price of a million tokens"], list(setup.models).map((role) => role.same_as
      ? [role.role, "as " + role.same_as] : [role.role, role.model || "", role.api, list(role.urls).join(", "),
        Object.entries(role.sampling || {}).map(([key, value]) => key + " " + JSON.stringify(value)).join(", "),
        role.price ? role.price.prompt + " prompt, " + role.price.completion + " completion" : ""]), "Models"),
    table(["kind", "script", "from", "hash", "options", "source"], list(setup.scripts).map((script) => [script.kind, script.name, script.origin,
      element("code", {}, script.hash), element("code", {}, script.options && Object.keys(script.options).length ? shortened(JSON.stringify(script.options), 160) : ""),
      folded("source", () => code(script.source))]), "Scripts"),
    folded("The experiment as written", () => code(setup.experiment || "")),
    folded("The experiment with defaults filled in", () => code(JSON.stringify(JSON.parse(setup.resolved), null, 2))),
    arm.summary ? folded("The summary after the last round", () => passage(arm.summary)) : null);
}
