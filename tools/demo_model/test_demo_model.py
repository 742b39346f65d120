"""Tests of the generator and the tokenizer; standard library only.

    python3 -m unittest discover -s tools/demo_model
"""
import importlib.util
import json
import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from qdemo import bpe, english, scenes, sentiment  # noqa: E402

ACCEPTANCE = ["今天被领导表扬了,心情超好!", "排队两小时还卖完了,气死我了"]


def bare(text: str) -> str:
    """A sentence without punctuation, spaces and letter case."""
    return "".join(c for c in text.lower() if c.isalnum())


def everyday() -> list:
    lines = []
    for name in ("everyday.tsv", "everyday_fresh.tsv"):
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            lines += [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return lines


class GeneratorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.generators = sentiment.languages()

    def draw(self, lang, count, words="train", templates="train", seed=1):
        rng = random.Random(seed)
        g = self.generators[lang]
        return [(g.sentence(rng, i % 2, words, templates), i % 2) for i in range(count)]

    def test_word_and_template_splits_are_disjoint(self):
        for g in self.generators.values():
            self.assertFalse(set(g.lang.templates["train"]) & set(g.lang.templates["test"]))
            self.assertGreater(len(g.lang.templates["test"]), 20)
            self.assertGreater(len(g.lang.test_words), 100)
            for lists in g.lang._all_partitions():
                self.assertFalse(set(lists["train"]) & set(lists["test"]))

    def test_no_training_text_contains_a_held_out_word(self):
        for lang, g in self.generators.items():
            for text, _ in self.draw(lang, 3000):
                self.assertFalse(g.lang.leaks(text), text)
            rng = random.Random(2)
            for i in range(1000):
                text = g.scene(rng, i % 2)
                self.assertFalse(g.lang.leaks(text), text)

    def test_test_sentences_use_held_out_words(self):
        for lang, g in self.generators.items():
            seen = sum(g.lang.leaks(t) for t, _ in self.draw(lang, 500, "test", "test"))
            self.assertGreater(seen, 450)  # a typing slip may spoil a word

    def test_mixed_sentences_use_held_out_words_too(self):
        for lang, g in self.generators.items():
            seen = sum(g.lang.leaks(t) for t, _ in self.draw(lang, 500, "mixed", "test"))
            self.assertGreater(seen, 450)

    def test_a_made_up_cue_never_replaces_the_last_known_one(self):
        from qdemo.sentiment import Generator
        rng = random.Random(3)
        self.assertEqual(Generator._blank(["+"], rng), -1)
        self.assertEqual(Generator._blank(["-"], rng), -1)
        self.assertEqual({Generator._blank(["-", "+"], rng) for _ in range(50)}, {0})
        self.assertEqual({Generator._blank(["+", "+"], rng) for _ in range(50)}, {0, 1})

    def test_no_training_frame_expands_to_a_held_out_template(self):
        lang = self.generators["en"].lang
        held = sentiment.shape("{e+}. {r+}")
        self.assertIn(held, lang.test_shapes)
        rng = random.Random(4)
        lists, seen = lang.domains["food"], 0
        lang.macros, old = {"clause": ["{e+}"]}, lang.macros
        for _ in range(20):
            seen += self.generators["en"]._expand("<clause+>, {r+}", rng, 1, "train", lists, 0) is not None
        lang.macros = old
        self.assertEqual(seen, 0)

    def test_a_macro_turns_round_with_its_sign(self):
        g, rng = self.generators["en"], random.Random(5)
        for name, forms in g.lang.macros.items():
            for form in forms:
                self.assertRegex(form, r"\{\w+\+\}", name)
            for _ in range(20):
                self.assertNotRegex(g._macro(name, "-", rng), r"\{\w+\+\}")

    def test_inflected_forms_stay_in_the_split_of_their_word(self):
        lang = self.generators["en"].lang
        self.assertIn("gloomier", lang.test_words)  # gloomy is held out
        self.assertTrue(lang.leaks("a gloomier day"))
        for lists in (lang.words, *lang.domains.values()):
            for pol in "+-":
                train = lists["a"][pol]["train"]
                forms = {english.comparative(w) for w in train}
                self.assertTrue(set(lists["er"][pol]["train"]) <= forms)

    def test_same_seed_same_sentences(self):
        for lang in self.generators:
            again = sentiment.languages()[lang]
            rng = random.Random(1)
            for text, label in self.draw(lang, 50):
                self.assertEqual(text, again.sentence(rng, label))

    def test_lists_of_the_two_labels_share_no_entry(self):
        for lang, g in self.generators.items():
            for slot, pols in list(g.lang.words.items()):
                both = set(sum(pols["+"].values(), [])) & set(sum(pols["-"].values(), []))
                self.assertFalse(both, f"{lang} {slot}")

    def test_no_template_slot_is_left_open(self):
        for lang in self.generators:
            for split in ("train", "test"):
                for text, _ in self.draw(lang, 1000, split, split):
                    self.assertNotRegex(text, r"[{}|<>\[\]]{2}|\{\w+[+-]?\}")
        for g in self.generators.values():
            for label in (0, 1):
                for text in [g.scene(random.Random(i), label) for i in range(500)]:
                    self.assertNotRegex(text, r"[<>|()]")

    def test_every_scene_list_exists(self):
        for lang, by_label in scenes.SCENES.items():
            self.assertGreater(len(by_label[0]), 10)
            self.assertGreater(len(by_label[1]), 10)

    def test_acceptance_and_everyday_sentences_are_not_generated(self):
        known = {bare(s) for s in ACCEPTANCE} | {bare(s) for _, _, s in everyday() if len(bare(s)) > 8}
        for lang in self.generators:
            for text, _ in self.draw(lang, 5000, seed=7):
                self.assertNotIn(bare(text), known)
            rng = random.Random(8)
            for i in range(20000):
                text = self.generators[lang].scene(rng, i % 2)
                self.assertNotIn(bare(text), known)

    def test_everyday_sentences_are_balanced(self):
        for lang in ("zh", "en"):
            labels = [label for code, label, _ in everyday() if code == lang]
            self.assertGreaterEqual(len(labels), 60)
            self.assertEqual(labels.count("1"), labels.count("0"))


class EnglishTest(unittest.TestCase):
    def test_comparison(self):
        for word, er, est in (("nice", "nicer", "nicest"), ("big", "bigger", "biggest"),
                              ("ugly", "uglier", "ugliest"), ("good", "better", "best"),
                              ("cheap", "cheaper", "cheapest"), ("boring", None, None),
                              ("delicious", None, None), ("so mean", None, None)):
            self.assertEqual((english.comparative(word), english.superlative(word)), (er, est))

    def test_verbs_agree_with_their_subjects(self):
        for before, after in (("the shoes was great", "the shoes were great"),
                              ("these boots never fits well", "these boots never fit well"),
                              ("why is the fries cold", "why are the fries cold"),
                              ("my wife were right", "my wife was right"),
                              ("everyone feel sad", "everyone feels sad"),
                              ("it made my wife feel sad", "it made my wife feel sad"),
                              ("I is glad", "I am glad"), ("we was glad", "we were glad"),
                              ("the soup was cold", "the soup was cold")):
            self.assertEqual(english.agree(before), after)

    def test_entries_stand_where_grammar_lets_them(self):
        for slot, word, before, after, expected in (
                ("a", "a joke", "{t} was ", "", True), ("a", "a joke", "so ", "", False),
                ("a", "a joke", "{t} was {deg} ", "", False), ("a", "so mean", "not ", "", False),
                ("a", "easy to use", "a ", " thing", False), ("a", "easy to use", "so ", "", True),
                ("f", "like crying", "I feel ", "", True), ("f", "like crying", "I am ", "", False),
                ("v", "enjoyed", "I ", " {t}", True), ("v", "enjoyed", "I don't ", " {t}", False),
                ("v", "won't recommend", "I ", " everything", False),
                ("i", "a gem", "what ", "", True), ("i", "paradise", "what ", "", False),
                ("who", "I", "thanks to ", "", False), ("who", "I", "", " said so", True)):
            self.assertEqual(bool(english.fits(slot, word, before, after)), expected, (word, before))


class BpeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        texts = ["the happy cat is happy 今天很开心,正面 负面", "unhappy cats 😊 caf\u00e9"] * 5
        cls.tok = bpe.train(texts, 700)

    def test_labels_are_single_tokens(self):
        for label in bpe.LABELS.values():
            self.assertEqual(len(self.tok.encode(label)), 1)

    def test_round_trip(self):
        for text in ("今天很开心!", "the unhappy cat", " a\n\n  b\t", "龘 🤖 \u00e9 e\u0301", "don't 12345"):
            import unicodedata
            self.assertEqual(self.tok.decode(self.tok.encode(text)),
                             unicodedata.normalize("NFC", text))

    def test_special_tokens_never_come_from_text(self):
        ids = self.tok.encode("<|im_start|>user<|im_end|>")
        self.assertFalse(set(ids) & set(self.tok.special_ids.values()))

    def test_dropout_changes_pieces_but_not_text(self):
        rng = random.Random(1)
        kinds = {tuple(self.tok.encode("happy happy cat", 0.5, rng)) for _ in range(30)}
        self.assertGreater(len(kinds), 3)
        for ids in kinds:
            self.assertEqual(self.tok.decode(ids), "happy happy cat")

    def test_json_round_trip(self):
        again = bpe.Tokenizer.from_json(json.loads(json.dumps(self.tok.to_json())))
        text = "今天 the cat's 😊 正面"
        self.assertEqual(again.encode(text), self.tok.encode(text))
        self.assertEqual(again.soft_from, self.tok.soft_from)

    def test_split_matches_the_published_pattern(self):
        pieces = bpe.split_regex().findall("Hello it's 12  ok\uff0c今天 好!\n\n x")
        self.assertEqual(pieces, ["Hello", " it", "'s", " ", "1", "2", " ", " ok", "\uff0c今天",
                                  " 好", "!\n\n", " x"])


@unittest.skipUnless(importlib.util.find_spec("numpy"), "numpy is not installed")
class PackingTest(unittest.TestCase):
    def test_branches_see_the_prompt_and_themselves_only(self):
        from qdemo import data
        rows = data.Rows(1, 8, 0)
        rows.put(0, [1, 2], [0, 0], 0, 0, 0)
        rows.put(0, [3, 4], [1, 1], 2, 0, 1)
        rows.put(0, [5, 6], [1, 1], 2, 0, 2)
        seen = (rows.mask()[0, 0] == 0).astype(int).tolist()
        self.assertEqual(seen[3][:6], [1, 1, 1, 1, 0, 0])
        self.assertEqual(seen[5][:6], [1, 1, 0, 0, 1, 1])
        self.assertEqual(rows.positions[0, :6].tolist(), [0, 1, 2, 3, 2, 3])
        self.assertEqual(rows.weights[0, :6].tolist(), [0, 0, 0, 1, 0, 1])


if __name__ == "__main__":
    unittest.main()
