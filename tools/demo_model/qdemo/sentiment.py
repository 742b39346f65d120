"""Generates labelled sentiment sentences from lexicons and templates.

A split is decided per entry by a hash, so it never changes when a lexicon grows:
about one entry in eight and one template in six belong to `test`. A training text
never contains a held-out word in any position; a test text uses held-out
sentiment words in held-out templates only.
"""
import itertools
import random
import re
import zlib

from . import english, lexicon_en, lexicon_zh, scenes, templates_en, templates_zh

FULL_WIDTH = str.maketrans({",": "\uff0c", "?": "\uff1f", "!": "\uff01"})
OPPOSITE = {"+": "-", "-": "+"}


def shape(template: str) -> str:
    """A template without its label and punctuation."""
    return re.sub(r"[ ,.:;!?-]+", " ", re.sub(r"^[PN]:", "", template)).strip()


def is_test(kind: str, text: str, one_in: int) -> bool:
    return zlib.crc32(f"{kind}:{text}".encode()) % one_in == 0


def _lines(text: str) -> list:
    return [line for line in text.strip().splitlines() if line]


class Language:
    """The word lists of one language, split into train and test."""

    def __init__(self, name: str, lexicon, templates, split, forms=None, fits=None):
        self.name = name
        self.core = lexicon.CORE
        self.fits = fits or (lambda slot, word, before, after: True)
        self.macros = {k: _lines(v) for k, v in getattr(templates, "MACROS", {}).items()}
        self.test_words = set()
        self.neutral = {k: split(v) for k, v in lexicon.NEUTRAL_SLOTS.items()}
        # slot -> polarity -> split -> words; domain slots one level deeper
        self.words = {k: {pol: self._partition(split(v[pol])) for pol in "+-"}
                      for k, v in lexicon.SLOTS.items()}
        self.domains = {}
        for domain, lists in lexicon.DOMAINS.items():
            entry = {"t": split(lists["t"])}
            for slot in "ape":
                entry[slot] = {pol: self._partition(split(lists[slot + end]))
                               for pol, end in (("+", "p"), ("-", "n"))}
            self.domains[domain] = entry
        for slot, inflect in (forms or {}).items():
            for holder in (self.words, *self.domains.values()):
                holder[slot] = self._inflected(holder["a"], inflect)
        self.templates = {"train": [], "test": []}
        for t in dict.fromkeys(_lines(templates.TEMPLATES)):
            self.templates["test" if is_test("t", t, 6) else "train"].append(t)
        self.test_shapes = {shape(t) for t in self.templates["test"]}
        # A held-out word inside another training entry would leak it.
        self.guard = self._guard_regex()
        self._drop_leaks()

    def _partition(self, words: list) -> dict:
        out = {"train": [], "test": []}
        for w in dict.fromkeys(words):
            held = (w not in self.core and len(w) > 1 and w.isprintable()
                    and any(c.isalpha() for c in w) and is_test("w", w, 8))
            out["test" if held else "train"].append(w)
            if held:
                self.test_words.add(w)
        return out

    def _inflected(self, lists: dict, inflect) -> dict:
        """Another form of every entry that has it, in the split of the entry."""
        out = {pol: {split: [x for x in map(inflect, words) if x]
                     for split, words in by_split.items()} for pol, by_split in lists.items()}
        for by_split in out.values():
            self.test_words.update(by_split["test"])
        return out

    def _guard_regex(self):
        words = sorted(self.test_words, key=len, reverse=True)
        body = "|".join(re.escape(w) for w in words)
        if self.name == "en":
            body = r"(?<![A-Za-z])(?:" + body + r")(?![A-Za-z])"
        return re.compile(body, re.IGNORECASE)

    def leaks(self, text: str) -> bool:
        return self.guard.search(text) is not None

    def _drop_leaks(self) -> None:
        for lists in self._all_partitions():
            lists["train"] = [w for w in lists["train"] if not self.leaks(w)]
        self.templates["train"] = [t for t in self.templates["train"] if not self.leaks(t)]
        for k in self.neutral:
            self.neutral[k] = [w for w in self.neutral[k] if not self.leaks(w)]
        for d in self.domains.values():
            d["t"] = [w for w in d["t"] if not self.leaks(w)]

    def _all_partitions(self):
        for slot in self.words.values():
            yield from slot.values()
        for d in self.domains.values():
            for slot, lists in d.items():
                if slot != "t":
                    yield from lists.values()


