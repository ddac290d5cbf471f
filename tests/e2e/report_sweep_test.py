#!/usr/bin/env python3
"""`advisor report` of a sweep: the page of its comparison, and its figures."""

import csv
import json
import re
import shlex
import shutil
import unittest

import browser
import support
from report_test import EXPERIMENT, Page

HOSTILE = "</script><img src=x onerror='window.broken = 1'>\u202e"


class SweepReportCase(support.Case):
    def setUp(self):
        super().setUp()
        self.experiment = self.write("shop.lua", EXPERIMENT % 5)

    def sweep(self, *options, name="s"):
        folder = self.dir / name
        support.run_advisor("sweep", self.experiment, *options, "-o", folder,
                            cwd=self.dir)
        return folder

    def advice(self):
        return self.sweep("--vary", "pipeline.advise=no_advice,weighted_gaps",
                          "--seeds", "3")

    def hostile(self):
        """A sweep whose second arm has a name that is to stay text."""
        values = [json.dumps(["Delivery"]), json.dumps([HOSTILE])]
        return self.sweep("--vary", "seeds.summary=" + json.dumps(values),
                          "--seeds", "3")

    def report(self, folder, *options, **more):
        done = support.run_advisor("report", folder, "--json", *options,
                                   **more)
        return json.loads(done.stdout)

    def page_of(self, folder):
        return Page((folder / "report.html").read_text(encoding="utf-8"))

    def data(self, folder):
        return json.loads(self.page_of(folder).scripts["report"])


class SweepReportTest(SweepReportCase):
    def test_the_page_says_what_compare_says(self):
        folder = self.advice()
        self.report(folder)
        found = self.data(folder)
        compared = json.loads(support.run_advisor(
            "compare", folder, "--json").stdout)
        for mine, theirs in zip(found["arms"], compared["arms"], strict=True):
            for key in ("name", "means", "dropped", "curve"):
                self.assertEqual(mine[key], theirs[key], key)
            self.assertEqual(mine["runs"], 3)
        verdicts = {name: x["verdict"] for name, x in
                    found["arms"][1]["versus"]["measures"].items()}
        self.assertEqual(found["arms"][1]["versus"],
                         compared["arms"][1]["versus"])
        text = support.run_advisor("compare", folder).stdout
        for name, verdict in verdicts.items():
            lines = re.findall(rf"^  {name} .*$", text, re.M)
            self.assertEqual(bool(re.search("better|worse", lines[1])),
                             verdict != "", lines[1])
            self.assertTrue(lines[1].endswith(verdict), lines[1])
        self.assertIn("better", verdicts.values())
        for task in found["tasks"]:
            status = support.status(task["folder"])
            self.assertEqual((task["state"], task["kept"], task["digest"]),
                             ("done", status["kept"], status["digest"]))

    def test_the_page_is_one_file_with_a_strict_policy(self):
        folder = self.advice()
        self.report(folder)
        source = (folder / "report.html").read_text(encoding="utf-8")
        page = self.page_of(folder)
        nonce = re.search(r"script-src 'nonce-(\w{32})'", source)[1]
        self.assertEqual(
            re.search(r'Content-Security-Policy" content="(.*?)"', source)[1],
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src "
            f"'nonce-{nonce}'; base-uri 'none'; form-action 'none'")
        for name, value in page.attributes:
            self.assertNotIn(name, ("src", "style"))
            self.assertFalse(name.startswith("on"), name)
            if name == "href":
                self.assertRegex(value, "^#")
        code = page.scripts["code"]
        self.assertNotRegex(code, r"fetch\(|XMLHttpRequest|import\(|"
                                  r"innerHTML|insertAdjacent|eval\(")
        self.assertEqual(set(re.findall(r"https?://[^\"' ]*", source)),
                         {"http://www.w3.org/2000/svg"})
        self.assertEqual(sorted(page.scripts), ["code", "report"])
        first = source
        self.report(folder, "-o", self.dir / "again")
        self.assertEqual((self.dir / "again/report.html").read_text("utf-8"),
                         first)

    def test_its_command_makes_the_same_runs(self):
        folder = self.hostile()
        self.report(folder)
        found = self.data(folder)
        words = shlex.split(found["commands"][1])
        self.assertEqual((words[0], words[-1]), ("advisor", "NEW"))
        support.run_advisor(*words[1:-1], "again", cwd=self.dir)
        self.report(self.dir / "again")
        self.assertEqual(
            [task["digest"] for task in self.data(self.dir / "again")["tasks"]],
            [task["digest"] for task in found["tasks"]])

    def test_what_is_missing_is_said_with_the_command_that_makes_it(self):
        folder = self.advice()
        shutil.rmtree(folder / "runs/02-advise=weighted_gaps/seed-2")
        done = folder / "runs/01-advise=no_advice/seed-1"
        support.run_advisor("report", done, "--open", "no")
        self.report(folder)
        found = self.data(folder)
        self.assertEqual(found["missing"], 1)
        self.assertEqual([arm["runs"] for arm in found["arms"]], [3, 2])
        first, second, *_, fifth, _ = found["tasks"]
        self.assertEqual((folder / first["link"]).resolve(),
                         (done / "report.html").resolve())
        self.assertEqual(second["command"],
                         f"advisor report {second['folder']}")
        self.assertEqual((fifth["state"], fifth["command"]),
                         ("absent", f"advisor sweep {folder} --task 5"))
        support.run_advisor(*fifth["command"].split()[1:], cwd=self.dir)
        self.report(folder)
        self.assertEqual(self.data(folder)["missing"], 0)

    def test_figures_have_their_numbers_beside_them(self):
        folder = self.advice()
        said = self.report(folder)
        names = {x.split(".")[0] for x in said["files"]}
        self.assertLessEqual({"curve_cells", "curve_kept", "difference_kept",
                              "difference_cost"}, names)
        figures = folder / "figures"
        with open(figures / "difference_kept.csv", newline="",
                  encoding="utf-8") as f:
            (row,) = csv.DictReader(f)
        kept = self.data(folder)["arms"][1]["versus"]["measures"]["kept"]
        self.assertEqual(row["arm"], "advise=weighted_gaps")
        for column, key in (("difference", "mean"), ("low", "low"),
                            ("high", "high")):
            self.assertAlmostEqual(float(row[column]), kept[key])
        if said["note"] and "not installed" in said["note"]:
            self.skipTest("gnuplot is not installed")
        self.assertIsNone(said["note"])
        for name in names:
            self.assertTrue((figures / f"{name}.pdf").read_bytes()
                            .startswith(b"%PDF"), name)
            self.assertIn("</svg>", (figures / f"{name}.svg").read_text())

    def test_hostile_names_stay_data(self):
        folder = self.hostile()
        said = self.report(folder)
        page = self.page_of(folder)
        self.assertEqual(page.tags.count("script"), 2)
        self.assertNotIn("img", page.tags)
        self.assertEqual(self.data(folder)["arms"][1]["name"],
                         "summary=" + HOSTILE)
        for path in (folder / "figures").glob("*.gp"):
            self.assertNotIn("broken", path.read_text(encoding="utf-8"))
        if said["note"]:
            self.assertIn("not installed", said["note"])

    def test_a_folder_that_is_neither_run_nor_sweep_is_refused(self):
        done = support.run_advisor("report", self.dir, expect=1)
        self.assertIn("there is no run in", done.stderr)
        self.write("sweep.json", "[]")
        done = support.run_advisor("report", self.dir, expect=1)
        self.assertIn("is no sweep", done.stderr)


