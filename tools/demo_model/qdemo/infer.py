"""Classification and sampling with the PyTorch model, as the engine does them."""
import random

import torch

from . import data
from .bpe import LABELS


def classify(model, encoder, texts, system=data.SENTIMENT_SYSTEM, length=512) -> list:
    """P(positive) of each text, from the label tokens' logits only."""
    prefix, _ = encoder.sentiment_prefix(system)
    label = [encoder.label[y][0] for y in (0, 1)]
    out = [None] * len(texts)
    rows, where = data.Rows(1, length, encoder.pad), []
    rows.put(0, prefix, [0.0] * len(prefix), 0, 0, 0)

    def flush():
        nonlocal rows, where
        if where:
            with torch.no_grad():
                states = model.hidden(torch.from_numpy(rows.ids),
                                      torch.from_numpy(rows.positions),
                                      torch.from_numpy(rows.mask()))[0]
                scores = model.logits(states[[at for _, at in where]])[:, label]
                for (i, _), p in zip(where, torch.softmax(scores, -1)[:, 1].tolist()):
                    out[i] = p
        rows, where = data.Rows(1, length, encoder.pad), []
        rows.put(0, prefix, [0.0] * len(prefix), 0, 0, 0)

    for i, text in enumerate(texts):
        ids, _ = encoder.sentiment_branch(text, 1)
        ids = ids[:-2]  # up to and including "assistant\n"
        if len(ids) > rows.room(0):
            flush()
        rows.put(0, ids, [0.0] * len(ids), len(prefix), 0, len(where) + 1)
        where.append((i, rows.used[0] - 1))
    flush()
    return out


def reply(model, encoder, turns, user, system=data.chat.SYSTEM, temperature=0.0,
          top_p=0.9, seed=1, tokens_max=80) -> str:
    """The assistant's next turn after `turns` [(user, reply)] and `user`."""
    rng = random.Random(seed)
    ids, _ = encoder.dialogue(system, turns)
    ids = ids + encoder.turn("user", user, 0.0)[0] + encoder.opening("assistant")[0]
    start = len(ids)
    with torch.no_grad():
        while len(ids) - start < tokens_max:
            logits = model(torch.tensor([ids]))[0, -1]
            if temperature == 0.0:
                token = int(logits.argmax())
            else:
                p, order = torch.softmax(logits / temperature, -1).sort(descending=True)
                keep = int((p.cumsum(0) - p < top_p).sum())
                token = int(order[rng.choices(range(keep), p[:keep].tolist())[0]])
            if token in (encoder.end, encoder.pad):
                break
            ids.append(token)
    return encoder.tok.decode(ids[start:])


def label_name(p: float) -> str:
    return LABELS[int(p >= 0.5)]
