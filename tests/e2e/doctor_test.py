#!/usr/bin/env python3
"""advisor doctor: what must hold in a run folder, and in front of a run."""

import contextlib
import http.server
import json
import os
import shutil
import sqlite3
import threading
import time
import unittest

import support

EXPERIMENT = """
return {
  name = "shop", rounds = 2, per_round = 4,
  pipeline = { advise = "uncovered_category", generate = "few_shot", filter = { "exact_duplicate" },
    summarize = "topic_list" },
  principles = { { "well_formed", min_words = 3 } },
  models = { default = { url = env("OPENAI_BASE_URL"), model = "scripted", key_env = "OPENAI_API_KEY" } },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" }, summary = { "Delivery" } },
}
"""


class RunTest(support.Case):
    def setUp(self):
        super().setUp()
        self.run_folder = self.dir / "run"
        self.ran = self.server()
        self.run_advisor("run", self.write("shop.lua", EXPERIMENT), "-o",
                         self.run_folder, "-q", env=self.ran.env())

    def doctor(self, expect=0):
        found = self.run_advisor("doctor", self.run_folder, "--json",
                                 env=self.ran.env(), expect=expect)
        table = json.loads(found.stdout)
        bad = {x["name"]: x for x in table["checks"] if not x["ok"]}
        self.assertEqual(table["problems"], len(bad))
        return bad

    def change(self, sql, *values):
        """Changes the record behind the program's back."""
        self.damaged.add(self.run_folder)
        path = self.run_folder / "run.db"
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute(sql, values)

    def test_a_sound_run(self):
        def content():
            # SQLite itself puts two empty files beside what it reads.
            return {p: p.read_bytes() for p in self.run_folder.rglob("*")
                    if p.is_file() and p.suffix not in (".db-shm", ".db-wal")}

        before = content()
        self.assertEqual(self.doctor(), {})
        said = self.run_advisor("doctor", self.run_folder,
                                env=self.ran.env()).stdout
        self.assertRegex(said, r"(?m)^ok +database$")
        self.assertRegex(said, r"(?m)^ok +digest +[0-9a-f]{32}$")
        self.assertRegex(said, r"(?m)^ok +keys +looked for: OPENAI_API_KEY$")
        self.assertNotIn("PROBLEM", said)
        self.assertEqual(before, content(), "a run is only read")

    def test_a_record_that_was_changed(self):
        self.change("UPDATE item SET reason = NULL, verdict = 'dropped' "
                    "WHERE round = 2 AND item_index = 1")
        self.change("DELETE FROM attempt WHERE id = 3")
        bad = self.doctor(expect=1)
        self.assertIn("r2-1", bad["items"]["message"])
        self.assertIn("without an attempt, the first: 3",
                      bad["replies"]["message"])
        self.assertIn("salvage", bad["items"]["remedy"])

    def test_a_script_that_was_changed(self):
        self.change("UPDATE script SET source = 'return {}' "
                    "WHERE name = 'few_shot'")
        self.assertIn("generate few_shot",
                      self.doctor(expect=1)["scripts"]["message"])

    def test_a_reply_that_says_something_else(self):
        self.assertEqual(self.doctor(), {})
        whole = self.query(self.run_folder, "SELECT CAST(raw AS TEXT) FROM "
                           "reply WHERE attempt = 2")[0][0]
        for change, words in (
                (("UPDATE reply SET raw = CAST(? AS BLOB) WHERE attempt = 2",
                  whole.replace("data: [DONE]", ": end").replace(
                      '"finish_reason": "stop"', '"finish_reason": null')),
                 "it says unknown, 'cut_off'.*; stored is ok, ''"),
                (("UPDATE outcome SET reason = ? WHERE attempt = 2",
                  "refusal"), "it says ok, ''.*; stored is ok, 'refusal'"),
                (("UPDATE reply SET http = ? WHERE attempt = 2", 503),
                 "it says busy, '503'.*; stored is ok, ''")):
            kept = (self.run_folder / "run.db").read_bytes()
            self.change(*change)
            found = self.doctor(expect=1)["reading"]["message"]
            self.assertRegex(found, "^1 replies .* the first: 2: " + words)
            (self.run_folder / "run.db").write_bytes(kept)
        # What another version made of the bytes is no fault of the record.
        self.change("UPDATE outcome SET reason = 'refusal' WHERE attempt = 2")
        self.change("UPDATE run SET value = 'advisor 0.0' WHERE key = "
                    "'version'")
        self.assertEqual(self.doctor(), {})
        said = self.run_advisor("doctor", self.run_folder).stdout
        self.assertRegex(said, r"(?m)^ok +reading +recorded by advisor 0.0: 1 "
                         "replies")

    def test_a_provider_that_does_not_ship(self):
        """Code from a run folder is not run by who only looks at it."""
        self.change("UPDATE script SET source = ? WHERE kind = 'provider'",
                    "error('this was run')")
        bad = self.doctor(expect=1)
        self.assertNotIn("reading", bad)
        said = self.run_advisor("doctor", self.run_folder, expect=1)
        self.assertNotIn("this was run", said.stdout + said.stderr)
        self.assertRegex(said.stdout,
                         r"reading +\d+ replies are not read again")

    def test_a_damaged_file(self):
        self.damaged.add(self.run_folder)
        with open(self.run_folder / "run.db", "r+b") as f:
            f.seek(4096 * 2)
            f.write(b"\xff" * 4096 * 3)
        found = self.doctor(expect=1)["database"]
        self.assertRegex(found["message"], "malformed|Page 3")
        self.assertIn(f"advisor salvage {self.run_folder}", found["remedy"])

    def test_rights(self):
        os.chmod(self.run_folder / "run.db", 0o644)
        found = self.doctor(expect=1)["rights"]
        self.assertIn("0644", found["message"])
        self.assertIn("chmod 600", found["remedy"])
        for file in self.run_folder.glob("run.db*"):
            os.chmod(file, 0o600)
        self.assertEqual(self.doctor(), {})

    def test_a_key_in_a_file(self):
        (self.run_folder / "notes.txt").write_text(
            "x" * 70000 + support.KEY)
        found = self.run_advisor("doctor", self.run_folder,
                                 env=self.ran.env(), expect=1)
        self.assertIn("notes.txt holds the key of OPENAI_API_KEY",
                      found.stdout)
        self.assertNotIn(support.KEY, found.stdout + found.stderr)
        os.unlink(self.run_folder / "notes.txt")

    def test_no_run(self):
        for path in (self.dir / "none", self.dir):
            done = self.run_advisor("doctor", path, expect=1)
            self.assertIn(str(path), done.stdout + done.stderr)


