"""Measures an exported folder: held-out and everyday accuracy, sample chats.

    python3 -m qdemo.evaluate models/demo [--count 1000] [--errors] [--json FILE]
"""
import argparse
import json
import math
import os
import random

import torch
import torch.nn.functional as F

from . import chat, data, export, infer

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ACCEPTANCE = [("今天被领导表扬了\uff0c心情超好\uff01", 1), ("排队两小时还卖完了\uff0c气死我了", 0),
              ("今天被领导表扬了,心情超好!", 1), ("排队两小时还卖完了,气死我了", 0)]
# (name, words split, templates split)
SPLITS = [("seen words, seen templates", "train", "train"),
          ("unseen words, seen templates", "test", "train"),
          ("seen words, unseen templates", "train", "test"),
          ("an unseen beside a seen word, unseen templates", "mixed", "test"),
          ("unseen words only, unseen templates", "test", "test")]
CHATS = [
    ["你好", "你叫什么名字?", "你能做什么?", "谢谢,再见"],
    ["今天被领导表扬了,心情超好!", "谢谢你"],
    ["排队两小时还卖完了,气死我了", "有什么办法吗?"],
    ["我叫小明", "我叫什么名字?"],
    ["讲个笑话", "再来一个"],
    ["我失眠了,怎么办?", "为什么?"],
    ["推荐一部电影吧"], ["中国的首都是哪里?"], ["1+1等于几?"], ["今天天气真好"],
    ["Hello!", "What is your name?", "What can you do?", "Thanks, bye"],
    ["I got promoted today!", "Thank you!"],
    ["My phone is broken and I am so sad", "What should I do?"],
    ["Tell me a joke"], ["How are you?"], ["I can't sleep at night"],
    ["What is the capital of France?"], ["My name is Anna", "What is my name?"],
]


def accuracy(model, encoder, items) -> tuple:
    """(share right, mean confidence in the chosen label, wrong items)."""
    scores = infer.classify(model, encoder, [t for t, _ in items])
    wrong = [(t, y, p) for (t, y), p in zip(items, scores) if (p >= 0.5) != bool(y)]
    confidence = sum(max(p, 1 - p) for p in scores) / len(scores)
    return 1 - len(wrong) / len(items), confidence, wrong


def held_out(source, lang: str, words: str, templates: str, count: int) -> list:
    """`count` distinct labelled sentences, balanced, from a fixed seed."""
    rng, out = random.Random(f"eval {lang} {words} {templates}"), {}
    while len(out) < count:
        label = len(out) % 2
        out.setdefault(source.languages[lang].sentence(rng, label, words, templates), label)
    return list(out.items())


def everyday(path: str) -> dict:
    out = {"zh": [], "en": []}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#"):
                lang, label, text = line.rstrip("\n").split("\t")
                out[lang].append((text, int(label)))
    return out


def reply_loss(model, encoder, count: int) -> float:
    """Mean loss per reply token on dialogues of the test split."""
    total = tokens = 0
    stream = chat.dialogues(random.Random(99), "test")
    with torch.no_grad():
        for _ in range(count):
            ids, weights = encoder.dialogue(chat.SYSTEM, next(stream))
            each = F.cross_entropy(model(torch.tensor([ids]))[0, :-1],
                                   torch.tensor(ids[1:]), reduction="none")
            keep = torch.tensor(weights[1:]) == data.W_REPLY
            total += float(each[keep].sum())
            tokens += int(keep.sum())
    return total / tokens


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--errors", action="store_true", help="list misjudged sentences")
    p.add_argument("--no-chat", action="store_true")
    p.add_argument("--json", help="also write the figures there")
    args = p.parse_args()
    torch.set_num_threads(1)
    model, tok = export.load(args.folder)
    encoder, source, figures = data.Encoder(tok), data.Source(), {}

    def report(name, items):
        share, confidence, wrong = accuracy(model, encoder, items)
        figures[name] = {"accuracy": share, "confidence": confidence, "count": len(items)}
        print(f"{name:52s} {100 * share:6.1f} %  n={len(items)}  confidence {confidence:.3f}",
              flush=True)
        if args.errors:
            for text, label, score in wrong[:60]:
                print(f"    {label} {score:.2f} {text}")

    for lang in ("zh", "en"):
        for name, words, templates in SPLITS:
            report(f"{lang} {name}", held_out(source, lang, words, templates, args.count))
    for name in ("everyday", "everyday_fresh"):
        for lang, items in everyday(os.path.join(HERE, name + ".tsv")).items():
            report(f"{lang} {name}", items)
    for (text, label), score in zip(ACCEPTANCE, infer.classify(model, encoder,
                                                               [t for t, _ in ACCEPTANCE])):
        verdict = "ok" if (score >= 0.5) == bool(label) else "WRONG"
        print(f"{verdict} P(正面) {score:.4f}  {text}")
    loss = reply_loss(model, encoder, 200)
    figures["reply loss"] = loss
    print(f"held-out dialogues: loss {loss:.3f} per reply token, "
          f"perplexity {math.exp(loss):.2f}")
    if not args.no_chat:
        for users in CHATS:
            turns = []
            for user in users:
                turns.append((user, infer.reply(model, encoder, turns, user)))
                print(f"  > {user}\n    {turns[-1][1]}")
            print()
    if args.json:
        export.dump(args.json, figures)


if __name__ == "__main__":
    main()