class Generator:
    """Draws (text, label) pairs of one language. Label 1 positive, 0 negative."""

    def __init__(self, lang: Language, finish):
        self.lang, self.finish = lang, finish
        self._pools = {}
        for split in ("train", "test"):
            for label in (0, 1):
                bad = "N:" if label else "P:"
                self._pools[split, label] = [t for t in lang.templates[split]
                                             if not t.startswith(bad)]

    def sentence(self, rng: random.Random, label: int, words: str = "train",
                 templates: str = "train", unknown: float = 0.0) -> str:
        return self.draw(rng, label, words, templates, unknown)[0]

    def draw(self, rng: random.Random, label: int, words: str = "train",
             templates: str = "train", unknown: float = 0.0) -> tuple:
        """A sentence, its template and the name of its domain.

        `words`: "train"; "test", every sentiment word held out; or "mixed", one
        held-out word beside at least one known word of the same polarity.
        `unknown`: how often one of several cues is made up (training)."""
        pool = self._pools[templates, label]
        if words == "mixed":
            pool = [t for t in pool if len(re.findall(r"[{<]\w+\+[}>]", t)) > 1]
        while True:
            template = rng.choice(pool)
            name = rng.choice(list(self.lang.domains))
            text = self._expand(template.removeprefix("P:").removeprefix("N:"), rng, label,
                                words, self.lang.domains[name], unknown)
            if text is None:
                continue
            text = self.finish(text, rng)
            if text and (words != "train" or not self.lang.leaks(text)):
                return text, template, name

    def scene(self, rng: random.Random, label: int) -> str:
        """A training sentence from the scene grammars."""
        lists = scenes.LISTS[self.lang.name]
        while True:
            text = rng.choice(scenes.SCENES[self.lang.name][label])
            while True:
                new = re.sub(r"\(([^()]*)\)", lambda m: rng.choice(m[1].split("|")), text)
                new = re.sub(r"<(\w+)>", lambda m: rng.choice(lists[m[1]]), new)
                if new == text:
                    break
                text = new
            text = self.finish(text, rng)
            if not self.lang.leaks(text):
                return text

    def _expand(self, text, rng, label, words, domain, unknown):
        if "<" in text:
            text = re.sub(r"<(\w+)([+-])>", lambda m: self._macro(m[1], m[2], rng), text)
            if shape(text) in self.lang.test_shapes:  # a held-out template in disguise
                return None
        text = re.sub(r"\[([^\]]*)\]", lambda m: rng.choice(m[1].split("|"))
                      if rng.random() < 0.5 else "", text)
        text = re.sub(r"\(([^()]*\|[^()]*)\)", lambda m: rng.choice(m[1].split("|")), text)
        used, missing = set(), []
        signs = re.findall(r"\{\w+([+-])\}", text)
        if words == "mixed" and signs.count("+") < 2:
            return None
        held = rng.choice([i for i, x in enumerate(signs) if x == "+"]) \
            if words == "mixed" else -1
        blank = self._blank(signs, rng) if unknown and rng.random() < unknown else -1
        counter = itertools.count()

        def fill(m):
            slot, sign = m[1], m[2]
            before, after = m.string[:m.start()], m.string[m.end():]
            if not sign:
                pool = domain["t"] if slot == "t" else self.lang.neutral[slot]
                return rng.choice([w for w in pool if slot != "who"
                                   or self.lang.fits(slot, w, before, after)])
            at = next(counter)
            if at == blank and slot != "em":
                return self._made_up(slot, rng, domain)
            split = "test" if words == "test" or at == held else "train"
            pool = self._lists(slot, sign if label else OPPOSITE[sign], rng, domain)[split]
            for _ in range(12):
                word = rng.choice(pool) if pool else ""
                if word and word not in used and self.lang.fits(slot, word, before, after):
                    used.add(word)
                    return word
            missing.append(slot)
            return ""

        text = re.sub(r"\{(\w+)([+-]?)\}", fill, text)
        return None if missing else text

    def _macro(self, name, sign, rng) -> str:
        """One of the forms of a part of speech, turned round for the sign `-`."""
        form = rng.choice(self.lang.macros[name])
        return form if sign == "+" else re.sub(r"([+-])\}", lambda m: OPPOSITE[m[1]] + "}", form)

    @staticmethod
    def _blank(signs, rng) -> int:
        """Which cue may say nothing: one beside another of the sentence's label."""
        others = [i for i in range(len(signs))
                  if "+" in signs[:i] + signs[i + 1:]]
        return rng.choice(others) if others else -1

    def _made_up(self, slot, rng, domain) -> str:
        """Something unheard of in place of an entry: halves of two entries of any
        polarity. The model must learn to judge by the rest of the sentence."""
        halves = []
        for part in (0, 1):
            entry = rng.choice(self._lists(slot, rng.choice("+-"), rng, domain)["train"])
            words = entry.split(" ")
            pieces, glue = (words, " ") if len(words) > 1 else (list(entry), "")
            cut = (len(pieces) + rng.randrange(2)) // 2
            halves.append((glue, glue.join(pieces[cut:] if part else pieces[:cut])))
        return (" " if any(glue for glue, _ in halves) else "").join(h for _, h in halves)

    def _lists(self, slot, pol, rng, domain):
        if slot in "pe":
            return domain[slot][pol]
        if slot in domain:  # adjectives and their forms
            general = self.lang.words[slot][pol]
            return general if rng.random() < 0.25 else domain[slot][pol]
        return self.lang.words[slot][pol]


