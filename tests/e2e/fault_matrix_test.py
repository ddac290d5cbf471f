#!/usr/bin/env python3
"""The fault matrix over real connections: each row alone, rows in pairs, and many
calls of which a fifth meet faults. tests/support/fault_matrix.json is the table;
tests/runtime/models/fault_matrix_spec.lua holds the program's Lua part to it.

With ADVISOR_LONG: 10,000 calls for each of 20 seeds, and every row in both forms,
as a stream and as a whole.
"""

import collections
import json
import random
import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import support

ROWS = json.loads((support.ROOT / "tests" / "support" / "fault_matrix.json")
                  .read_text(encoding="utf-8"))
LIMITS = {"busy": 6, "server": 3, "unknown": 1}  # The policy's defaults.
PAID = ("ok", "unusable")

EXPERIMENT = """return {
  name = "faults", rounds = %d, per_round = %d,
  models = { default = {
    url = env("OPENAI_BASE_URL"), model = "scripted", key_env = "OPENAI_API_KEY",
  } },
  pipeline = { generate = { "faulty", mark = "x", system = false } },
  policy = { failed_round = "skip" },
}
"""

# Asks with the mark that the server's script knows; a failure is a draft too.
GENERATE = """return {
  api = 1, kind = "generate", description = "Asks with a mark.",
  options = {
    mark = { type = "string", default = "", doc = "What the server knows." },
    system = { type = "boolean", default = false, doc = "With a system message." },
  },
  run = function(ctx, state, advice, opt)
    local function ask(i)
      local messages = { { role = "user", content = ("[%s %d]"):format(opt.mark, i) } }
      if opt.system then table.insert(messages, 1, { role = "system", content = "Be brief." }) end
      local reply, _, code = ctx.ask("generator", messages)
      return { text = ("%d %s"):format(i, reply and reply.outcome .. " " .. reply.text or code) }
    end
    if advice.count == 1 then return { ask(1) } end
    local list = {}
    for i = 1, advice.count do list[i] = (state.round * advice.count) + i end
    ctx.ask("generator", "A call that is answered comes first.")
    return ctx.map(list, ask)
  end,
}
"""

# The nth arrival of a mark meets the nth of its faults.
SCRIPT = """import collections, json, os, re
PLAN = json.load(open(os.path.join(os.path.dirname(__file__), "plan.json")))
SEEN = collections.Counter()

def reply(body, prompt, attempt):
    mark = re.search(r"\\[([\\w-]+ \\d+)\\]", prompt)
    if not mark:
        return None
    n = SEEN[mark[1]]
    SEEN[mark[1]] += 1
    faults = PLAN.get(mark[1], [])
    return {"fault": faults[n]} if n < len(faults) else None
"""


def expected(rows):
    """What is recorded of a call that meets these rows: (class, reason, final)."""
    found, counts = [], collections.Counter()
    for row in rows:
        kind, reason, act = row["class"], row["reason"], row["act"]
        last = act in ("fails", "delivers")
        if act == "again" and not reason.startswith("quirk_"):
            last = counts[kind] >= LIMITS[kind]
            counts[kind] += 1
        found.append((kind, reason, int(last)))
        if last:
            return found
    return found + [("ok", "", 1)]


