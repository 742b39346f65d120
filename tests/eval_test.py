"""qaio eval: quality and speed of a task on labelled texts, and how a model predicts a text."""

import json
import math
import random
import re
import unittest
import urllib.request

from program import FAILED, NO, OK, ROOT, USAGE, ProgramTest, Server, run


def everyday():
    """(text, "0" or "1") of the demo model's hand-written sentences."""
    for line in (ROOT / "tools/demo_model/everyday.tsv").read_text().splitlines():
        if not line.startswith("#"):
            _, label, text = line.split("\t")
            yield text, label


def post(server, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}",
                                     json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Task(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.items = list(everyday())
        cls.tsv = cls.folder / "everyday.tsv"
        cls.tsv.write_text("id\ttext\tlabel\n" + "".join(
            f"{i}\t{text}\t{label}\n" for i, (text, label) in enumerate(cls.items)))
        cls.jsonl = cls.folder / "everyday.jsonl"
        cls.jsonl.write_text("".join(
            json.dumps({"sentence": text, "positive": label == "1"}) + "\n"
            for text, label in cls.items))

    def test_figures_fit_together_and_both_formats_agree(self):
        tsv = self.ok_json("eval", self.tsv, "--label-map", "1=正面,0=负面", "--json",
                           "--show-errors", 1000)
        jsonl = self.ok_json("eval", self.jsonl, "--text-name", "sentence", "--label-name",
                             "positive", "--label-map", "true=正面,false=负面", "--json")
        self.assertEqual(tsv["texts"], len(self.items))
        self.assertGreater(tsv["accuracy"], 0.9)
        self.assertEqual(tsv["labels"], jsonl["labels"])
        right = sum(label["answers"][label["label"]] for label in tsv["labels"])
        self.assertAlmostEqual(tsv["accuracy"], right / len(self.items), places=5)
        self.assertEqual(len(tsv["mistakes"]), len(self.items) - right)
        for label in tsv["labels"]:
            self.assertEqual(sum(label["answers"].values()), label["texts"])
        latency = tsv["latency_ms"]
        self.assertTrue(0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"])

    def test_a_wrong_label_costs_accuracy(self):
        turned = self.ok_json("eval", self.tsv, "--label-map", "0=正面,1=负面", "--json")
        right = self.ok_json("eval", self.tsv, "--label-map", "1=正面,0=负面", "--json")
        self.assertAlmostEqual(turned["accuracy"], 1 - right["accuracy"], places=5)

    def test_exit_code_says_whether_it_is_good_enough(self):
        options = ["eval", self.tsv, "--label-map", "1=正面,0=负面", "--min-accuracy"]
        self.assertEqual(run(*options, 1).returncode, NO)
        text = self.ok(*options, 0.5)
        self.assertIn("accuracy", text)
        self.assertIn("正面", text)

    def test_faults_are_one_sentence(self):
        self.assertIn("line 2", self.fails(FAILED, "eval", self.tsv))  # label "1" is not the task's
        self.assertIn("missing.tsv", self.fails(FAILED, "eval", self.folder / "missing.tsv"))
        self.assertIn("'chat'", self.fails(FAILED, "eval", self.tsv, "--task", "chat"))
        self.assertIn("1=正面", self.fails(USAGE, "eval", self.tsv, "--label-map", "1"))
        self.assertIn("'1' cannot be both '正面' and '负面'",
                      self.fails(USAGE, "eval", self.tsv, "--label-map", "1=正面,0=负面,1=负面"))
        self.assertIn("no label 'good'", self.fails(USAGE, "eval", self.tsv, "--label-map",
                                                    "1=good,0=负面"))
        self.fails(USAGE, "eval", self.tsv, "--min-accuracy", 2)

    def test_probabilities_are_judged(self):
        """Accuracy from the bins is the accuracy, and the ECE is their weighted distance."""
        result = self.ok_json("eval", self.tsv, "--label-map", "1=正面,0=负面", "--json")
        self.assertEqual((result["kind"], result["temperature"]), ("classify", 1))
        bins = [one for one in result["reliability"] if one["texts"]]
        self.assertEqual(len(result["reliability"]), 15)
        self.assertEqual(sum(one["texts"] for one in bins), len(self.items))
        for one in bins:
            self.assertTrue(one["from"] <= one["confidence"] <= one["to"] + 1e-6, one)
        share = [one["texts"] / len(self.items) for one in bins]
        self.assertAlmostEqual(result["accuracy"],
                               sum(w * one["accuracy"] for w, one in zip(share, bins)), places=4)
        self.assertAlmostEqual(result["ece"], sum(
            w * abs(one["accuracy"] - one["confidence"]) for w, one in zip(share, bins)), places=4)
        self.assertTrue(0 < result["brier"] < 0.5)
        self.assertTrue(0.5 < result["answered_share_at_5_percent_error"] <= 1)
        self.assertIsNone(result["flip_rate"])  # its prompt shows no options
        self.assertIsNone(result["mean_absolute_error"])

    def test_html_in_both_languages(self):
        page = self.folder / "eval.html"
        options = ["eval", self.tsv, "--label-map", "1=正面,0=负面", "--html", page]
        self.assertIn("Brier score", self.ok(*options))
        html = page.read_text()
        self.assertIn("<svg class=\"svg-chart\"", html)
        self.assertIn("How good is sentiment?", html)
        self.assertIn("Brier 分数", self.ok(*options, "--lang", "zh"))
        self.assertIn("sentiment 的质量如何？", page.read_text())

    def write(self, content):
        path = self.folder / "some.tsv"
        path.write_bytes(b"text\tlabel\n" + content)
        return path

    def test_a_text_that_fails_is_counted(self):
        some = self.write("真好\t正面\n".encode() + "好".encode() * 20_000 + "\t正面\n太差了\t负面\n".encode())
        result = self.ok_json("eval", some, "--json")
        self.assertEqual((result["texts"], result["failed"]), (3, 1))
        self.assertAlmostEqual(result["accuracy"], 2 / 3, places=5)
        self.assertRegex(self.ok("eval", some), r"(?m)^1 text failed, the first in line 3: ")
        only = self.write("好".encode() * 20_000 + "\t正面\n".encode())
        self.assertIn("all 1 text failed", self.fails(FAILED, "eval", only))

    def test_labels_without_texts_have_no_figures(self):
        some = self.write("真好\t正面\n".encode())
        text = self.ok("eval", some)
        self.assertIn("sentiment: 1 text,", text)
        self.assertRegex(text, r"(?m)^负面 .* - +- +-$")
        labels = self.ok_json("eval", some, "--json")["labels"]
        self.assertIsNone(labels[1]["recall"])

    def test_bytes(self):
        marked = self.folder / "marked.tsv"
        marked.write_bytes(b"\xef\xbb\xbf" + self.tsv.read_bytes())
        self.ok("eval", marked, "--label-map", "1=正面,0=负面")
        latin = self.write(b"caf\xe9\t\xe6\xad\xa3\xe9\x9d\xa2\n")
        self.assertIn("line 2: its bytes are no UTF-8", self.fails(FAILED, "eval", latin))


QUESTIONS = """
[[task]]
name = "tone"
kind = "choice"
question = "What is the feeling of this sentence?"
options = ["正面", "负面"]

[[task]]
name = "turned"
kind = "choice"
question = "What is the feeling of this sentence?"
options = ["正面", "负面"]
permutations = 2

[[task]]
name = "good"
kind = "yes_no"
question = "Is this sentence positive?"

[[task]]
name = "stars"
kind = "score"
question = "How does the writer feel?"
levels = ["very bad", "bad", "neither", "good", "very good"]
"""


def mean_confidence(result):
    return sum(one["texts"] * one["confidence"] for one in result["reliability"] if one["texts"])


class Calibrate(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tsv = cls.folder / "everyday.tsv"
        cls.tsv.write_text("text\tlabel\n" + "".join(
            f"{text}\t{label}\n" for text, label in everyday()))
        cls.config = cls.folder / "tasks.toml"
        cls.config.write_text(QUESTIONS)

    def judge(self, task, label_map, *options):
        return self.ok_json("eval", self.tsv, "--task", task, "--label-map", label_map, "--json",
                            *options)

    def test_questions_of_every_kind(self):
        config = ["--config", self.config]
        choice = self.judge("tone", "1=正面,0=负面", *config)
        self.assertTrue(0 <= choice["flip_rate"] <= 1)
        yes_no = self.judge("good", "1=yes,0=no", *config)
        self.assertEqual([label["label"] for label in yes_no["labels"]], ["yes", "no"])
        self.assertIsNone(yes_no["flip_rate"])
        score = self.judge("stars", "1=4,0=0", *config)
        self.assertEqual(len(score["labels"]), 5)
        self.assertTrue(0 < score["mean_absolute_error"] < 4)

    def test_all_orders_of_two_options_make_their_order_matter_no_more(self):
        turned = self.judge("turned", "1=正面,0=负面", "--config", self.config)
        self.assertEqual(turned["flip_rate"], 0)

    def calibrate(self, task, label_map, *options):
        """The result, and the text of the file that was written, if one was."""
        out = self.folder / f"{task}.toml"
        done = run("eval", self.tsv, "--task", task, "--label-map", label_map, "--config",
                   self.config, "--calibrate", out, "--json", *options)
        self.assertEqual(done.stderr, "")
        result = json.loads(done.stdout)
        kept = result["calibration"]["kept"]
        self.assertEqual(done.returncode, OK if kept else NO)
        self.assertEqual(out.exists(), kept)
        return result, out.read_text() if kept else ""

    def test_a_temperature_is_kept_only_where_it_helps(self):
        """Over everything that can be calibrated: some of it is written, and is what the JSON says;
        with it answers are the same, and less certain where it is above 1."""
        written = 0
        for task, labels in (("sentiment", "1=正面,0=负面"), ("tone", "1=正面,0=负面"),
                             ("good", "1=yes,0=no"), ("stars", "1=4,0=0")):
            with self.subTest(task=task):
                result, text = self.calibrate(task, labels)
                trial = result["calibration"]
                self.assertEqual(trial["fitted_texts"] + trial["unseen_texts"], 128)
                better = (trial["temperature"] is not None and
                          trial["after"]["ece"] < trial["before"]["ece"])
                self.assertEqual(trial["kept"], better)
                if not better:
                    continue
                written += 1
                number = f"temperature = {trial['temperature']:.4f}\n"
                self.assertIn(f'[[calibration]]\ntask = "{task}"\n{number}', text)
                self.assertEqual(f'kind = "{result["kind"]}"\n{number}' in text,
                                 task != "sentiment")
                both = self.folder / "both.toml"
                both.write_text(QUESTIONS + text)
                after = self.judge(task, labels, "--config", both)
                self.assertAlmostEqual(after["temperature"], trial["temperature"], places=4)
                self.assertEqual(after["labels"], result["labels"])
                self.assertEqual(mean_confidence(after) < mean_confidence(result),
                                 trial["temperature"] > 1)
        self.assertGreater(written, 0)

    def test_a_file_keeps_what_else_it_says(self):
        """The same file to read from and to write to; a second time only the number changes."""
        config = self.folder / "own.toml"
        config.write_text("# mine\n" + QUESTIONS)
        options = ["eval", self.tsv, "--task", "good", "--label-map", "1=yes,0=no", "--config",
                   config, "--calibrate", config, "--json"]
        first = self.ok_json(*options)["calibration"]["temperature"]
        text = config.read_text()
        self.assertTrue(text.startswith("# mine\n" + QUESTIONS))
        self.assertEqual(text.count("[[calibration]]"), 2)
        again = run(*options)  # from the temperature that it has: nothing is left to mend
        self.assertAlmostEqual(json.loads(again.stdout)["calibration"]["temperature"], first,
                               places=3)
        self.assertEqual(config.read_text().count("[[calibration]]"), 2)

    def test_faults_are_one_sentence(self):
        options = ["eval", self.tsv, "--label-map", "1=正面,0=负面", "--calibrate"]
        broken = self.folder / "broken.toml"
        broken.write_text("threads = = 1\n")
        self.assertIn("broken.toml line 1", self.fails(FAILED, *options, broken))
        self.assertEqual(broken.read_text(), "threads = = 1\n")
        few = self.folder / "few.tsv"
        few.write_text("text\tlabel\n真好\t正面\n太差了\t负面\n")
        self.assertIn("at least 40 texts",
                      self.fails(FAILED, "eval", few, "--calibrate", self.folder / "few.toml"))
        wrong = self.folder / "wrong.toml"
        wrong.write_text('[[calibration]]\ntask = "sentiment"\ntemperature = 0\n')
        self.assertIn("wrong.toml line 3: a calibration needs a number above 0",
                      self.fails(FAILED, "eval", self.tsv, "--config", wrong))
        wrong.write_text('[[calibration]]\ntask = "moood"\ntemperature = 2\n')
        self.assertIn("line 2: a calibration is for the unknown task 'moood'",
                      self.fails(FAILED, "eval", self.tsv, "--config", wrong))

    def test_a_server_answers_with_the_temperatures(self):
        """Of a task, and of questions of a kind at the endpoint for questions."""
        config = self.folder / "hot.toml"
        text = "今天的阳光真好,坐在窗边看书特别惬意。"
        question = {"state": text, "questions": {
            "good": {"type": "noul", "instructions": "Is this sentence positive?"}}}
        odds = []
        for temperature in (1, 4):
            config.write_text("".join(f"[[calibration]]\n{what}\ntemperature = {temperature}\n"
                                      for what in ('task = "sentiment"', 'kind = "yes_no"')))
            with Server("--config", config) as server:
                label = post(server, "/v1/tasks/sentiment", {"input": text})
                answer = post(server, "/v1/systemone", question)["answers"]["good"]
                odds.append([math.log(one / (1 - one)) for one in (label["score"], answer["noul"])])
        # The logarithm of the ratio of two answers is a quarter of what it was.
        self.assertAlmostEqual(odds[1][0], odds[0][0] / 4, places=3)
        self.assertAlmostEqual(odds[1][1], odds[0][1] / 4, places=9)


class Documented(ProgramTest):
    def test_the_figures_of_the_demo_model_are_those_of_the_docs(self):
        """docs/eval.md: its tasks, its commands, and its two tables."""
        text = (ROOT / "docs/eval.md").read_text()
        text = text[text.index("### What the demo model can do"):]
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in text.splitlines() if line.startswith("| `")]
        tsv, config = self.folder / "held_out.tsv", self.folder / "questions.toml"
        tsv.write_text("lang\tlabel\ttext\n" + "".join(
            line for name in ("everyday", "everyday_fresh")
            for line in (ROOT / f"tools/demo_model/{name}.tsv").read_text().splitlines(True)
            if not line.startswith("#")))
        config.write_text(re.search(r"```toml\n(# questions.toml\n.*?)```", text, re.S)[1])
        commands = re.findall(r"^qaio (eval held_out.tsv .*)$", text, re.M)
        self.assertEqual(len(rows), 2 * len(commands))
        for i, command in enumerate(commands):
            out = self.folder / f"{i}.toml"
            files = {"held_out.tsv": tsv, "questions.toml": config, "out.toml": out}
            done = run(*(files.get(word, word) for word in command.split()), "--json")
            result = json.loads(done.stdout)
            with self.subTest(command=command):
                share = lambda name: "-" if result[name] is None else f"{100 * result[name]:.1f} %"
                self.assertEqual(rows[i][1:], [
                    share("accuracy"), share("macro_f1"), f"{result['brier']:.3f}",
                    f"{result['ece']:.3f}", share("flip_rate"),
                    share("answered_share_at_5_percent_error")])
                trial = result["calibration"]
                found = trial["temperature"] is not None
                self.assertEqual(rows[len(commands) + i][1:4], [
                    f"{trial['temperature']:.2f}" if found else "none",
                    f"{trial['before']['ece']:.3f}, " +
                    (f"{trial['after']['ece']:.3f}" if found else "-"),
                    "yes" if out.exists() else "no"])


class Perplexity(ProgramTest):
    def test_order_matters_to_a_language_model(self):
        sentences = [text for text, _ in everyday()]
        words = " ".join(sentences).split()
        random.Random(1).shuffle(words)
        plain, shuffled = self.folder / "plain.txt", self.folder / "shuffled.txt"
        plain.write_text("\n".join(sentences))
        shuffled.write_text(" ".join(words))
        figures = self.ok_json("eval", plain, "--perplexity", "--context", 64, "--json")
        self.assertGreater(figures["tokens"], 500)
        self.assertGreater(figures["perplexity"], 1)
        self.assertLess(figures["perplexity"],
                        self.ok_json("eval", shuffled, "--perplexity", "--context", 64,
                                     "--json")["perplexity"])
        self.assertIn("nats per token", self.ok("eval", plain, "--perplexity"))

    def test_too_little_text(self):
        empty = self.folder / "empty.txt"
        empty.write_text("")
        self.assertIn("empty.txt: it is empty", self.fails(FAILED, "eval", empty, "--perplexity"))
        empty.write_bytes(b"two\nl\xe9nes")
        self.assertIn("line 2", self.fails(FAILED, "eval", empty, "--perplexity"))


if __name__ == "__main__":
    unittest.main()
