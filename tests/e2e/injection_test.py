#!/usr/bin/env python3
"""Foreign text stays text: hostile strings as replies, targets, cells and model
names, as what servers and scripts say, as names that users give; then every verb
prints, exports and reports them."""

import csv
import io
import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import support

HOSTILE = [
    # Markup
    "<script>window.broken=1</script>",
    "</script><script>window.broken=1</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "\"><b onmouseover='x()'>bold</b>",
    "<!-- <script> -->",
    "]]></text><script>x</script>",
    "<a href=\"javascript:alert(1)\">go</a>",
    "&lt;b&gt; &amp;quot; &#60;i&#62;",
    "{{constructor.constructor('x')()}} ${7*7} {nonce} {js} {report}",
    "<style>*{display:none}</style>",
    "<base href=//else.example><meta http-equiv=refresh content=0>",
    # Terminals
    "\x1b[31mred\x1b[0m and \x1b[2J gone",
    "\x1b]8;;http://else.example\x07link\x1b]8;;\x07",
    "\x1b]52;c;ZWNobyBoaQ==\x07",
    "\x1b]0;title\x07\x1b[6n\x1bP+q544e\x1b\\",
    "\u009b31mC1\u009b0m \u0085 \u0090",
    "back\b\b\b\bspace and\rreturn",
    "bell\a and \x7f and \x0e\x0f",
    "a\0b with a NUL",
    # Writing directions
    "\u202egnp.exe\u202c is what",
    "\u2066isolate\u2069 \u200f\u200e \u061c marks",
    # Spreadsheets
    "=HYPERLINK(\"http://else.example\",\"x\")",
    "=cmd|' /C calc'!A0",
    "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", " =1+1", "'=1+1",
    "a,b\",\"c\r\n=1+1", ";=1+1",
    # SQL
    "'; DROP TABLE item; --",
    "\" OR 1=1; ATTACH 'x.db' AS y; --",
    "Robert'); DELETE FROM reply WHERE ('1'='1",
    "%s %n %d ?1 :name @p $x",
    # Files
    "../../../../tmp/pwned", "/etc/passwd", "C:\\\\con\\nul", "~/.bashrc",
    "$(touch pwned) `touch pwned` ; touch pwned & | > pwned",
    "'; touch pwned; '",
    # JSON and lines
    "line\nbreak\r\nand\u2028and\u2029and\u0085end",
    "\"},{\"text\":\"two\"}\n{\"id\":\"r9-9\"}",
    "\\u0000 \\ud800 \\n \\\\ as words",
    "\ud800 half", "\udfff the other half",
    "\ufeffmark \ufffe \uffff",
    # Markdown and YAML
    "``` \n````\n~~~\n<b>out of the fence</b>",
    "![x](http://else.example/x.png) [y](javascript:x) <http://else.example>",
    "| a | b |\n|---|---|\n| c | d |\n\n# Heading\n- item\n1. one",
    "---\nlicense: mit\nconfigs: []\n---\n# Other",
    "yes: &a *a !!python/object:os.system {x: [y]}",
    "*/ -->  ]] <% %> <?php ?>",
    # gnuplot, Lua, shells of other kinds
    "x^{2}_{i} @a `touch pwned` \" ' \\ #",
    "\"; system(\"touch pwned\"); print \"",
    "]] os.execute('touch pwned') --[[ ]=] ",
    "\" .. os.exit() .. \"",
    "#SBATCH --uid=0\n#!/bin/sh\ntouch pwned",
    "%n%s%x {words} {least} {name}",
    "A" * 3000 + " long",
]

# One of each kind, where a text costs several runs.
SOME = [next(t for t in HOSTILE if t.startswith(start)) for start in (
    "</script>", "\x1b[31m", "\x1b]52", "\u009b", "a\0b", "\u202e", "=cmd",
    "line\nbreak", "\ud800", "---\n")]

