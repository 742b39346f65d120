"""qaio eval: quality and speed of a task on labelled texts, and how a model predicts a text."""

import json
import random
import unittest

from program import FAILED, NO, ROOT, USAGE, ProgramTest, run


def everyday():
    """(text, "0" or "1") of the demo model's hand-written sentences."""
    for line in (ROOT / "tools/demo_model/everyday.tsv").read_text().splitlines():
        if not line.startswith("#"):
            _, label, text = line.split("\t")
            yield text, label


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
        self.assertIn("no label 'good'", self.fails(USAGE, "eval", self.tsv, "--label-map",
                                                    "1=good,0=负面"))
        self.fails(USAGE, "eval", self.tsv, "--min-accuracy", 2)


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