class KilledTest(support.Case):
    def test_a_killed_run(self):
        server = self.server("--latency-ms", "3000")
        run = self.dir / "run"
        process = self.start_advisor(
            "run", self.write("shop.lua", EXPERIMENT), "-o", run, "-q",
            env=server.env())
        server.wait_for(1)
        done = self.run_advisor("doctor", run)
        self.assertIn("a process is at work on it", done.stdout)
        support.kill(process)
        done = self.run_advisor("doctor", run)
        self.assertIn(f"advisor resume {run}; 1 calls were in flight",
                      done.stdout)


# A server's own words for a parameter that it does not take.
PICKY = """
def reply(body, prompt, attempt):
    if "seed" in body:
        return {"fault": "400", "message": "Unrecognized request argument supplied: seed"}
    return None
"""


class ExperimentTest(support.Case):
    def doctor(self, server, *more, expect=0):
        path = self.write("shop.lua", EXPERIMENT)
        done = self.run_advisor("doctor", path, "--json", *more,
                                env=server.env(), expect=expect)
        self.assertNotIn(support.KEY, done.stdout + done.stderr)
        table = json.loads(done.stdout)
        return {x["name"] + " " + x.get("about", ""): x
                for x in table["checks"]}

    def test_all_is_well(self):
        server = self.server()
        found = self.doctor(server)
        self.assertTrue(all(x["ok"] for x in found.values()), found)
        self.assertIn("lists 'scripted'", found["default models"]["message"])
        self.assertGreater(found["default ask"]["tokens"], 0)
        self.assertIn("unknown", found["default context"]["message"])
        log = server.log()
        self.assertEqual(len(log), 1, "one call was paid")
        self.assertEqual(log[0]["body"]["max_tokens"], 1)
        self.assertFalse((support.ROOT / "runs" / "shop").exists())

    def test_a_server_that_is_not_there(self):
        server = self.server()
        found = self.doctor(server, "--set",
                            "models.default.url=http://127.0.0.1:9/v1",
                            expect=1)
        self.assertIn("Failed to connect", found["default models"]["message"])
        self.assertNotIn("default ask", found)

    def test_a_key_that_is_refused(self):
        server = self.server("--faults", "401:1")
        found = self.doctor(server, expect=1)["default ask"]
        self.assertIn("401", found["message"])

    def test_a_parameter_that_is_refused(self):
        server = self.server("--script", self.write("picky.py", PICKY))
        found = self.doctor(server, expect=1)["default ask"]
        self.assertIn("refuses 'seed': HTTP 400", found["message"])
        self.assertEqual(found["remedy"], "--set models.default.seed=false")
        self.doctor(server, "--set", "models.default.seed=false")

    def test_an_experiment_with_faults(self):
        path = self.write("bad.lua", "return { name = 1 }")
        done = self.run_advisor("doctor", path, expect=1)
        self.assertRegex(done.stdout, "PROBLEM +experiment")


