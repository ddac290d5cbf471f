#!/usr/bin/env python3
"""Tests of scripts/server, which the other end-to-end tests trust."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import support

CHAT = "/v1/chat/completions"
RAW = "/v1/completions"


def chat(text, **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}],
            "max_tokens": 60, **more}


def raw(text, **more):
    return {"model": "m", "prompt": text, "max_tokens": 60, **more}


class ServerCase(support.Case):
    def connect(self, server, timeout=5):
        host, port = server.root[len("http://"):].split(":")
        connection = http.client.HTTPConnection(host, int(port),
                                                timeout=timeout)
        self.addCleanup(connection.close)
        return connection

    def post(self, where, path, body, **headers):
        """Returns (status, headers, text) over a server or a connection."""
        connection = where
        if isinstance(where, support.Server):
            connection = self.connect(where)
        connection.request("POST", path, json.dumps(body),
                           {"authorization": "Bearer very-secret",
                            **{k.replace("_", "-"): v
                               for k, v in headers.items()}})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()

    def text(self, where, body, path=RAW):
        status, _, answer = self.post(where, path, body)
        self.assertEqual(status, 200)
        choice = json.loads(answer)["choices"][0]
        return choice["text"] if path == RAW else choice["message"]["content"]

    def events(self, where, path, body):
        status, headers, answer = self.post(where, path, body)
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"], "text/event-stream")
        return [x[len("data: "):] for x in answer.split("\n\n")
                if x.startswith("data: ")]


class Replies(ServerCase):
    def test_whole_replies(self):
        server = self.server()
        _, _, answer = self.post(server, CHAT, chat("a"))
        reply = json.loads(answer)
        self.assertEqual(reply["object"], "chat.completion")
        choice = reply["choices"][0]
        self.assertEqual(choice["finish_reason"], "stop")
        self.assertEqual(choice["message"]["role"], "assistant")
        self.assertTrue(choice["message"]["content"].endswith("?"))
        usage = reply["usage"]
        self.assertEqual(usage["total_tokens"],
                         usage["prompt_tokens"] + usage["completion_tokens"])
        _, _, answer = self.post(server, RAW, raw("a"))
        self.assertEqual(json.loads(answer)["object"], "text_completion")
        self.assertTrue(json.loads(answer)["choices"][0]["text"])

    def test_streams_hold_the_same_text(self):
        server = self.server()
        for path, body in ((CHAT, chat("b")), (RAW, raw("b"))):
            whole = self.text(server, body, path)
            options = {"include_usage": True}
            events = self.events(server, path, {
                **body, "stream": True, "stream_options": options})
            self.assertEqual(events[-1], "[DONE]")
            chunks = [json.loads(x) for x in events[:-1]]
            self.assertEqual(chunks[-1]["choices"], [])
            self.assertGreater(chunks[-1]["usage"]["completion_tokens"], 3)
            self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], "stop")
            pieces = [c["choices"][0] for c in chunks[:-1]]
            text = "".join((p["delta"].get("content") or "") if path == CHAT
                           else p["text"] for p in pieces)
            self.assertEqual(text, whole)
        events = self.events(server, RAW, raw("b", stream=True))
        self.assertFalse(any('"usage"' in x for x in events))

    def test_text_is_a_function_of_the_request(self):
        bodies = [raw(f"p{i}") for i in range(50)]
        with support.Server("--seed", 1) as one:
            first = [self.text(one, b) for b in bodies]
        with support.Server("--seed", 2, "--latency-ms", 1, "--jitter") as two:
            second = [self.text(two, b) for b in reversed(bodies)][::-1]
        self.assertEqual(first, second)
        self.assertGreater(len(set(first)), 45)
        self.assertNotEqual(first[0], self.text(
            self.server(), {**bodies[0], "temperature": 0.5}))

    def test_short_limit_gives_a_category(self):
        name = self.text(self.server(), raw("x", max_tokens=16))
        self.assertLessEqual(len(name.split()), 4)
        self.assertNotIn("?", name)

    def test_rates(self):
        server = self.server("--duplicate-rate", 0.5, "--short-rate", 0.3)
        connection = self.connect(server)
        texts = [self.text(connection, raw(f"p{i}")) for i in range(300)]
        short = [x for x in texts if len(x.split()) < 4]
        self.assertTrue(60 < len(short) < 120, len(short))
        self.assertTrue(100 < len(set(texts)) < 200, len(set(texts)))

    def test_stop_is_honoured(self):
        script = self.write("s.json", json.dumps(
            {"rules": [{"text": "one\ntwo"}]}))
        server = self.server("--script", script)
        self.assertEqual(self.text(server, raw("x", stop=["\n"])), "one")
        self.assertEqual(self.text(server, raw("x")), "one\ntwo")

    def test_models_health_and_unknown_paths(self):
        server = self.server("--model", "mine")
        _, _, answer = support.http("GET", server.url + "/models")
        self.assertEqual(json.loads(answer)["data"][0]["id"], "mine")
        self.assertEqual(support.http("GET", server.root + "/health")[0], 200)
        self.assertEqual(support.http("GET", server.root + "/nothing")[0], 404)
        self.assertEqual(self.post(server, RAW, [1])[0], 400)


class Scripts(ServerCase):
    def test_json_rules(self):
        script = self.write("s.json", json.dumps({"rules": [
            {"contains": "colour", "texts": ["red", "green", "blue"]},
            {"contains": "fragile", "fault": "503", "first": 2, "text": "ok"},
        ]}))
        server = self.server("--script", script)
        seen = {self.text(server, raw(f"colour {i}")) for i in range(40)}
        self.assertEqual(seen, {"red", "green", "blue"})
        results = [self.post(server, RAW, raw("fragile"))[0] for _ in range(3)]
        self.assertEqual(results, [503, 503, 200])
        self.assertTrue(self.text(server, raw("other")).endswith("?"))

    def test_python_function(self):
        script = self.write("s.py", (
            "def reply(body, prompt, attempt):\n"
            "    if prompt == 'bad':\n"
            "        raise ValueError(prompt)\n"
            "    if prompt == 'cut':\n"
            "        return {'text': 'half', 'finish_reason': 'length'}\n"
            "    return f'{prompt} {attempt}' if prompt == 'n' else None\n"))
        server = self.server("--script", script)
        self.assertEqual(self.text(server, raw("n")), "n 1")
        self.assertEqual(self.text(server, raw("n")), "n 2")
        _, _, answer = self.post(server, RAW, raw("cut"))
        self.assertEqual(json.loads(answer)["choices"][0]["finish_reason"],
                         "length")
        self.assertTrue(self.text(server, raw("x")).endswith("?"))


class Faults(ServerCase):
    def faulty(self, kind):
        return self.server("--faults", f"{kind}@1")

    def test_statuses(self):
        for kind, status in (("400", 400), ("401", 401), ("429", 429),
                             ("500", 500), ("503", 503), ("529", 529),
                             ("quota", 429), ("context", 400)):
            with self.subTest(kind), support.Server(
                    "--faults", f"{kind}@1", "--retry-after", "0.2") as server:
                got, headers, answer = self.post(server, RAW, raw("x"))
                self.assertEqual(got, status)
                self.assertTrue(json.loads(answer)["error"]["message"])
                if kind in ("429", "503"):
                    self.assertEqual(headers["retry-after"], "0.2")
                if kind == "quota":
                    self.assertEqual(json.loads(answer)["error"]["code"],
                                     "insufficient_quota")
                # The fate belongs to the arrival: sent again, it is answered.
                self.assertEqual(self.post(server, RAW, raw("x"))[0], 200)

    def test_reset(self):
        for stream in (False, True):
            server = self.faulty("reset")
            with self.assertRaises(ConnectionResetError):
                self.post(server, RAW, raw("x", stream=stream))
            self.assertEqual(len(server.log()), 1)

    def test_close(self):
        server = self.faulty("close")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.post(server, RAW, raw("x"))
        self.assertEqual(server.stats()["requests"], 1)
        self.assertEqual(server.stats()["answered"], 0)

    def test_close_reused_spares_the_first_request(self):
        server = self.server("--faults", "close_reused:1")
        connection = self.connect(server)
        self.assertEqual(self.post(connection, RAW, raw("x"))[0], 200)
        with self.assertRaises(http.client.RemoteDisconnected):
            self.post(connection, RAW, raw("y"))
        log = server.log()
        self.assertEqual([x["nth"] for x in log], [1, 2])
        self.assertEqual(log[0]["connection"], log[1]["connection"])

    def test_trunc(self):
        for stream in (False, True):
            with self.assertRaises(http.client.IncompleteRead):
                self.post(self.faulty("trunc"), RAW, raw("x", stream=stream))

    def test_hang_and_stall(self):
        for kind in ("hang", "stall"):
            for stream in (False, True):
                server = self.faulty(kind)
                connection = self.connect(server, timeout=0.3)
                with self.assertRaises(socket.timeout):
                    self.post(connection, RAW, raw("x", stream=stream))
                self.assertEqual(server.stats()["in_flight"], 1)
                connection.close()
                deadline = time.monotonic() + 5
                while server.stats()["in_flight"]:
                    self.assertLess(time.monotonic(), deadline)

    def test_bodies_that_are_no_reply(self):
        _, headers, answer = self.post(self.faulty("html"), RAW, raw("x"))
        self.assertEqual(headers["content-type"], "text/html")
        self.assertTrue(answer.startswith("<"))
        _, _, answer = self.post(self.faulty("error200"), RAW, raw("x"))
        self.assertIn("error", json.loads(answer))
        _, _, answer = self.post(self.faulty("nochoices"), RAW, raw("x"))
        self.assertEqual(json.loads(answer)["choices"], [])
        _, _, answer = self.post(self.faulty("badjson"), RAW, raw("x"))
        self.assertRaises(ValueError, json.loads, answer)

    def test_texts(self):
        usual = self.text(self.server(), raw("x"))
        expected = {"empty": "", "null": None, "newline": "\n" + usual,
                    "nul": usual + " \0", "surrogate": usual + " \ud83d"}
        for kind, text in expected.items():
            self.assertEqual(self.text(self.faulty(kind), raw("x")), text)
        self.assertIn("sorry", self.text(self.faulty("refusal"), raw("x")))
        _, _, answer = self.post(self.faulty("length"), RAW, raw("x"))
        choice = json.loads(answer)["choices"][0]
        self.assertEqual(choice["finish_reason"], "length")
        self.assertTrue(usual.startswith(choice["text"]))
        events = self.events(self.faulty("newline"), RAW,
                             raw("x", stream=True))
        text = "".join(json.loads(x)["choices"][0]["text"]
                       for x in events[:-1])
        self.assertEqual(text, "\n" + usual)

    def test_broken_streams(self):
        events = self.events(self.faulty("sse_no_done"), CHAT,
                             chat("x", stream=True))
        self.assertGreater(len(events), 1)
        self.assertFalse(any("[DONE]" in x or '"stop"' in x for x in events))
        _, _, answer = self.post(self.faulty("sse_error"), CHAT,
                                 chat("x", stream=True))
        self.assertIn("event: error\n", answer)
        self.assertNotIn("[DONE]", answer)

    def test_every_nth(self):
        server = self.server("--faults", "500:3,429:2")
        got = [self.post(server, RAW, raw("x"))[0] for _ in range(6)]
        self.assertEqual(got, [200, 429, 500, 429, 200, 500])
        self.assertEqual(server.stats()["faults"], {"429": 2, "500": 2})

    def test_unknown_fault_is_refused(self):
        done = subprocess.run(
            [sys.executable, support.ROOT / "scripts" / "server",
             "--faults", "nonsense:3"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nonsense:3", done.stderr)


class Dialects(ServerCase):
    MESSAGES = "/v1/messages"

    def ask(self, server, **more):
        return self.post(server, self.MESSAGES, chat("a", **more),
                         anthropic_version="2023-06-01")

    def test_anthropic_whole(self):
        server = self.server()
        _, _, answer = self.ask(server, system="Be brief.")
        reply = json.loads(answer)
        self.assertEqual((reply["type"], reply["stop_reason"]),
                         ("message", "end_turn"))
        self.assertTrue(reply["content"][0]["text"].endswith("?"))
        self.assertGreater(reply["usage"]["input_tokens"], 0)
        self.assertEqual(server.stats()["paths"], {self.MESSAGES: 1})

    def test_anthropic_stream(self):
        server = self.server()
        whole = json.loads(self.ask(server)[2])["content"][0]["text"]
        _, headers, answer = self.ask(server, stream=True)
        self.assertEqual(headers["content-type"], "text/event-stream")
        events = [x.split("\n") for x in answer.strip().split("\n\n")]
        bodies = [json.loads(x[1][len("data: "):]) for x in events]
        for (name, _), body in zip(events, bodies):
            self.assertEqual(name, "event: " + body["type"])
        self.assertEqual("".join(b["delta"]["text"] for b in bodies
                                 if b["type"] == "content_block_delta"), whole)
        self.assertEqual(bodies[-1]["type"], "message_stop")

    def test_anthropic_refuses_what_openai_takes(self):
        server = self.server()
        for status, body, headers in (
                (400, chat("a"), {}),
                (400, {**chat("a"), "max_tokens": None},
                 {"anthropic_version": "1"}),
                (400, {**chat("a"), "messages": [
                    {"role": "system", "content": "x"}]},
                 {"anthropic_version": "1"})):
            self.assertEqual(self.post(server, self.MESSAGES, body,
                                       **headers)[0], status)

    def test_every_form_of_a_fault(self):
        forms = json.loads((support.ROOT / "scripts" / "lib" / "faults.json")
                           .read_text(encoding="utf-8"))
        script = self.write("s.py", "def reply(body, prompt, attempt):\n"
                            "    return {'fault': prompt}\n")
        server = self.server("--script", script)
        connection = self.connect(server)
        for name, form in forms.items():
            with self.subTest(name):
                body = chat(name, temperature=0, seed=1)
                if form.get("only_with") == "system":
                    # Without a system message it befalls nobody.
                    self.assertEqual(self.post(connection, CHAT, body)[0], 200)
                    continue
                status, _, answer = self.post(connection, CHAT, body)
                self.assertEqual(status, form.get("status", 200))
                if "raw" in form:
                    self.assertEqual(answer, form["raw"])
                elif "body" in form:
                    self.assertEqual(json.loads(answer), form["body"])
                else:
                    choice, = json.loads(answer)["choices"]
                    self.assertEqual(choice["finish_reason"],
                                     form["finish_reason"])
                    choice["message"].pop("role")
                    self.assertEqual(choice["message"], form["message"])

    def test_no_more_than_so_many_at_once(self):
        server = self.server("--most", 2, "--latency-ms", 200)
        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(lambda i: self.post(
                self.connect(server), RAW, raw(f"x {i}"))[0], range(6)))
        self.assertIn(429, got)
        self.assertIn(200, got)
        self.assertEqual(self.post(server, RAW, raw("later"))[0], 200)


class Evidence(ServerCase):
    def test_log_and_stats(self):
        server = self.server()
        connection = self.connect(server)
        self.post(connection, RAW, raw("x"))
        self.post(connection, RAW, raw("x", stream=True))
        self.post(server, RAW, raw("y"))
        log = server.log()
        self.assertEqual([x["attempt"] for x in log], [1, 2, 1])
        self.assertEqual([x["nth"] for x in log], [1, 2, 1])
        self.assertEqual(log[0]["hash"], log[1]["hash"])
        self.assertEqual(log[0]["body"]["prompt"], "x")
        self.assertEqual(log[0]["headers"]["authorization"], "[hidden]")
        self.assertNotIn("very-secret", server.log_path.read_text())
        stats = server.stats()
        self.assertEqual(stats["requests"], 3)
        self.assertEqual(sorted(stats["bodies"].values()), [1, 2])
        server.reset()
        self.assertEqual(server.stats()["requests"], 0)

    def test_many_connections_and_reordering(self):
        server = self.server("--latency-ms", 20, "--jitter")
        ends = []

        def ask(i):
            connection = self.connect(server, timeout=30)
            for k in range(5):
                self.text(connection, raw(f"{i} {k}"))
                ends.append((i, k))
        with ThreadPoolExecutor(64) as pool:
            list(pool.map(ask, range(64)))
        stats = server.stats()
        self.assertEqual(stats["answered"], 320)
        self.assertGreater(stats["max_in_flight"], 32)
        self.assertNotEqual(ends, sorted(ends, key=lambda x: x[1]))

    def test_a_cut_off_request_is_not_counted(self):
        server = self.server()
        connection = self.connect(server)
        connection.connect()
        connection.sock.sendall(b"POST /v1/completions HTTP/1.1\r\n"
                                b"content-length: 100\r\n\r\n{")
        connection.close()
        time.sleep(0.1)
        self.assertEqual(server.stats()["requests"], 0)

    def test_ends_with_its_owner(self):
        code = ("import sys; sys.path.insert(0, sys.argv[1]); import support;"
                "s = support.Server(); print(s.process.pid, flush=True);"
                "import os; os.kill(os.getpid(), 9)")
        done = subprocess.run(
            [sys.executable, "-c", code, support.ROOT / "tests" / "e2e"],
            capture_output=True, text=True)
        server = int(done.stdout)
        deadline = time.monotonic() + 10
        while os.path.exists(f"/proc/{server}"):
            # A server that has ended may wait for its new parent to reap it.
            with open(f"/proc/{server}/stat", encoding="ascii") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
