"""Dialogue corpus of the embedded demo model: small talk in Chinese and English.

    for dialogue in generate(random.Random(1), 1000, "train"):
        for user, assistant in dialogue: ...

Every dialogue is in one language. The first user turn of the "train" and the
"test" split come from disjoint sets of event phrases and phrasings.
"""
from . import en_events, en_talk, facts, help, zh_events, zh_talk
from .builder import Language
from .multi import build

CHINESE = Language("zh", zh_events, [zh_talk.TALK, facts.ZH, help.ZH], zh_talk.LEXICON, zh_talk.FOLLOW)
ENGLISH = Language("en", en_events, [en_talk.TALK, facts.EN, help.EN], en_talk.LEXICON, en_talk.FOLLOW)
MAX_ZH_CHARS = 260
MAX_EN_WORDS = 150


def dialogue_size(dialogue, language):
    return sum(language.size(text) for turn in dialogue for text in turn)


def generate(rng, count, split):
    """Yields ``count`` dialogues, each a list of (user, assistant) turns."""
    if split not in ("train", "test"):
        raise ValueError(f"unknown split {split!r}")
    for _ in range(count):
        language = CHINESE if rng.random() < 0.5 else ENGLISH
        limit = MAX_ZH_CHARS if language is CHINESE else MAX_EN_WORDS
        while True:
            dialogue = build(language, rng, split)
            if dialogue_size(dialogue, language) <= limit:
                break
        yield dialogue