@unittest.skipIf(browser.MISSING, browser.MISSING)
class SweepBrowserTest(SweepReportCase):
    """Of a sweep with a hostile name and a run that is missing."""

    def setUp(self):
        super().setUp()
        self.folder = self.hostile()
        runs = sorted(self.folder.glob("runs/*/*"))
        shutil.rmtree(runs[-1])
        support.run_advisor("report", runs[0], "--open", "no")
        self.report(self.folder)
        self.page = self.enterContext(browser.Browser())
        self.page.open(self.folder / "report.html")

    def tearDown(self):
        self.assertEqual(self.page.complaints(), [])
        self.assertIsNone(self.page.run("return window.broken"))
        super().tearDown()

    def texts(self, selector):
        return self.page.run("return [...document.querySelectorAll("
                             "arguments[0])].map(x => x.textContent)",
                             selector)

    def test_it_shows_every_section_and_names_as_text(self):
        page = self.page
        self.assertEqual(self.texts("h1"), ["s"])
        self.assertEqual(self.texts(".tile strong")[0], "5 of 6")
        self.assertEqual(
            page.run("return [...document.querySelectorAll('section')]"
                     ".map(x => x.id)"),
            ["arms", "measures", "differences", "curves", "drops", "runs",
             "setup"])
        shown = "summary=" + HOSTILE.replace("\u202e", "⟨U+202E⟩")
        self.assertEqual(self.texts("#arms tbody tr:nth-child(2) .key"),
                         [shown])
        self.assertIn(shown, self.texts("#measures th"))
        self.assertEqual(page.run("return document.querySelectorAll("
                                  "'img, iframe, object').length"), 0)
        found = self.data(self.folder)
        measures = found["arms"][1]["versus"]["measures"]
        self.assertEqual(len(self.texts("svg.forest")), len(measures))
        readings = self.texts("#differences tbody td:last-child")
        self.assertEqual(len(readings), len(measures))
        for reading in readings:
            self.assertRegex(reading, "^(▲ better|▼ worse|not told apart|"
                                      "alike in all pairs|the same in all)")
        self.assertEqual(len(self.texts("#curves svg.chart")), 7)
        page.run("document.querySelectorAll('details').forEach("
                 "x => { x.open = true })")
        self.assertLessEqual(page.run(
            "return document.documentElement.scrollWidth"), 1400)

    def test_a_run_leads_to_its_report(self):
        page = self.page
        rows = self.texts("#runs tbody tr")
        self.assertEqual(len(rows), 6)
        self.assertIn("absent", rows[-1])
        self.assertIn("--task 6", rows[-1])
        page.run("document.querySelector('#runs a').click()")
        page.wait("return document.readyState === 'complete' && document"
                  ".getElementById('items') && document.documentElement"
                  ".dataset.ready")
        self.assertIn("report of a run", self.texts(".kind")[0])

    def test_charts_are_read_by_keyboard(self):
        page = self.page
        page.run("document.querySelector('#curves svg.chart').focus()")
        last = self.texts("#curves .reading")[0]
        page.keys(browser.HOME)
        self.assertNotEqual(self.texts("#curves .reading")[0], last)
        page.keys(browser.END)
        self.assertEqual(self.texts("#curves .reading")[0], last)

    def test_colours_follow_the_choice(self):
        page = self.page
        paper = "return getComputedStyle(document.body).backgroundColor"
        page.run("document.getElementById('theme').click()")
        light = page.run(paper)
        page.run("document.getElementById('theme').click()")
        self.assertNotEqual(page.run(paper), light)
        page.resize(420, 900)
        self.assertLessEqual(page.run(
            "return document.documentElement.scrollWidth"), 420)


if __name__ == "__main__":
    unittest.main()