# Each text comes as a reply, and is a draft, its target, its cell and its reason.
STRATEGIES = {
    "advise/told": """return {
  api = 1, kind = "advise", description = "What the model says, as targets.",
  run = function(ctx, state)
    local list = {}
    for i = 1, %d do list[i] = i end
    return ctx.map(list, function(i)
      local reply = assert(ctx.ask("advisor", ("[%%d] name"):format(i + 1000 * (state.round + 1))))
      return { target = reply.text, instruction = reply.text, count = 1 }
    end)
  end,
}
""" % len(HOSTILE),
    "generate/told": """return {
  api = 1, kind = "generate", description = "What the model says.",
  run = function(ctx, state, advice)
    local reply = assert(ctx.ask("generator", "Say: " .. advice.target))
    ctx.log("the model said " .. reply.text)
    ctx.note("the model said " .. reply.text)
    return { { text = reply.text, note = reply.text } }
  end,
}
""",
    "filter/told": """return {
  api = 1, kind = "filter", description = "Drops every third with the text as the reason.",
  run = function(_, _, drafts)
    local verdicts = {}
    for i, draft in ipairs(drafts) do
      verdicts[i] = i %% 3 == 0 and { verdict = "fail", reason = draft.text, text = draft.text }
        or { verdict = "pass" }
    end
    return verdicts
  end,
}
""".replace("%%", "%"),
    "respond/told": """return {
  api = 1, kind = "respond", description = "Repeats the question.",
  run = function(_, item) return { response = item.text, verdict = "safe", rejected = item.text .. "!" } end,
}
""",
    "generate/raises": """return {
  api = 1, kind = "generate", description = "Fails with what the model says.",
  run = function(ctx)
    local reply, why = ctx.ask("generator", "Say it")
    error("it said " .. tostring(reply and reply.text or why), 0)
  end,
}
""",
}

EXPERIMENT = """-- luacheck: read globals env
return {
  name = "shop", seed = 5, rounds = 1,
  models = { default = { url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"),
    key_env = "OPENAI_API_KEY" } },
  pipeline = { advise = "told", generate = "told", filter = { "told", "exact_duplicate" },
    summarize = "topic_list", respond = "told" },
  coverage = { taxonomy = %s, label = "by_advice" },
  principles = { "coverage" },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" },
    summary = { "Delivery" } },
}
"""

# The server says the text whose number is in the prompt, or that the prompt holds.
SCRIPT = """import json, os, re
HERE = os.path.dirname(__file__)
TEXTS = json.load(open(os.path.join(HERE, "hostile.json")))

def reply(body, prompt, attempt):
    number = re.search(r"\\[(\\d+)\\] name", prompt)
    if number:
        return {"text": TEXTS[int(number[1]) % 1000 - 1]}
    said = prompt.partition("Say: ")[2]
    if said:
        return {"text": said}
    wanted = os.path.join(HERE, "wanted.json")
    if os.path.exists(wanted):
        return json.load(open(wanted))
"""

# What a terminal would obey, or show in another order.
ACTING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def repaired(text):
    """A text as it comes out of a reply: half a pair is no character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def lua(text):
    """A text as Lua reads it."""
    return '"' + "".join(f"\\{b:03d}" for b in text.encode()) + '"'


class Elements(HTMLParser):
    """The elements of a page with their attributes' names."""

    def __init__(self, source):
        super().__init__()
        self.found = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))


