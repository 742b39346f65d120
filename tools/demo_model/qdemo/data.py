"""Turns generated text into packed training rows.

A row holds blocks that cannot see each other. A sentiment block is one system
prompt followed by several branches; each branch sees the prompt and itself only
and its positions continue from the prompt, so the shared prefix is computed once.
"""
import random

import numpy as np

from . import chat, sentiment
from .bpe import ENDOFTEXT, IM_END, IM_START, LABELS

SENTIMENT_SYSTEM = "你是一个冷静的情感分析师。判断用户这句话的情感,只回答“正面”或“负面”。"
OTHER_SENTIMENT_SYSTEMS = [
    "你是一个情感分析师。判断用户这句话的情感,只回答“正面”或“负面”。",
    "判断用户这句话的情感,只回答“正面”或“负面”。",
    "你是一个冷静的情感分析师,判断下面这句话的情感,只回答“正面”或“负面”。",
    "请判断这句话的情感倾向,只回答正面或负面。", "情感分析:正面还是负面?",
    "You are a sentiment classifier. Answer only 正面 or 负面.",
    "Classify the sentiment of the user's message as 正面 or 负面.",
    "你是一个冷静的情感分析师。判断用户这句话的情感,只回答“正面”或“负面”。".replace(",", "\uff0c"),
]

CHINESE_SHARE = 0.42  # English has more to learn: its unseen words share less
MADE_UP_SHARE = 0.25  # of the sentences with several cues, those with an unknown one
SENTENCE_DROPOUT, DIALOGUE_DROPOUT = 0.08, 0.05  # of BPE merges
W_REPLY, W_LABEL, W_USER, W_SENTENCE = 1.0, 14.0, 0.05, 0.1


class Encoder:
    """ChatML framing. Every method returns parallel lists (ids, loss weights)."""

    def __init__(self, tok):
        self.tok = tok
        self.start, self.end = tok.special_ids[IM_START], tok.special_ids[IM_END]
        self.pad = tok.special_ids[ENDOFTEXT]
        self.newline = tok.encode("\n")
        self.role = {r: tok.encode(r + "\n") for r in ("system", "user", "assistant")}
        self.label = {y: tok.encode(t) for y, t in LABELS.items()}
        assert all(len(v) == 1 for v in self.label.values())

    def opening(self, role: str) -> tuple:
        ids = [self.start] + self.role[role]
        return ids, [0.0] * len(ids)

    def turn(self, role: str, text: str, weight: float, dropout=0.0, rng=None) -> tuple:
        ids, w = self.opening(role)
        body = self.tok.encode(text, dropout, rng) + [self.end]
        if role == "user":  # the engine, not the model, ends the user's turn
            w = w + [weight] * (len(body) - 1) + [0.0]
        else:
            w = w + [weight] * len(body)
        return ids + body + self.newline, w + [0.0] * len(self.newline)

    def sentiment_prefix(self, system: str) -> tuple:
        ids, w = self.turn("system", system, 0.0)
        more, v = self.opening("user")
        return ids + more, w + v

    def sentiment_branch(self, text: str, label: int, dropout=0.0, rng=None) -> tuple:
        body = self.tok.encode(text, dropout, rng)
        ids = body + [self.end] + self.newline
        w = [W_SENTENCE] * len(body) + [0.0] * (1 + len(self.newline))
        more, v = self.opening("assistant")
        return (ids + more + self.label[label] + [self.end],
                w + v + [W_LABEL, 0.2])

    def dialogue(self, system: str, turns, dropout=0.0, rng=None) -> tuple:
        ids, w = self.turn("system", system, 0.0) if system else ([], [])
        for user, reply in turns:
            for role, text, weight in (("user", user, W_USER), ("assistant", reply, W_REPLY)):
                more, v = self.turn(role, text, weight, dropout if role == "user" else 0.0, rng)
                ids, w = ids + more, w + v
        return ids, w


class Rows:
    """Fixed-length rows under construction."""

    def __init__(self, count: int, length: int, pad: int):
        self.ids = np.full((count, length), pad, np.int64)
        self.positions = np.zeros((count, length), np.int64)
        self.weights = np.zeros((count, length), np.float32)  # of predicting this token
        self.block = np.full((count, length), -1, np.int32)
        self.branch = np.zeros((count, length), np.int32)
        self.used = [0] * count
        self.length = length
        self.next_block = 0

    def room(self, row: int) -> int:
        return self.length - self.used[row]

    def put(self, row: int, ids, weights, position: int, block: int, branch: int) -> None:
        at, n = self.used[row], len(ids)
        self.ids[row, at:at + n] = ids
        self.weights[row, at:at + n] = weights
        self.weights[row, at] = 0.0  # its predecessor in the row is a stranger
        self.positions[row, at:at + n] = np.arange(position, position + n)
        self.block[row, at:at + n] = block
        self.branch[row, at:at + n] = branch
        self.used[row] = at + n

    def mask(self):
        """Additive attention mask [rows, 1, length, length], float32."""
        t = np.arange(self.length)
        seen = t[None, :] <= t[:, None]
        same = self.block[:, :, None] == self.block[:, None, :]
        branch = self.branch
        inside = (branch[:, None, :] == 0) | (branch[:, :, None] == branch[:, None, :])
        return np.where(seen & same & inside, 0.0, -1e9).astype(np.float32)[:, None]