def finish_zh(text: str, rng: random.Random) -> str:
    """Punctuation habits, particles' repetition, and a few typing slips."""
    text = re.sub(r"(.)\1(?=了)", lambda m: m[0] if m[1] != "了" else "了", text)
    text = text.replace("了了", "了").replace("很很", "很").replace("太太", "太")
    text = text.replace("真的真", "真的").replace("好好", "好") if rng.random() < 0.8 else text
    style = rng.random()
    if style < 0.45:
        text = text.translate(FULL_WIDTH)
    elif style < 0.60:
        text = text.replace(",", rng.choice([" ", "。", "\uff01", "~", "…", "、"]))
    elif style < 0.64:
        text = text.replace(",", "")
    full = style < 0.55
    end = rng.random()
    if text and (text[-1].isalpha()):
        if end < 0.22:
            text += "\uff01" if full else "!"
        elif end < 0.48:
            text += "。" if full else "."
        elif end < 0.53:
            text += rng.choice(["\uff01\uff01\uff01", "!!!", "~", "...", "……", "。。。", "\uff01\uff01", "~~"])
    if rng.random() < 0.04 and len(text) > 6:
        i = rng.randrange(len(text) - 1)
        text = text[:i] + rng.choice(["", text[i] * 2]) + text[i + 1:]
    return text.strip()


def finish_en(text: str, rng: random.Random) -> str:
    """Articles, capitals, punctuation and a few typing slips."""
    text = re.sub(r" +", " ", text).strip()
    text = re.sub(r" ([,.!?])", r"\1", text)
    text = re.sub(r"\ba ([aeiouAEIOU])", r"an \1", text)
    text = re.sub(r"\bdo(?:n't| not) am\b", "am not", text)
    text = english.agree(text)
    style = rng.random()
    if style < 0.55:
        text = text[:1].upper() + text[1:]
        text = re.sub(r"([.!?] )([a-z])", lambda m: m[1] + m[2].upper(), text)
    elif style < 0.9:
        text = text[:1].upper() + text[1:] if rng.random() < 0.4 else text.lower()
    elif style < 0.93:
        text = text.upper()
    if style > 0.8:
        text = text.replace("'", "") if rng.random() < 0.5 else text
    end = rng.random()
    if text and text[-1].isalnum():
        if end < 0.45:
            text += "."
        elif end < 0.68:
            text += "!"
        elif end < 0.75:
            text += rng.choice(["!!", "!!!", "...", ".."])
    if rng.random() < 0.04 and len(text) > 8:
        i = rng.randrange(1, len(text) - 1)
        text = text[:i] + rng.choice(["", text[i] * 2]) + text[i + 1:]
    return text


def languages() -> dict:
    zh = Language("zh", lexicon_zh, templates_zh, str.split)
    en = Language("en", lexicon_en, templates_en,
                  lambda s: [w.strip() for w in s.replace("\n", " ").split("/") if w.strip()],
                  {"er": english.comparative, "est": english.superlative}, english.fits)
    return {"zh": Generator(zh, finish_zh), "en": Generator(en, finish_en)}