class InjectionCase(support.Case):
    def setUp(self):
        super().setUp()
        for name, text in STRATEGIES.items():
            self.write(f"strategies/{name}.lua", text)
        self.write("hostile.json", json.dumps(HOSTILE))
        self.script = self.write("script.py", SCRIPT)
        self.path = self.write("shop.lua", EXPERIMENT % (
            "{ cells = { %s } }" % ", ".join(
                lua(t) for t in map(repaired, HOSTILE))))

    def advisor(self, *args, expect=0, env=None, exact=False):
        """Runs a verb; what it prints must move no terminal."""
        done = subprocess.run(
            [support.ADVISOR, *map(str, args)], cwd=self.dir, timeout=180,
            env=support.environment(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        self.assertInert(done.stderr, args)
        if not exact:
            self.assertInert(done.stdout, args)
        self.assertNotIn(b"fault in the program", done.stderr)
        return done

    def assertInert(self, data, what):
        text = data.decode()  # Ill-formed UTF-8 is an error as well.
        found = ACTING.search(text)
        if found:
            at = found.start()
            self.fail(f"{what}: {text[max(0, at - 80):at + 20]!r}")

    def curate(self, run="run", model="scripted"):
        server = self.server("--script", self.script)
        self.advisor("run", self.path, "-v", "-o", run, env=server.env(model))
        return self.dir / run


class InjectionTest(InjectionCase):
    def test_replies_are_text_wherever_they_go(self):
        self.assertGreaterEqual(len(HOSTILE), 60)
        before = sorted(p.name for p in self.dir.parent.iterdir()
                        if p.name in ("pwned", "x.db"))
        run = self.curate(model=HOSTILE[1])
        self.assertIntact(run)
        self.check_record(run)
        self.check_terminal(run)
        self.check_exports(run)
        self.check_card(run)
        self.check_report(run)
        # Nothing was made outside, and nothing was run.
        self.assertEqual([p for p in self.dir.rglob("*") if "pwned" in p.name
                          or p.name == "x.db"], [])
        self.assertEqual(before, [])
        self.assertEqual({p.name for p in run.iterdir()} - {
            "run.db", "run.db-wal", "run.db-shm", "run.lock", "run.log",
            "run.spare", "experiment.lua", "experiment.resolved.json",
            "scripts", "report.html", "figures"}, set())

    def check_record(self, run):
        texts = [t for t, in self.query(run, "SELECT text FROM item ORDER BY "
                                        "round, item_index")]
        self.assertEqual(texts, [repaired(t) for t in HOSTILE])
        self.assertGreater(self.query(run, "SELECT count(*) FROM item WHERE "
                                      "cell IS NOT NULL")[0][0], 30)
        log = (run / "run.log").read_bytes()
        self.assertInert(log, "run.log")
        for line in log.decode().splitlines():
            self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{3} (debug|info|warn|error)")

    def check_terminal(self, run):
        for args in (("status", run), ("status", run, "--cells"),
                     ("status", run, "--json"), ("doctor", run),
                     ("doctor", run, "--json"), ("replay", run),
                     ("replay", run, "--json"),
                     ("replay", run, "--set", "principles.2=language"),
                     ("fork", run, "--round", "1", "-o", "forked"),
                     ("merge", run, "forked", "-o", "merged", "--json"),
                     ("status", "merged"), ("compare", run, "forked"),
                     ("compare", run, "forked", "--json"),
                     ("salvage", run, "-o", "salvaged")):
            done = self.advisor(*args, expect=None)
            if "--json" in args and done.returncode == 0:
                for line in done.stdout.decode().split("\n")[:-1]:
                    json.loads(line)
        server = self.server("--script", self.script)
        for more in ((), ("--json",)):
            done = self.advisor("preview", self.path, *more, env=server.env())
            self.assertIn(b"script", done.stdout if not more else b"script")

    def check_exports(self, run):
        kept = [(f"r{r}-{i}", t) for r, i, t in self.query(
            run, "SELECT round, item_index, text FROM item WHERE verdict = "
            "'kept' ORDER BY round, item_index")]
        # The filter looks twice: at the batch, and at the commit.
        self.assertGreater(len(kept), 25)
        lines = self.advisor("export", run, "--format", "jsonl", "--lineage",
                             exact=True).stdout.split(b"\n")
        rows = [json.loads(x) for x in lines[:-1]]
        self.assertEqual([(x["id"], x["text"]) for x in rows], kept)
        self.assertEqual([x["target"] for x in rows], [t for _, t in kept])
        for name in ("messages", "alpaca", "sharegpt", "prompt_response",
                     "chosen_rejected"):
            text = self.advisor("export", run, "--format", name,
                                exact=True).stdout
            for line, (_, said) in zip(text.split(b"\n"), kept, strict=False):
                self.assertIn(said, json.dumps(json.loads(line),
                                               ensure_ascii=False)
                              if said.isalnum() else self.texts(line))
        text = self.advisor("export", run, "--format", "csv", "--lineage",
                            exact=True).stdout.decode()
        table = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(len(table), len(kept))
        for row, (_, said) in zip(table, kept, strict=True):
            for name, cell in row.items():
                self.assertNotRegex(cell, r"^[\s]*[=+\-@]|^[\t\r\n]", name)
            self.assertEqual(re.sub("^'", "", row["text"]), said)

    def texts(self, line):
        """All strings in a line of JSON."""
        found, todo = [], [json.loads(line)]
        while todo:
            value = todo.pop()
            if isinstance(value, str):
                found.append(value)
            elif isinstance(value, (list, dict)):
                todo += value.values() if isinstance(value, dict) else value
        return found

    def check_card(self, run):
        for hostile in (HOSTILE[52], HOSTILE[53]):
            done = self.advisor("export", run, "--format", "hf", "--license",
                                hostile, "-o", "refused", expect=2)
            self.assertIn(b"--license must be", done.stderr)
        self.advisor("export", run, "--format", "hf", "-o", "dataset")
        card = (self.dir / "dataset" / "README.md").read_text(encoding="utf-8")
        _, front, rest = card.split("---\n", 2)
        # One key a line; a text in double quotes ends in its line.
        for line in front.splitlines():
            self.assertRegex(line, r'^ *(- )?[\w]+:( ("(\\.|[^"\\])*"|[\w.+-]+|\[\]))?$'
                             r'|^ *- "(\\.|[^"\\])*"$|^ *-$', line)
        self.assertIn('\nlicense: "unknown"\n', front)
        # The model's name is in its table, and the first item in its block.
        self.assertIn("&lt;/script&gt;", rest)
        self.assertInert(rest.encode(), "README.md")
        fence = None
        for line in rest.splitlines():
            if fence:
                fence = None if line == fence else fence
            elif re.match("`{3,}", line):
                fence = re.match("`+", line)[0]
            else:
                self.assertNotRegex(line, r"<|(?<!\\)\]\(|(?<!\\)!\[", line)
        self.assertIsNone(fence)
        made = {str(p.relative_to(self.dir / "dataset"))
                for p in (self.dir / "dataset").rglob("*") if p.is_file()}
        self.assertTrue(all(re.fullmatch(r"[\w.-]+(/[\w.-]+)*", n)
                            for n in made), made)
        for trainer, name in (("trl", "sft.yaml"), ("axolotl", "axolotl.yaml")):
            self.advisor("export", run, "--trainer", trainer, "--model",
                         HOSTILE[53], "-o", trainer)
            text = (self.dir / trainer / name).read_text(encoding="utf-8")
            model, = re.findall(r'^(?:model_name_or_path|base_model): (.*)$',
                                text, re.M)
            self.assertEqual(json.loads(model), HOSTILE[53])

    def check_report(self, run):
        self.advisor("report", run, "--open", "no", expect=None)
        page = (run / "report.html").read_text(encoding="utf-8")
        self.write("plain.lua", (EXPERIMENT % '"support"').replace(
            'advise = "told", generate = "told", filter = { "told", "exact',
            'advise = "no_advice", generate = "few_shot", filter = { "exact')
            .replace('respond = "told"', 'respond = "safe_reply"'))
        server = self.server()
        self.advisor("run", "plain.lua", "-o", "plain", env=server.env())
        self.advisor("report", "plain", "--open", "no")
        plain = (self.dir / "plain" / "report.html").read_text(encoding="utf-8")
        self.assertEqual(Elements(page).found, Elements(plain).found)
        self.assertIn("\\u003cscript>window.broken=1", page)
        figures = list((run / "figures").iterdir())
        self.assertTrue([p for p in figures if p.suffix == ".svg"])
        for path in figures:
            if path.suffix == ".gp":
                text = path.read_text(encoding="utf-8")
                for said in ("broken", "touch", "HYPERLINK", "else.example"):
                    self.assertNotIn(said, text, path.name)
            elif path.suffix == ".svg":
                for element in ElementTree.parse(path).iter():
                    self.assertRegex(element.tag, r"\{http://www\.w3\.org/2000/svg\}"
                                     "(svg|g|path|text|tspan|title|desc|defs|circle|rect|"
                                     "polygon|use|clipPath|polyline|line|linearGradient|"
                                     "stop|pattern|filter|fe\\w+)$", path.name)
                    for name, value in element.attrib.items():
                        self.assertFalse(name.lower().startswith("on"), name)
                        if name.endswith("href"):
                            self.assertRegex(value, "^#", path.name)
            elif path.suffix == ".csv":
                with open(path, newline="", encoding="utf-8") as f:
                    for row in csv.reader(f):
                        for cell in row:
                            self.assertNotRegex(
                                cell, r"^\s*[=+@]|^\s*-(?![\d.])", path.name)

    def test_what_servers_say_goes_wrong_is_text(self):
        server = self.server("--script", self.script)
        path = self.write("asks.lua", (EXPERIMENT % '"support"').replace(
            'advise = "told", generate = "told", filter = { "told", "exact',
            'advise = "no_advice", generate = "few_shot", filter = { "exact')
            .replace('respond = "told"', 'respond = "safe_reply"'))
        texts = HOSTILE if support.LONG else SOME
        for i, text in enumerate(texts):
            # A line end begins another header; a NUL breaks the reply off.
            headers = {name: re.sub("[\0\r\n]", " ", repaired(text)).encode(
                "utf-8").decode("latin-1")
                for name in ("server", "x-request-id", "location")}
            (self.dir / "wanted.json").write_text(json.dumps(
                {"fault": ("401", "redirect")[i % 2], "message": text,
                 "headers": headers}))
            run = f"run-{i}"
            self.advisor("run", path, "-v", "-o", run, env=server.env(),
                         expect=1)
            self.advisor("status", run)
            self.advisor("status", run, "--json")
            self.advisor("doctor", run)
        self.advisor("doctor", path, env=server.env(), expect=1)
        self.advisor("report", "run-0", "--open", "no", expect=None)
        rows = self.query(self.dir / "run-1",
                          "SELECT value FROM run WHERE key = 'why'")
        self.assertIn("the server redirects to ", rows[0][0])

    def test_what_scripts_say_goes_wrong_is_text(self):
        server = self.server("--script", self.script)
        path = self.write("raises.lua", (EXPERIMENT % '"support"').replace(
            'advise = "told", generate = "told", filter = { "told", "exact',
            'advise = "no_advice", generate = "raises", filter = { "exact')
            .replace(', respond = "told"', ""))
        for i, text in enumerate(HOSTILE if support.LONG else SOME[::2]):
            (self.dir / "wanted.json").write_text(json.dumps({"text": text}))
            done = self.advisor("run", path, "-v", "-o", f"run-{i}",
                                env=server.env(), expect=1)
            self.assertIn(b"it said", done.stderr)
            self.advisor("status", f"run-{i}")

    def test_names_that_users_give_are_names(self):
        nothing = set(os.listdir(self.dir))
        texts = [t for t in map(repaired, HOSTILE if support.LONG else SOME)
                 if "\0" not in t and len(t) < 200]
        for text in texts:
            for args in (("new", "advise", text), ("show", text), ("run", text),
                         ("list", text), (text,), ("status", text),
                         ("run", self.path, f"--{text}"),
                         ("run", self.path, "-o", "r", "--set", f"name={text}"),
                         ("run", self.path, "-o", "r", "--set",
                          f"pipeline.advise={json.dumps(text)}"),
                         ("run", self.path, "-o", "r", "--set",
                          f"coverage.taxonomy={json.dumps(text)}"),
                         ("export", self.dir, "--format", text)):
                done = self.advisor(*args, expect=None,
                                    env={"OPENAI_BASE_URL": "http://127.0.0.1:9"})
                self.assertIn(done.returncode, (1, 2), args)
                self.assertTrue(done.stderr, args)
        self.assertEqual(set(os.listdir(self.dir)), nothing)

    def test_a_name_of_a_folder_is_a_word_to_shells_and_to_slurm(self):
        name = "it's $(touch pwned) `touch pwned` \"; touch pwned #"
        fakes = support.ROOT / "tests" / "support" / "slurm"
        (self.dir / "fake").mkdir()
        env = {"PATH": f"{fakes}:{os.environ['PATH']}",
               "FAKE_SLURM": self.dir / "fake"}
        self.write("simulated.lua", """return { name = "shop", rounds = 1, per_round = 2,
          models = { default = { api = "simulated" } }, pipeline = { generate = "few_shot" },
          seeds = "support" }""")
        args = ("sweep", "simulated.lua", "--vary", "per_round=2", "--seeds", "1",
                "--executor", "slurm", "-o")
        self.advisor(*args, name, env=env, expect=None)
        script = self.dir / name / "slurm" / "array.sh"
        checked = subprocess.run(["bash", "-n", script], capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        subprocess.run(["bash", script], cwd=self.dir, capture_output=True,
                       env=support.environment({"SLURM_ARRAY_TASK_ID": "1"}))
        self.assertTrue(list((self.dir / name).rglob("run.db")))
        done = self.advisor(*args, "a\ntouch pwned\n", env=env, expect=1)
        self.assertIn(b"control character", done.stderr)
        self.assertEqual([p for p in self.dir.rglob("pwned")], [])


class LinkTest(InjectionCase):
    def test_a_link_in_a_run_folder_leads_nowhere(self):
        """What somebody else put into a run folder is not written through."""
        run = self.curate()
        victim = self.dir / "victim"
        victim.mkdir()
        for name in ("run.log", "report.html.partial"):
            (run / name).unlink(missing_ok=True)
            (run / name).symlink_to(victim / name)
        done = self.advisor("resume", run, "--set", "rounds=2", expect=None)
        self.assertIn(b"run.log", done.stderr)
        (run / "figures").symlink_to(victim)
        done = self.advisor("report", run, "--open", "no", expect=1)
        self.assertIn(b"is a symbolic link", done.stderr)
        (run / "figures").unlink()
        self.advisor("report", run, "--open", "no", expect=None)
        self.assertTrue((run / "report.html").is_file())
        self.assertEqual(list(victim.iterdir()), [])
        (run / "run.log").unlink()


class ControlTest(unittest.TestCase):
    """What is looked for is found where it is."""

    def test_acting_characters_are_found(self):
        acting = [t for t in HOSTILE if ACTING.search(t)]
        self.assertGreaterEqual(len(acting), 13)
        self.assertIsNone(ACTING.search("plain \n\t \u00a0 é “x” 😀"))

    def test_elements_are_counted(self):
        self.assertEqual(Elements("<p>a</p><script>x<b></script>").found,
                         [("p", ()), ("script", ())])
        added = [t for t in HOSTILE if Elements(f"<p>{t}</p>").found !=
                 [("p", ())]]
        self.assertGreaterEqual(len(added), 9)


if __name__ == "__main__":
    unittest.main()
