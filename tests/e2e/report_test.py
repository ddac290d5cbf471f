#!/usr/bin/env python3
"""`advisor report`: the files it writes, and the page in a browser."""

import contextlib
import csv
import json
import re
import sqlite3
import unittest
from html.parser import HTMLParser

import browser
import support

EXPERIMENT = """
return {
  name = "report", seed = 3, rounds = %d, per_round = 8,
  models = { default = { api = "simulated", obedience = 0.8, refusal_rate = 0.05,
    repeat_rate = 0.1, price = { prompt = 1, completion = 2 } } },
  pipeline = {
    advise = "weighted_gaps", generate = "adaptive_few_shot", summarize = "topic_list",
    filter = { "exact_duplicate", { "near_duplicate", threshold = 0.8 } },
  },
  principles = { "coverage", { "well_formed", ending = "?" }, "on_target" },
  coverage = { taxonomy = "department_store", label = "by_advice" },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" },
    summary = { "Delivery" } },
}
"""

# What must stay text, wherever it stands.
HOSTILE = [
    "</script><script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 1'>",
    "\u202eright to left\u2066 and no end",
    "a\0b",
    "x" * 100_000,
    "${window.broken = 1} {{constructor}} {nonce} {js}",
    "<!-- <script> \u2028 \u2029 -->",
    "=cmd|' /C calc'!A0",
]


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts by id."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.scripts, self._open = [], [], {}, None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag in ("script", "style"):
            self._open = (tag, dict(attrs))

    def handle_endtag(self, tag):
        if self._open and tag == self._open[0]:
            self._open = None

    def handle_data(self, data):
        if self._open and self._open[0] == "script":
            key = self._open[1].get("id", "code")
            self.scripts[key] = self.scripts.get(key, "") + data


class ReportCase(support.Case):
    def make_run(self, rounds=6):
        path = self.write("report.lua", EXPERIMENT % rounds)
        run = self.dir / "run"
        support.run_advisor("run", path, "-o", run, "--set", "seed=11",
                            cwd=self.dir)
        return run

    def make_hostile(self, run):
        """Puts hostile texts wherever a run holds a text of a model's."""
        self.damaged.add(run)  # Its replies are no longer what they were.
        with contextlib.closing(sqlite3.connect(run / "run.db")) as db:
            ids = db.execute("SELECT round, item_index FROM item ORDER BY "
                             "round, item_index LIMIT ?",
                             (len(HOSTILE),)).fetchall()
            for (number, index), text in zip(ids, HOSTILE):
                db.execute(
                    "UPDATE item SET text = ?1, target = ?1, cell = ?1, "
                    "finding = ?2, verdict = 'dropped', reason = ?3 WHERE "
                    "round = ?4 AND item_index = ?5",
                    (text, json.dumps({"nearest": "r1-2", "score": 0.5,
                                       "text": text}),
                     text[:60], number, index))
            # The longest stays as it is: one reason that nobody could read.
            db.execute("UPDATE item SET reason = '__proto__' WHERE round = 2")
            db.execute(
                "UPDATE round SET advice = ?, summary = ? WHERE round = 1",
                (json.dumps([{"target": x, "instruction": x, "count": 1,
                              "drafts": 1, "kept": 1, "cells": {x: 1},
                              "gap": x} for x in HOSTILE]),
                 json.dumps({"text": HOSTILE[0]})))
            db.execute("UPDATE attempt SET request = ?, role = ?, endpoint = ?"
                       " WHERE round = 1",
                       (json.dumps({"messages": [
                           {"role": HOSTILE[1], "content": HOSTILE[0]}]}),
                        HOSTILE[1], HOSTILE[0]))
            db.execute("UPDATE reply SET raw = ? WHERE attempt IN "
                       "(SELECT id FROM attempt WHERE round = 1)",
                       (json.dumps({"text": HOSTILE[0]}).encode() + b"\xff",))
            db.commit()

    def report(self, run, **options):
        return support.run_advisor("report", run, "--open", "no", **options)