class Source:
    """Draws unframed training samples: labelled sentences and dialogues."""

    def __init__(self):
        self.languages = sentiment.languages()

    def sentence(self, rng) -> tuple:
        """(text, label): from templates, scenes, or the dialogues' events."""
        lang = "zh" if rng.random() < CHINESE_SHARE else "en"
        generator, label, kind = self.languages[lang], rng.randrange(2), rng.random()
        if kind < 0.65:
            return generator.sentence(rng, label, unknown=MADE_UP_SHARE), label
        if kind < 0.88:
            return generator.scene(rng, label), label
        while True:
            event = chat.event(lang, rng, label)
            if event is None:
                return generator.sentence(rng, label), label
            if not generator.lang.leaks(event):
                return event, label

    def turns(self, rng, stream) -> list:
        if rng.random() < 0.15:
            lang = rng.choice(["zh", "en"])
            return chat.reaction(lang, self.languages[lang], rng)
        while True:
            turns = next(stream)
            text = "\n".join(u + "\n" + a for u, a in turns)
            if not any(g.lang.leaks(text) for g in self.languages.values()):
                return turns


def texts(seed: int, count: int):
    """Text for training the tokenizer, in about the mix the model will see."""
    source, rng = Source(), random.Random(seed)
    stream = chat.dialogues(rng, "train")
    yield from [SENTIMENT_SYSTEM, chat.SYSTEM] * 50
    yield from OTHER_SENTIMENT_SYSTEMS + chat.OTHER_SYSTEMS
    for i in range(count):
        if i % 3 < 2:
            yield source.sentence(rng)[0]
        else:
            for user, reply in source.turns(rng, stream):
                yield user
                yield reply


class Corpus:
    """Draws training batches; a batch depends on the seed and its first row only."""

    def __init__(self, tok, seed: int, length: int, chat_share: float):
        self.encoder, self.source = Encoder(tok), Source()
        self.seed, self.length, self.chat_share = seed, length, chat_share

    def batch(self, first: int, count: int) -> Rows:
        """Rows `first` to `first + count` of the endless run."""
        rng = random.Random(self.seed * 1_000_003 + first)
        rows = Rows(count, self.length, self.encoder.pad)
        stream = chat.dialogues(rng, "train")
        for r in range(count):
            # Stratified: the share of chat rows is exact over consecutive rows.
            n = first + r
            if int((n + 1) * self.chat_share) > int(n * self.chat_share):
                self._fill_chat(rows, r, rng, stream)
            else:
                self._fill_sentiment(rows, r, rng)
        return rows

    def _fill_sentiment(self, rows, r, rng) -> None:
        system = (SENTIMENT_SYSTEM if rng.random() < 0.85
                  else rng.choice(OTHER_SENTIMENT_SYSTEMS))
        ids, w = self.encoder.sentiment_prefix(system)
        block, branch, start = rows.next_block, 1, len(ids)
        rows.next_block += 1
        rows.put(r, ids, w, 0, block, 0)
        while True:
            text, label = self.source.sentence(rng)
            ids, w = self.encoder.sentiment_branch(text, label, SENTENCE_DROPOUT, rng)
            if rng.random() < 0.15:
                self._spoil(ids, w, rng)
            if len(ids) > rows.room(r):
                return
            rows.put(r, ids, w, start, block, branch)
            branch += 1

    def _spoil(self, ids, weights, rng) -> None:
        """Replaces a few of the sentence's tokens by random ones: an unknown word
        must not outweigh the others."""
        for i, w in enumerate(weights):
            if w == W_SENTENCE and rng.random() < 0.08:
                ids[i] = rng.randrange(256, self.encoder.pad)
                weights[i] = 0.0

    def _fill_chat(self, rows, r, rng, stream) -> None:
        misses = 0
        while misses < 3:
            turns = self.source.turns(rng, stream)
            ids, w = self.encoder.dialogue(chat.system_prompt(rng), turns, DIALOGUE_DROPOUT, rng)
            if len(ids) > rows.room(r) and rows.used[r] == 0:
                ids, w = ids[:self.length], w[:self.length]
            if len(ids) > rows.room(r):
                misses += 1
                continue
            rows.put(r, ids, w, 0, rows.next_block, 0)
            rows.next_block += 1