class FaultCase(support.Case):
    def setUp(self):
        super().setUp()
        self.write("strategies/generate/faulty.lua", GENERATE)

    def faulty_server(self, plan):
        """A server in which each mark meets its faults, in order."""
        self.write("plan.json", json.dumps(plan))
        script = self.write("script.py", SCRIPT)
        return self.server("--script", script, "--retry-after", "0.02")

    def attempts(self, run):
        """mark -> [(class, reason, final)] of its attempts in order."""
        found = collections.defaultdict(list)
        for request, *rest in self.query(
                run, "SELECT a.request, o.class, o.reason, o.final FROM "
                "attempt a LEFT JOIN outcome o ON o.attempt = a.id "
                "ORDER BY a.id"):
            mark = re.search(r"\[([\w-]+ \d+)\]", request)
            if mark:
                found[mark[1]].append(tuple(rest))
        return found

    def curate(self, name, server, mark, rows, stream):
        """Runs one call that meets the rows, and resumes it where it pauses."""
        run = self.dir / name
        settings = {"stream": stream}
        for row in rows:
            settings.update(row.get("settings", {}))
            if "api" in row:
                settings["api"] = row["api"]
        path = self.dir / "one.lua"
        args = ["run", path, "-o", run, "--set", f"pipeline.generate.mark={mark}"]
        for key, value in settings.items():
            value = value if isinstance(value, str) else json.dumps(value)
            args += ["--set", f"models.default.{key}={value}"]
        if any(row.get("system") for row in rows):
            args += ["--set", "pipeline.generate.system=true"]
        env = server.env()
        url = rows[0].get("url", env["OPENAI_BASE_URL"])
        if "scheme" in rows[0]:
            url = url.replace("http:", rows[0]["scheme"] + ":")
        env["OPENAI_BASE_URL"] = url
        done = self.run_advisor(*args, env=env, expect=None, timeout=60)
        pauses = 0
        while self.status(run)["state"] == "paused" and "url" not in rows[0] \
                and "scheme" not in rows[0]:
            pauses += 1
            self.assertIn(f"advisor resume {run}", done.stderr)
            self.assertIn("the role 'generator' at", done.stderr)
            done = self.run_advisor("resume", run, env=env, expect=None,
                                    timeout=60)
        return run, done, pauses

    def check(self, name, server, mark, rows, stream):
        """Returns what is wrong with a call that meets the rows, or None."""
        try:
            run, done, pauses = self.curate(name, server, mark, rows, stream)
            found = self.attempts(run).get(mark + " 1", [])
            if rows[0]["act"] == "pauses_after_3":
                row = rows[0]
                self.assertEqual(found, 3 * [(row["class"], row["reason"], 0)])
                self.assertEqual(self.status(run)["state"], "paused")
                return None
            want = expected(rows)
            self.assertEqual(found, want, done.stderr)
            self.assertEqual(pauses, sum(
                row["act"] == "pauses" for row in rows[:len(want)]))
            self.assertEqual(self.status(run)["state"], "done")
            self.assertNotIn("fault in the program", done.stderr)
            text, = self.query(run, "SELECT text FROM item")[0]
            kind, reason, _ = want[-1]
            said = text.split(" ")[1]
            self.assertEqual(said if kind in PAID else kind,
                             (reason or "ok") if kind in PAID else kind)
            self.assertIntact(run)
        except Exception as e:  # Of any kind: all rows are to be told.
            names = " then ".join(f"{r['row']} {r['name']}" for r in rows)
            return f"{names} (stream {stream}): {type(e).__name__}: {e}"
        return None

    def check_all(self, cases):
        """cases: [(rows, stream)]. Fails with every case that went wrong."""
        self.write("one.lua", EXPERIMENT % (1, 1))
        plan = {f"case-{i} 1": [r["fault"] for r in rows if "fault" in r]
                for i, (rows, _) in enumerate(cases)}
        server = self.faulty_server(plan)
        with ThreadPoolExecutor(4) as pool:
            wrong = list(pool.map(
                lambda c: self.check(f"run-{c[0]}", server, f"case-{c[0]}",
                                     *c[1]), enumerate(cases)))
        wrong = [w for w in wrong if w]
        self.assertEqual(wrong, [], "\n".join(wrong))


class RowTest(FaultCase):
    def test_each_row_alone(self):
        rows = [r for r in ROWS if any(k in r for k in ("fault", "url",
                                                        "scheme"))]
        self.assertGreater(len(rows), 95)
        cases = []
        for i, row in enumerate(rows):
            forms = [row["stream"]] if "stream" in row else [True, False]
            if not support.LONG and len(forms) > 1:
                forms = [forms[i % 2]]
            cases += [([row], form) for form in forms]
        self.check_all(cases)


def pairable(row):
    return "fault" in row and set(row.get("settings", {})) <= {
        "total_seconds", "stall_seconds", "max_tokens"}