class ReportTest(ReportCase):
    def setUp(self):
        super().setUp()
        self.run_folder = self.make_run()

    def test_the_page_is_one_file_with_its_data_and_a_strict_policy(self):
        self.report(self.run_folder)
        source = (self.run_folder / "report.html").read_text(encoding="utf-8")
        page = Page(source)
        policy = dict(page.attributes)["content"]
        self.assertIn("Content-Security-Policy", source)
        nonce = re.search(r"script-src 'nonce-(\w{32})'", source)[1]
        self.assertEqual(
            re.search(r'Content-Security-Policy" content="(.*?)"', source)[1],
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src "
            f"'nonce-{nonce}'; base-uri 'none'; form-action 'none'", policy)
        self.assertNotIn("src", [name for name, _ in page.attributes])
        self.assertNotIn("style", [name for name, _ in page.attributes])
        for name, value in page.attributes:
            self.assertFalse(name.startswith("on"), name)
            if name == "href":
                self.assertRegex(value, "^#")
        code = page.scripts.pop("code")
        self.assertNotRegex(code, r"fetch\(|XMLHttpRequest|import\(|"
                                  r"innerHTML|insertAdjacent|eval\(")
        self.assertEqual(set(re.findall(r"https?://[^\"' ]*", code)),
                         {"http://www.w3.org/2000/svg"})
        data = {name: json.loads(text) for name, text in page.scripts.items()}
        self.assertEqual(sorted(data), ["calls-0", "items-0", "report"])
        (arm,) = data["report"]["arms"]
        status = support.status(self.run_folder)
        self.assertEqual(arm["account"]["digest"], status["digest"])
        self.assertEqual(arm["account"]["kept"], status["kept"])
        self.assertEqual(len(data["items-0"]["text"]), status["drafts"])
        self.assertEqual(len(data["calls-0"]["id"]), status["attempts"])
        self.assertEqual(
            arm["setup"]["commands"][-2:],
            [f"advisor run {self.dir}/report.lua -o NEW --set seed=11",
             "advisor status NEW"])

    def test_the_same_record_gives_the_same_page(self):
        self.report(self.run_folder, env={"PATH": "/none"})
        first = (self.run_folder / "report.html").read_bytes()
        done = support.run_advisor("report", self.run_folder, "-o",
                                   self.dir / "again", "--json")
        self.assertEqual((self.dir / "again/report.html").read_bytes(), first)
        said = json.loads(done.stdout)
        self.assertEqual(said["bytes"], len(first))

    def test_a_command_of_the_page_makes_the_same_data_set(self):
        self.report(self.run_folder)
        page = Page((self.run_folder / "report.html").read_text("utf-8"))
        (arm,) = json.loads(page.scripts["report"])["arms"]
        command = arm["setup"]["commands"][-2].split()[1:]
        support.run_advisor(*[self.dir / "new" if x == "NEW" else x
                              for x in command], cwd=self.dir)
        self.assertEqual(support.status(self.dir / "new")["digest"],
                         arm["account"]["digest"])

    def test_figures_have_their_numbers_beside_them(self):
        done = support.run_advisor("report", self.run_folder, "--json")
        said = json.loads(done.stdout)
        folder = self.run_folder / "figures"
        names = {x.split(".")[0] for x in said["files"]}
        self.assertLessEqual({"coverage", "cells_covered", "distance",
                              "kept_share", "drops", "variants"}, names)
        self.assertEqual(sorted(said["files"]),
                         sorted(x.name for x in folder.iterdir()))
        with open(folder / "coverage.csv", newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        kept = dict(support.query(
            self.run_folder, "SELECT cell, count(*) FROM item WHERE verdict "
            "= 'kept' AND cell IS NOT NULL GROUP BY cell"))
        self.assertEqual({x["cell"]: int(x["count"]) for x in rows
                          if x["count"] != "0"}, kept)
        if said["note"] and "not installed" in said["note"]:
            self.skipTest("gnuplot is not installed")
        self.assertIsNone(said["note"])
        for name in names:
            self.assertTrue((folder / f"{name}.pdf").read_bytes()
                            .startswith(b"%PDF"), name)
            self.assertIn("</svg>", (folder / f"{name}.svg").read_text())

    def test_without_gnuplot_all_else_is_there(self):
        done = self.report(self.run_folder, env={"PATH": str(self.dir)})
        self.assertIn("gnuplot is not installed", done.stderr)
        self.assertIn("apt-get install gnuplot-nox", done.stderr)
        self.assertTrue((self.run_folder / "report.html").exists())
        kinds = {x.suffix for x in (self.run_folder / "figures").iterdir()}
        self.assertEqual(kinds, {".csv", ".gp"})

    def test_hostile_texts_stay_data(self):
        self.make_hostile(self.run_folder)
        done = support.run_advisor("report", self.run_folder, "--json")
        source = (self.run_folder / "report.html").read_text(encoding="utf-8")
        page = Page(source)
        self.assertEqual(page.tags.count("script"), 4)
        self.assertNotIn("img", page.tags)
        items = json.loads(page.scripts["items-0"])
        self.assertEqual(items["text"][:len(HOSTILE)], HOSTILE)
        note = json.loads(done.stdout)["note"]
        if note:
            self.assertIn("not installed", note)

    def test_a_run_in_any_state_can_be_reported(self):
        empty = self.dir / "empty"
        path = self.write("stop.lua", (EXPERIMENT % 0).replace(
            "rounds = 0", "rounds = 1, stop = { budget = { calls = 1 } }"))
        support.run_advisor("run", path, "-o", empty, cwd=self.dir,
                            expect=None)
        with contextlib.closing(sqlite3.connect(empty / "run.db")) as db:
            for table in ("round", "item", "outcome", "reply", "attempt"):
                db.execute(f"DELETE FROM {table}")
            db.commit()
        self.report(empty)
        self.assertIn("0", (empty / "report.html").read_text("utf-8"))
        done = support.run_advisor("report", self.dir / "none", expect=1)
        self.assertIn("none", done.stderr)
        done = support.run_advisor("report", empty, "--open", "maybe",
                                   expect=2)
        self.assertIn("--open must be yes or no", done.stderr)


@unittest.skipIf(browser.MISSING, browser.MISSING)
class BrowserTest(ReportCase):
    """Of a run with hostile texts in it, so that every test meets them."""

    def setUp(self):
        super().setUp()
        self.folder = self.make_run()
        self.make_hostile(self.folder)
        self.report(self.folder)
        self.page = self.enterContext(browser.Browser())
        self.page.open(self.folder / "report.html")

    def tearDown(self):
        self.assertEqual(self.page.complaints(), [])
        self.assertIsNone(self.page.run("return window.broken"))
        self.assertEqual(self.page.run(
            "return document.querySelectorAll('img, iframe, object').length"),
            0)
        super().tearDown()

    def count(self, condition):
        ((n,),) = support.query(self.folder, "SELECT count(*) FROM item WHERE "
                                + condition)
        return n

    def found(self):
        return int(self.page.run("return document.getElementById('found')"
                                 ".textContent").split()[0].replace(",", ""))

    def choose(self, name, value):
        self.page.run("const s = document.getElementById(arguments[0]);"
                      "s.value = arguments[1];"
                      "s.dispatchEvent(new Event('change'))", name, value)

    def test_it_shows_the_numbers_first_and_every_section(self):
        page = self.page
        self.assertEqual(page.run("return document.querySelector('h1')"
                                  ".textContent"), "report")
        tiles = page.run("return [...document.querySelectorAll('.tile strong')"
                         "].map(x => x.textContent)")
        self.assertEqual(len(tiles), 5)
        self.assertEqual(tiles[0], str(self.count("verdict = 'kept'")))
        ids = page.run("return [...document.querySelectorAll('section')]"
                       ".map(x => x.id)")
        self.assertEqual(ids, ["coverage", "advice", "drops", "checks",
                               "variants", "saturation", "traffic", "items",
                               "setup"])
        self.assertGreaterEqual(page.run(
            "return document.querySelectorAll('svg.chart').length"), 8)
        page.run("document.querySelectorAll('details').forEach("
                 "x => { x.open = true })")

    def test_search_and_filters_find_what_the_record_holds(self):
        page = self.page
        self.assertEqual(self.found(), self.count("1"))
        page.keys("/")
        self.assertEqual(page.run("return document.activeElement.id"),
                         "search")
        page.keys("onerror")
        self.assertEqual(self.found(), 1)
        page.run("document.activeElement.select()")
        page.keys("window.broken")
        self.assertEqual(self.found(), self.count(
            "text LIKE '%window.broken%'"))
        page.run("const s = document.getElementById('search'); s.value = '';"
                 "s.dispatchEvent(new Event('input'))")
        self.choose("filter-verdict", "dropped")
        self.assertEqual(self.found(), self.count("verdict = 'dropped'"))
        self.choose("filter-reason", "on_target")
        self.assertEqual(self.found(), self.count(
            "verdict = 'dropped' AND reason = 'on_target'"))
        self.choose("filter-verdict", "")
        self.choose("filter-reason", "__proto__")
        self.assertEqual(self.found(), self.count("reason = '__proto__'"))
        self.choose("filter-reason", "")
        page.run("const s = document.getElementById('filter-round');"
                 "s.value = '4'; s.dispatchEvent(new Event('input'))")
        self.assertEqual(self.found(), self.count("round = 4"))
        cell = page.run("return document.querySelector('.cell .cell-name')"
                        ".closest('button').getAttribute('aria-label')"
                        ".split(':')[0]")
        page.run("document.querySelector('.cell').click()")
        self.assertEqual(self.found(), self.count(
            f"verdict = 'kept' AND cell = '{cell}'"))

    def test_an_item_leads_back_to_its_advice_gap_and_calls(self):
        page = self.page
        ((number, index, text, advice),) = support.query(
            self.folder, "SELECT round, item_index, text, target FROM item "
            "WHERE verdict = 'kept' AND round = 4 LIMIT 1")
        page.open(self.folder / "report.html", f"r{number}-{index}")
        page.run("for (let k = 0; k < 3; k++) document.querySelectorAll("
                 "'#detail details').forEach(x => { x.open = true;"
                 "x.dispatchEvent(new Event('toggle')) })")
        shown = page.run("return document.getElementById('detail')"
                         ".textContent")
        self.assertIn(text, shown)
        self.assertIn(advice, shown)
        self.assertIn(f"{number} generate/", shown)
        self.assertIn(f"{number} check/", shown)
        self.assertIn("Write one new question", shown)
        self.assertIn("Wrote it", shown)
        self.assertIn("wanted", shown)  # the words of the gap

    def test_hostile_texts_are_shown_as_texts(self):
        page = self.page
        for index, text in enumerate(HOSTILE, 1):
            page.run("location.hash = arguments[0]", f"#r1-{index}")
            page.wait("return document.querySelector('#detail h3')"
                      f".textContent.startsWith('r1-{index} ')")
            shown = page.run("return document.querySelector('.item-text')"
                             ".textContent")
            wanted = re.sub("[\0\u202e\u2066\u2028\u2029]", lambda m:
                            f"⟨U+{ord(m[0]):04X}⟩", text)
            self.assertEqual(shown, wanted)
        page.run("document.querySelectorAll('details').forEach("
                 "x => { x.open = true })")
        self.assertLessEqual(page.run(
            "return document.documentElement.scrollWidth"), 1400)

    def test_it_can_be_used_by_keyboard_alone(self):
        page = self.page
        page.keys("/")
        seen = []
        for _ in range(12):
            page.keys(browser.TAB)
            seen.append(page.run(
                "const a = document.activeElement;"
                "return [a.id || a.className || a.tagName,"
                "getComputedStyle(a).outlineStyle]"))
            if "item-rows" in seen[-1][0]:
                break
        self.assertIn("item-rows", seen[-1][0], seen)
        self.assertNotIn("none", [outline for _, outline in seen])
        page.keys(browser.DOWN + browser.DOWN + browser.ENTER)
        self.assertEqual(page.run(
            "const a = document.activeElement.getAttribute("
            "'aria-activedescendant');"
            "return document.getElementById(a).querySelector('.id')"
            ".textContent"), "r1-2")
        self.assertTrue(page.run("return document.querySelector('#detail h3')"
                                 ".textContent").startswith("r1-2 "))
        page.keys(browser.END)
        last = support.query(self.folder, "SELECT round, item_index FROM item "
                             "ORDER BY round DESC, item_index DESC LIMIT 1")[0]
        self.assertEqual(page.run(
            "return document.querySelector('[aria-selected=true] .id')"
            ".textContent"), "r%d-%d" % last)
        self.assertLess(page.run(
            "return document.querySelectorAll('.item-rows .row').length"),
            self.count("1") + 1)

    def test_colours_follow_the_choice(self):
        page = self.page
        paper = "return getComputedStyle(document.body).backgroundColor"
        page.run("document.getElementById('theme').click()")
        light = page.run(paper)
        page.run("document.getElementById('theme').click()")
        self.assertNotEqual(page.run(paper), light)
        self.assertEqual(light, "rgb(255, 255, 255)")


if __name__ == "__main__":
    unittest.main()
