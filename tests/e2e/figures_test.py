#!/usr/bin/env python3
"""scripts/figures and scripts/bench print what they are asked for."""

import json
import shutil
import subprocess
import sys
import unittest

import support

sys.path.insert(0, str(support.ROOT / "scripts" / "lib"))

import texts  # noqa: E402

REPLIES = """completion,final_label
"Use the kill command with the number of the process.",1_full_compliance
"A kettle keeps its guarantee for two years.",1_full_compliance
"I'm sorry, but I can't help with that.",2_full_refusal
"I cannot assist with this request.",3_partial_refusal
"""
TOPICS = [("Where is my parcel?", "Delivery"), ("Can I return it?", "Returns"),
          ("Has the parcel left?", "Delivery"), ("Return this kettle?",
                                                 "Returns")]


def run_script(name, *args, expect=0, **env):
    done = subprocess.run(
        [sys.executable, str(support.ROOT / "scripts" / name), *map(str, args)],
        env=support.environment({"ADVISOR": support.ADVISOR, **env}),
        cwd=support.ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode != expect:
        raise AssertionError(f"scripts/{name}: exit {done.returncode}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done


class TextsTest(support.Case):
    def test_jaccard_is_over_character_5_grams(self):
        # "parce" "arcel" "rcels" against "parce" "arcel": 2 of 3.
        self.assertEqual(texts.jaccard("parcels", "parcel"), 2 / 3)
        self.assertEqual(texts.jaccard("a", "a"), 1)
        self.assertEqual(texts.plain("  Where's my\u00a0PARCEL?\n"),
                         "where s my parcel")

    def test_made_texts_are_the_same_each_time_with_a_fifth_of_copies(self):
        path, sources = texts.made_corpus(self.dir, 1000)
        first = path.read_bytes()
        self.assertEqual(texts.made_corpus(self.dir, 1000)[1], sources)
        self.assertEqual(path.read_bytes(), first)
        lines = texts.lines_of(path)
        self.assertEqual(len(lines), 1000)
        self.assertAlmostEqual(len(sources), 180, delta=60)
        near = [texts.jaccard(lines[i], lines[j]) for i, j in sources.items()]
        self.assertGreater(sum(x >= 0.7 for x in near), len(near) / 3)

    def test_a_failed_command_says_why(self):
        with self.assertRaisesRegex(texts.Failed, "No such file"):
            texts.run("ls", self.dir / "none")


class FiguresTest(support.Case):
    def data(self):
        self.write("xstest_labelled_shop.csv", REPLIES)
        self.write("catqa_english.jsonl", "".join(
            json.dumps({"prompt": text, "Category": topic,
                        "Subcategory": f"{topic} {i % 2}"}) + "\n"
            for i, (text, topic) in enumerate(
                [pair for pair in TOPICS for _ in range(2)])))
        return ("--data", self.dir)

    def test_detector_and_labeller_are_measured_on_the_data(self):
        found = json.loads(run_script("figures", *self.data(), "--judged", 20,
                                      "--json").stdout)
        (refusal,) = found["refusal"]
        self.assertEqual((refusal["replies_of"], refusal["rows"],
                          refusal["macro_f1"]), ("shop", 4, 1))
        self.assertIsNone(refusal["string_match_quoted"])
        # Each text is there twice: once as an example, once to be labelled.
        self.assertEqual([(x["label"], x["rows"], x["cells"])
                          for x in found["labeller"]],
                         [("Category", 4, 2), ("Subcategory", 4, 2)])
        self.assertEqual(found["labeller"][0]["accuracy"], 1)
        self.assertEqual(found["not_measured"], [])

    def test_the_judge_errs_as_often_as_is_known(self):
        def judge(*args):
            return json.loads(run_script(
                "figures", "--data", self.dir, "--json", *args).stdout)["judge"]
        self.assertEqual([judge("--judge-error", e, "--judged", 200)["kappa"]
                          for e in (0, 1)], [1, -1])
        # The 0.2 % interval of 1100 verdicts at 0.3: 0.3 +- 0.043.
        found = judge("--judge-error", "0.3")
        self.assertAlmostEqual(found["accuracy"], 0.7, delta=0.043)
        self.assertEqual((found["rows"], found["unknown"]), (1100, 0))

    def test_a_real_judge_is_asked(self):
        server = self.server()
        done = run_script("figures", "--data", self.dir, "--url", server.url,
                          "--model", "scripted", "--judged", 6, "--json",
                          OPENAI_API_KEY="test-key-0123456789")
        found = json.loads(done.stdout)["judge"]
        self.assertEqual(server.stats()["requests"], 6)
        self.assertEqual((found["judge"], found["known_error"],
                          found["rows"]), ("scripted", None, 6))

    def test_missing_data_is_named(self):
        done = run_script("figures", "--data", self.dir / "none", "--judged", 2)
        self.assertEqual(done.stdout.count("*** NOT MEASURED: "), 2)
        self.assertIn(f"{self.dir}/none holds no xstest_labelled_*.csv",
                      done.stdout)
        done = run_script("figures", "--url", "http://127.0.0.1:1/v1",
                          expect=2)
        self.assertIn("--url needs --model", done.stderr)

    @unittest.skipUnless(shutil.which("cmake"), "SKIPPED: no cmake")
    def test_duplicate_engines_are_measured_alone_without_references(self):
        done = run_script("bench", "--only", "dedup", "--quick", "--texts",
                          3000, "--json",
                          ADVISOR_BENCH_PEERS=str(self.dir / "none"))
        found = json.loads(done.stdout)
        self.assertIn("ours are measured alone", found["not_compared"][0])
        minhash, rouge = found["dedup"]["minhash"], found["dedup"]["rouge"]
        self.assertEqual(minhash["precision"], 1)
        self.assertGreater(minhash["recall"], 0.99)
        self.assertGreater(minhash["near"], 100)
        self.assertEqual((rouge["pool"], rouge["queries"]), (2700, 300))
        self.assertEqual(found["dedup"]["cosine"]["as_plain_scan"], 1)
        self.assertNotIn("dedupref", minhash)


if __name__ == "__main__":
    unittest.main()