class Lists(http.server.BaseHTTPRequestHandler):
    """Answers GET as the test says, after a while."""

    status, body, seconds, seen = 404, b"{}", 0, []

    def do_GET(self):
        self.seen.append((self.path, self.headers["authorization"]))
        time.sleep(self.seconds)
        with contextlib.suppress(OSError):
            self.send_response(self.status)
            self.send_header("content-length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"choices": [{"message": {"content": "A question?"},
                                        "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class PreflightTest(support.Case):
    def lists(self, status, body=b"{}", seconds=0):
        handler = type("Handler", (Lists,), {
            "status": status, "body": body, "seconds": seconds, "seen": []})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.seen = handler.seen
        return {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
                "OPENAI_API_KEY": support.KEY}

    def curate(self, env, *more):
        began = time.monotonic()
        done = self.run_advisor("run", self.write("shop.lua", EXPERIMENT),
                                "-o", self.dir / "run", "-q", *more, env=env)
        return done.stderr, time.monotonic() - began

    def test_a_server_without_a_list(self):
        said, seconds = self.curate(self.lists(404))
        self.assertNotIn("lists", said)
        self.assertLess(seconds, 2)
        self.assertEqual(self.seen, [("/v1/models", f"Bearer {support.KEY}")])

    def test_a_model_that_is_not_listed(self):
        listed = json.dumps({"data": [{"id": "one"}, {"id": "two"}]}).encode()
        said, _ = self.curate(self.lists(200, listed))
        self.assertIn("lists no model 'scripted' (it lists one, two)", said)
        self.assertEqual(self.status(self.dir / "run")["state"], "done")

    def test_a_model_that_is_listed_under_a_longer_name(self):
        listed = json.dumps({"data": [{"id": "maker/scripted"}]}).encode()
        said, _ = self.curate(self.lists(200, listed))
        self.assertNotIn("lists no model", said)

    def test_a_list_that_never_comes(self):
        said, seconds = self.curate(self.lists(200, seconds=30))
        self.assertNotIn("lists", said)
        self.assertLess(seconds, 4)
        self.assertGreater(seconds, 1.5)

    def test_without_preflight(self):
        _, seconds = self.curate(self.lists(200, seconds=30), "--no-preflight")
        self.assertLess(seconds, 1.5)
        self.assertEqual(self.seen, [])

    def test_nonsense_for_a_list(self):
        for body in (b"[1", b"[]", b'{"data":[1,{"id":2}]}', b"\xff" * 100,
                     b'{"data":"x"}'):
            with self.subTest(body):
                said, _ = self.curate(self.lists(200, body), "--set",
                                      "rounds=1")
                self.assertNotRegex(said, "fault in|traceback|lists no")
                shutil.rmtree(self.dir / "run")


if __name__ == "__main__":
    unittest.main()
