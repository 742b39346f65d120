"""Tests of the corpus; run from tools/demo_model: python3 -m unittest dialogues.test_dialogues"""
import random
import re
import unittest

from . import CHINESE, ENGLISH, MAX_EN_WORDS, MAX_ZH_CHARS, dialogue_size, generate
from .grammar import RESERVED, normalize

COUNT = 4000


def find_slots(template):
    return set(re.findall(r"<([a-z_0-9]+)>", template))


def sample(seed, split, count=COUNT):
    return list(generate(random.Random(seed), count, split))


class DialogueTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.train, cls.test = sample(1, "train"), sample(2, "test")

    def test_deterministic(self):
        self.assertEqual(sample(7, "train", 300), sample(7, "train", 300))
        self.assertNotEqual(sample(7, "train", 300), sample(8, "train", 300))

    def test_splits_are_disjoint(self):
        train = {normalize(turn[0]) for dialogue in self.train for turn in dialogue}
        test = {normalize(dialogue[0][0]) for dialogue in self.test}
        self.assertGreater(len(test), 500)
        self.assertEqual(train & test, set())

    def test_unknown_split(self):
        with self.assertRaises(ValueError):
            next(generate(random.Random(1), 1, "dev"))

    def test_turns_are_clean(self):
        for dialogue in self.train + self.test:
            self.assertGreaterEqual(len(dialogue), 1)
            self.assertLessEqual(len(dialogue), 8)
            for user, reply in dialogue:
                for text in (user, reply):
                    self.assertTrue(text.strip())
                    self.assertEqual(text, text.strip())
                    self.assertNotRegex(text, r"[{}|<>\n]|\s\s\s")
                self.assertRegex(reply, r"[。！？.!?]$")

    def test_one_language_per_dialogue(self):
        chinese = 0
        for dialogue in self.train:
            flags = {bool(re.search("[\u4e00-\u9fff]", reply)) for _, reply in dialogue}
            self.assertEqual(len(flags), 1, dialogue)
            chinese += flags.pop()
        self.assertAlmostEqual(chinese / len(self.train), 0.5, delta=0.05)

    def test_lengths(self):
        for dialogue in self.train + self.test:
            chinese = re.search("[\u4e00-\u9fff]", dialogue[0][1])
            size = dialogue_size(dialogue, CHINESE if chinese else ENGLISH)
            self.assertLessEqual(size, MAX_ZH_CHARS if chinese else MAX_EN_WORDS)

    def test_event_replies_are_short(self):
        rng = random.Random(3)
        for language, low, high in ((CHINESE, 10, 45), (ENGLISH, 6, 30)):
            for _ in range(2000):
                reply = language.event(rng, "train").reply
                self.assertTrue(low <= language.size(reply) <= high, reply)

    def test_reserved_sentences_are_absent(self):
        for dialogue in self.train + self.test:
            for user, _ in dialogue:
                self.assertFalse(any(item in normalize(user) for item in RESERVED))

    def test_chinese_replies_use_full_width_punctuation(self):
        for dialogue in self.train:
            for _, reply in dialogue:
                self.assertNotRegex(reply, "[\u4e00-\u9fff][,!?;:]|[,!?;:][\u4e00-\u9fff]")

    def test_templates_are_well_formed(self):
        for language in (CHINESE, ENGLISH):
            for groups, tails in language.events.values():
                for group in groups:
                    for phrase, _ in group.phrases:
                        self.check_template(phrase, language.lexicon)
                        self.assertTrue(set().union(*map(find_slots, group.comments + group.tails + group.steps))
                                        <= find_slots(phrase), phrase)
                for tail in (tail for items in tails.values() for tail in items):
                    self.assertEqual(find_slots(tail), set())
            for intent in language.intents:
                known = set(language.lexicon) | set(intent.columns)
                for template in [user for user, _ in intent.users] + intent.replies + intent.why + intent.more:
                    self.check_template(template, known)

    def check_template(self, template, known):
        self.assertEqual(template.count("{"), template.count("}"), template)
        self.assertLessEqual(find_slots(template), set(known), template)

    def test_event_breadth(self):
        for language in (CHINESE, ENGLISH):
            for mood in ("POSITIVE", "NEGATIVE"):
                groups, tails = language.events[mood]
                self.assertGreaterEqual(len(tails), 15)
                self.assertGreaterEqual(sum(len(group.phrases) for group in groups), 60)


if __name__ == "__main__":
    unittest.main()
