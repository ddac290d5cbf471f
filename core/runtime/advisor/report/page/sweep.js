// Puts the page of a sweep together: its head, the sections on its arms, its runs, and
// the commands.
"use strict";

/** The differences whose interval leaves out 0, and all that have one. */
function toldApart(found) {
  let clear = 0, all = 0;
  for (const arm of found.arms) {
    for (const one of Object.values(arm.versus ? arm.versus.measures : {})) {
      if (isNumber(one.low)) all += 1;
      if (one.verdict) clear += 1;
    }
  }
  return { clear, all };
}

/** The arms with the most of a measure: several where their means are the same. */
function leaders(found, name) {
  const arms = found.arms.filter((arm) => arm.means[name]);
  const most = Math.max(...arms.map((arm) => arm.means[name].mean));
  return arms.filter((arm) => arm.means[name].mean === most);
}

function leaderTile(title, found, name) {
  const [best, ...others] = leaders(found, name);
  if (!best) return tile(title, "–", "no run is done");
  const range = interval(best.means[name], short);
  return tile(title, short(best.means[name].mean), shortened(best.name, 40)
    + (others.length ? " and " + whole(others.length) + " more" : range ? " (" + range + ")" : ""));
}

function sweepHead(found) {
  const tasks = list(found.tasks), done = tasks.filter((task) => task.state === "done").length;
  const name = found.folder.replace(/^.*\//, ""), apart = toldApart(found);
  document.title = visible(name) + " · Data Advisor comparison";
  byId("name").textContent = visible(name);
  byId("facts").textContent = visible([found.kind, found.arms.length + " arms", list(found.seeds).length + " seeds",
    ...list(found.experiments).map((experiment) => experiment.path + " " + experiment.hash),
    "compared with " + found.arms[0].name].join(" · "));
  byId("headline").append(
    tile("Runs done", done + " of " + tasks.length, done === tasks.length ? "none is missing" : tasks.length - done + " missing", done < tasks.length),
    tile("Arms", whole(found.arms.length), "at " + whole(list(found.seeds).length) + " seeds each"),
    tile("Differences told apart", apart.clear + " of " + apart.all, apart.all
      ? "by chance alone about " + decimal(apart.all * 0.05, 1) : "none has an interval"),
    leaderTile("Most items kept", found, "kept"), leaderTile("Most cells covered", found, "cells"));
}

function runRow(found, task) {
  const next = task.link ? element("a", { href: task.link }, "report") : element("code", {}, visible(task.command));
  return [number(task.number), armName(found.arms[task.arm - 1], task.arm - 1), number(task.seed),
    element("span", { class: "word " + (task.state === "done" ? "" : "bad") }, visible(task.state + (task.why && task.state !== "done" ? ": " + task.why.split("\n")[0] : ""))),
    number(isNumber(task.kept) ? whole(task.kept) : "–"), number(isNumber(task.drafts) ? whole(task.drafts) : "–"),
    task.digest ? element("code", {}, visible(task.digest)) : "–", next];
}

function runsSection(found) {
  section("runs", "Runs", "Each with its own report where that was made, else with the command that makes it.",
    table(["#task", "arm", "#seed", "state", "#kept", "#drafts", "digest", "its report"],
      list(found.tasks).map((task) => runRow(found, task)), "Runs"));
}

function sweepSetupSection(found) {
  const commands = list(found.commands);
  section("setup", "What was run", "",
    element("h3", {}, "The command that makes it again"),
    commands[1] ? code(commands[1]) : element("p", { class: "note" }, "Its plan was not made by one command; sweep.json in its folder holds it."),
    element("h3", {}, "The command that goes on with it"), code(commands[0]),
    table(["what", "value"], [["folder", found.folder], ["kind", found.kind], ["begun in", found.begun_in],
      ["seeds", list(found.seeds).join(", ")],
      ["replies shared", found.share ? "the other arms take the first arm's where a whole call is the same" : "no"],
      ["set in all arms", list(found.set).join(" ") || "nothing"]], "The sweep"),
    table(["experiment", "hash"], list(found.experiments).map((experiment) =>
      [element("code", {}, visible(experiment.path)), element("code", {}, visible(experiment.hash))]), "Experiments"));
}

function startSweep() {
  const began = performance.now();
  themeButton();
  const found = block("report");
  sweepHead(found);
  armsSection(found);
  measuresSection(found);
  differencesSection(found);
  curvesSection(found);
  armDropsSection(found);
  runsSection(found);
  sweepSetupSection(found);
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

startSweep();
