"""Byte-level BPE in the Qwen format: training, encoding, decoding, tokenizer.json.

Chinese (every non-ASCII character) is kept at one token per character: a small
model generalizes to unseen words through their characters. The only exceptions
are the labels, which the engine scores as single tokens. ASCII words get
ordinary frequency-driven BPE.
"""
import collections
import functools
import json
import random
import re
import sys
import unicodedata

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ENDOFTEXT, IM_START, IM_END = SPECIALS
LABELS = {1: "正面", 0: "负面"}

# The pattern as tokenizer.json states it (Oniguruma syntax).
SPLIT_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _category_class(letter: str) -> str:
    """A regex character-class body of all code points in category `letter`*."""
    out, start = [], None
    for cp in range(sys.maxunicode + 2):
        inside = cp <= sys.maxunicode and unicodedata.category(chr(cp))[0] == letter
        if inside and start is None:
            start = cp
        elif not inside and start is not None:
            out.append(f"\\U{start:08x}-\\U{cp - 1:08x}")
            start = None
    return "".join(out)


@functools.lru_cache(maxsize=1)
def split_regex() -> "re.Pattern[str]":
    # The same pattern with the two property classes spelled out, as `re` lacks them.
    letter, number = _category_class("L"), _category_class("N")
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n" + letter + number + "]?[" + letter
        + "]+|[" + number + r"]| ?[^\s" + letter + number
        + r"]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    return re.compile(pattern)


@functools.lru_cache(maxsize=1)
def byte_alphabet() -> list:
    """GPT-2's printable stand-in character for each byte value."""
    keep = (list(range(ord("!"), ord("~") + 1)) + list(range(0xA1, 0xAD))
            + list(range(0xAE, 0x100)))
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return [table[b] for b in range(256)]


def to_alphabet(text: str) -> str:
    table = byte_alphabet()
    return "".join(table[b] for b in text.encode("utf-8"))


class Tokenizer:
    """Encodes and decodes with a vocabulary, ranked merges and special tokens."""

    def __init__(self, vocab: dict, merges: list, soft_from: int = 1 << 30):
        """`soft_from`: merges of this rank and above may be dropped in training."""
        self.vocab = dict(vocab)
        self.merges = [tuple(m) for m in merges]
        self.ranks = {m: i for i, m in enumerate(self.merges)}
        self.soft_from = soft_from
        self.special_ids = {s: len(self.vocab) + i for i, s in enumerate(SPECIALS)}
        self.size = len(self.vocab) + len(SPECIALS)
        self.pieces = {i: p for p, i in self.vocab.items()}
        self._bytes = {c: b for b, c in enumerate(byte_alphabet())}
        self._cache = {}

    def encode(self, text: str, dropout: float = 0.0, rng: random.Random = None) -> list:
        """Token ids of plain text; special tokens are never produced from it."""
        ids = []
        for piece in split_regex().findall(unicodedata.normalize("NFC", text)):
            if dropout > 0.0 and rng is not None and piece.isascii():
                ids += self._merge(to_alphabet(piece), dropout, rng)
                continue
            hit = self._cache.get(piece)
            if hit is None:
                hit = self._merge(to_alphabet(piece), 0.0, None)
                if len(self._cache) < 200_000:
                    self._cache[piece] = hit
            ids += hit
        return ids

    def _merge(self, word: str, dropout: float, rng) -> list:
        parts = list(word)
        while len(parts) > 1:
            best, best_rank = -1, 1 << 60
            for i in range(len(parts) - 1):
                rank = self.ranks.get((parts[i], parts[i + 1]))
                if rank is None or rank >= best_rank:
                    continue
                if dropout > 0.0 and rank >= self.soft_from and rng.random() < dropout:
                    continue
                best, best_rank = i, rank
            if best < 0:
                break
            parts[best:best + 2] = [parts[best] + parts[best + 1]]
        return [self.vocab[p] for p in parts]

    def decode(self, ids) -> str:
        specials = {i: s for s, i in self.special_ids.items()}
        out, pending = [], bytearray()
        for i in ids:
            if i in specials:
                out.append(pending.decode("utf-8", "replace"))
                pending.clear()
                out.append(specials[i])
            elif i in self.pieces:
                pending += bytes(self._bytes[c] for c in self.pieces[i])
        out.append(pending.decode("utf-8", "replace"))
        return "".join(out)

    def to_json(self) -> dict:
        byte_level = {"type": "ByteLevel", "add_prefix_space": False,
                      "trim_offsets": False, "use_regex": False}
        added = [{"id": i, "content": s, "single_word": False, "lstrip": False,
                  "rstrip": False, "normalized": False, "special": True}
                 for s, i in self.special_ids.items()]
        return {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": added, "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT_PATTERN},
                 "behavior": "Isolated", "invert": False}, byte_level]},
            "post_processor": byte_level, "decoder": byte_level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None,
                      "continuing_subword_prefix": "", "end_of_word_suffix": "",
                      "fuse_unk": False, "byte_fallback": False,
                      "vocab": self.vocab,
                      "merges": [" ".join(m) for m in self.merges]},
        }

    @staticmethod
    def from_json(data: dict) -> "Tokenizer":
        merges = [tuple(m.split(" ")) for m in data["model"]["merges"]]
        ascii_merge = [i for i, (a, b) in enumerate(merges)
                       if all(c == "Ġ" or c < "\x7f" for c in a + b)]
        return Tokenizer(data["model"]["vocab"], merges,
                         min(ascii_merge, default=1 << 30))

    def save(self, path: str) -> None:
        with open(path, "w", encoding="utf-8") as f:
            json.dump(self.to_json(), f, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def load(path: str) -> "Tokenizer":
        with open(path, encoding="utf-8") as f:
            return Tokenizer.from_json(json.load(f))


def _train_words(words: collections.Counter, merges_max: int, taken: set) -> list:
    """Classic BPE over counted ASCII words; returns merges in rank order."""
    seqs = [(list(w), c) for w, c in words.items() if len(w) > 1]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for k, (seq, count) in enumerate(seqs):
        for p in zip(seq, seq[1:]):
            pairs[p] += count
            where[p].add(k)
    merges = []
    while len(merges) < merges_max and pairs:
        pair = max(pairs, key=lambda p: (pairs[p], p))
        if pairs[pair] < 2:
            break
        joined = pair[0] + pair[1]
        if joined not in taken:
            taken.add(joined)
            merges.append(pair)
        for k in list(where.pop(pair)):
            seq, count = seqs[k]
            for p in zip(seq, seq[1:]):
                pairs[p] -= count
            i, new = 0, []
            while i < len(seq):
                if i + 1 < len(seq) and (seq[i], seq[i + 1]) == pair:
                    new.append(joined)
                    i += 2
                else:
                    new.append(seq[i])
                    i += 1
            seqs[k] = (new, count)
            for p in zip(new, new[1:]):
                pairs[p] += count
                where[p].add(k)
        pairs.pop(pair, None)
    return merges


def train(texts, vocab_max: int, char_count_min: int = 2) -> Tokenizer:
    """Trains on an iterable of texts; at most `vocab_max` tokens with specials."""
    chars, words = collections.Counter(), collections.Counter()
    word_re = re.compile(r" ?[A-Za-z]+|[!-/:-@\[-`{-~]+")
    for text in texts:
        text = unicodedata.normalize("NFC", text)
        for c in text:
            if ord(c) >= 128:
                chars[c] += 1
        for piece in split_regex().findall(text):
            for w in word_re.findall(piece):
                words[to_alphabet(w)] += 1
    for label in LABELS.values():
        for c in label:
            chars[c] += 1000
    for w in ("system", "user", "assistant"):
        words[w] += 1_000_000
    vocab = {c: i for i, c in enumerate(sorted(byte_alphabet(), key=ord))}
    merges = []

    def add(a: str, b: str) -> None:
        if a + b not in vocab:
            vocab[a + b] = len(vocab)
            merges.append((a, b))

    for c, n in chars.most_common():
        if n < char_count_min:
            break
        spelled = to_alphabet(c)
        for k in range(1, len(spelled)):
            add(spelled[:k], spelled[k])
    for label in LABELS.values():
        add(to_alphabet(label[0]), to_alphabet(label[1]))
    soft_from = len(merges)
    room = vocab_max - len(SPECIALS) - len(vocab)
    for a, b in _train_words(words, room, set(vocab)):
        add(a, b)
    return Tokenizer(vocab, merges, soft_from)