def pairs(seed, count):
    """Pairs of rows that one call can meet one after the other."""
    draw = random.Random(seed)
    firsts = [r for r in ROWS if pairable(r) and r["act"] in ("again",
                                                              "pauses")]
    seconds = [r for r in ROWS if pairable(r)]
    found = []
    while len(found) < count:
        rows = [draw.choice(firsts), draw.choice(seconds)]
        forms = {r["stream"] for r in rows if "stream" in r}
        same = rows[0] is rows[1] and rows[0]["reason"].startswith("quirk_")
        quirks = [r for r in rows if r["reason"].startswith("quirk_no_system")]
        if rows[0].get("api") != rows[1].get("api") or len(forms) > 1 or same \
                or len(quirks) > 1:
            continue
        found.append((rows, forms.pop() if forms else draw.random() < 0.5))
    return found


class PairTest(FaultCase):
    def test_pairs_at_random(self):
        self.check_all(pairs(6, 400 if support.LONG else 30))


class ManyTest(FaultCase):
    CONCURRENCY = 64
    PATIENCE = 20 if support.LONG else 8  # Seconds; no call that is well takes them.

    def plan(self, seed, calls):
        """A fifth of the calls meet one row, a few of them two."""
        draw = random.Random(seed)
        rows = [r for r in ROWS if "fault" in r and "api" not in r
                and r.get("stream", True) and not r.get("system")
                and r["act"] in ("again", "fails", "delivers")
                and set(r.get("settings", {})) <= {"total_seconds",
                                                   "stall_seconds"}
                and not r["reason"].startswith("quirk_")]
        self.assertGreater(len(rows), 50)
        met = {}
        for i in range(1, calls + 1):
            if draw.random() < 0.2:
                met[f"x {i}"] = [draw.choice(rows) for _ in range(
                    2 if draw.random() < 0.2 else 1)]
        return met

    def check_many(self, seed, rounds, per_round):
        calls = rounds * per_round
        met = self.plan(seed, calls)
        server = self.faulty_server({mark: [r["fault"] for r in rows]
                                     for mark, rows in met.items()})
        path = self.write("many.lua", EXPERIMENT % (rounds, per_round))
        run = self.dir / f"run-{seed}"
        began = time.monotonic()
        self.run_advisor(
            "run", path, "-o", run, "--set", f"seed={seed}", "--set",
            f"models.default.concurrency={self.CONCURRENCY}", "--set",
            f"models.default.total_seconds={self.PATIENCE}", "--set",
            f"models.default.stall_seconds={self.PATIENCE}",
            env=server.env(), timeout=600)
        took = time.monotonic() - began
        found = self.attempts(run)
        self.assertEqual(len(found), calls)
        wrong = {mark: got for mark, got in found.items()
                 if got != expected(met.get(mark, []))}
        self.assertEqual(wrong, {})
        self.check_bill(server, run)
        self.assertIntact(run)
        self.assertEqual(self.status(run)["state"], "done")
        return took, len(met)

    def check_bill(self, server, run):
        """paid <= what the server counts <= paid + unknown, whatever it counts of
        the requests whose outcome only it knows."""
        classes = {r["fault"]: r["class"] for r in ROWS if "fault" in r}
        kinds = collections.Counter(
            classes[x["fault"]] if x["fault"] else "ok" for x in server.log())
        ours = dict(self.query(run, "SELECT class, count(*) FROM outcome "
                               "GROUP BY class"))
        paid = sum(ours.get(kind, 0) for kind in PAID)
        unknown = ours.get("unknown", 0)
        sure, doubtful = sum(kinds[k] for k in PAID), kinds["unknown"]
        for counted in (sure, sure + doubtful // 2, sure + doubtful):
            self.assertLessEqual(paid, counted)
            self.assertLessEqual(counted, paid + unknown)
        self.assertEqual(sum(kinds.values()), sum(ours.values()))

    def test_some_calls(self):
        self.check_many(1, 2, 200)

    @unittest.skipUnless(support.LONG, "10,000 calls for each of 20 seeds")
    def test_many_calls(self):
        for seed in range(1, 21):
            with self.subTest(seed=seed):
                took, faults = self.check_many(seed, 4, 2500)
                print(f"seed {seed}: 10,000 calls, {faults} with faults, "
                      f"{took:.1f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
