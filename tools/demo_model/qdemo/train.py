"""Trains tokenizer and model: checkpointed, resumable, schedules count steps.

    python3 -m qdemo.train --work DIR [--steps N] ...

Stopping at any time loses at most `--save-every` steps; running the same command
again continues. A batch depends on (seed, step), so a resumed run sees exactly
the batches it would have seen.
"""
import argparse
import json
import multiprocessing
import os
import time

import torch
import torch.nn.functional as F

from . import data
from .bpe import Tokenizer, train as train_bpe
from .optim import Optimizer
from .qwen import Qwen

CONFIG = {
    "hidden_size": 192, "intermediate_size": 640, "num_hidden_layers": 4,
    "num_attention_heads": 3, "num_key_value_heads": 3, "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
}


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--steps", type=int, default=10000)
    p.add_argument("--rows", type=int, default=8)
    p.add_argument("--length", type=int, default=256)
    p.add_argument("--chat-share", type=float, default=0.33)
    p.add_argument("--lr-matrix", type=float, default=0.02)
    p.add_argument("--lr-other", type=float, default=0.004)
    p.add_argument("--decay", type=float, default=0.1)
    p.add_argument("--warmup", type=int, default=100)
    p.add_argument("--drop", type=float, default=0.0)
    p.add_argument("--vocab", type=int, default=6000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--save-every", type=int, default=200)
    return p.parse_args()


def tokenizer(args) -> Tokenizer:
    path = os.path.join(args.work, "tokenizer.json")
    if not os.path.exists(path):
        os.makedirs(args.work, exist_ok=True)
        tok = train_bpe(data.texts(args.seed, 60_000), args.vocab)
        tok.save(path + ".part")
        os.replace(path + ".part", path)
        print(f"tokenizer: {tok.size} tokens", flush=True)
    return Tokenizer.load(path)


def schedule(step: int, args) -> float:
    """Warm-up, constant, then linear decay over the last 60 % of the steps.

    Unlike a cosine, this lets a resumed run change `--steps` before the decay."""
    decay = 0.6 * args.steps
    return min((step + 1) / args.warmup, 1.0, 0.02 + 0.98 * (args.steps - step) / decay)


def losses(model, rows):
    """Weighted loss and two plain numbers for the log: label and reply loss."""
    ids = torch.from_numpy(rows.ids)
    states = model.hidden(ids, torch.from_numpy(rows.positions), torch.from_numpy(rows.mask()))
    weights = torch.from_numpy(rows.weights)[:, 1:].reshape(-1)
    wanted = weights.nonzero().squeeze(1)
    flat = states[:, :-1].reshape(-1, states.shape[-1])[wanted]
    targets, weights = ids[:, 1:].reshape(-1)[wanted], weights[wanted]
    each = F.cross_entropy(model.logits(flat), targets, reduction="none")
    plain = each.detach()
    label, reply = plain[weights == data.W_LABEL], plain[weights == data.W_REPLY]
    return ((each * weights).sum() / weights.sum(), float(label.mean()) if len(label) else 0.0,
            float(reply.mean()) if len(reply) else 0.0)


def save(path: str, model, optimizer, step: int) -> None:
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state(), "step": step,
                "config": model.cfg}, path + ".part")
    os.replace(path + ".part", path)


class Team:
    """Data-parallel steps of single-threaded processes over shared memory: each
    computes the gradients of its rows, then updates its share of the matrices.

    On a busy machine this beats one process with several threads, which would wait
    for the slowest thread at every matrix product. Worker 0 is this process.
    """

    def __init__(self, model, optimizer, corpus, args):
        self.model, self.optimizer, self.corpus, self.args = model, optimizer, corpus, args
        model.train()
        model.share_memory()
        optimizer.share()
        self.rows = [(args.rows + i) // args.workers for i in range(args.workers)]
        count = sum(p.numel() for p in model.parameters())
        self.shared = torch.zeros(args.workers, count).share_memory_()
        self.others = []
        for worker in range(1, args.workers):
            mine, theirs = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(
                target=self._serve, args=(worker, theirs, mine), daemon=True)
            process.start()
            theirs.close()
            self.others.append((process, mine))

    def _serve(self, worker: int, pipe, parent_end) -> None:
        """Answers a step number with gradients and then a scale with an update, until
        None or the parent's death."""
        parent_end.close()
        for _, other in self.others:
            other.close()
        while (step := self._receive(pipe)) is not None:
            figures = self._compute(step, worker)
            for p, part in self._parts(worker):
                part.copy_(p.grad)
            pipe.send(figures)
            if (scale := self._receive(pipe)) is None:
                return
            for p, part in self._parts(0):
                p.grad.copy_(part)
            self.optimizer.step(scale, worker, self.args.workers)
            pipe.send(None)

    def _parts(self, worker: int):
        """Each parameter with its view of a worker's row of gradients."""
        at = 0
        for p in self.model.parameters():
            yield p, self.shared[worker, at:at + p.numel()].view_as(p)
            at += p.numel()

    @staticmethod
    def _receive(pipe):
        try:
            return pipe.recv()
        except EOFError:
            return None

    def _compute(self, step: int, worker: int) -> tuple:
        first = step * self.args.rows + sum(self.rows[:worker])
        torch.manual_seed(self.args.seed * 7919 + first)  # dropout, same after a resume
        batch = self.corpus.batch(first, self.rows[worker])
        loss, label, reply = losses(self.model, batch)
        for p in self.model.parameters():
            p.grad = None
        share = self.rows[worker] / self.args.rows
        (loss * share).backward()
        return float(loss) * share, label * share, reply * share

    def gradients(self, step: int) -> list:
        """Leaves the mean gradient in the model; returns the mean figures."""
        for _, pipe in self.others:
            pipe.send(step)
        figures = [self._compute(step, 0)]
        for worker, (_, pipe) in enumerate(self.others, 1):
            figures.append(pipe.recv())
            for p, part in self._parts(worker):
                p.grad += part
        return [sum(f) for f in zip(*figures)]

    def update(self, scale: float) -> None:
        """Applies the model's gradients; the weights are shared by all."""
        for p, part in self._parts(0):
            part.copy_(p.grad)
        for _, pipe in self.others:
            pipe.send(scale)
        self.optimizer.step(scale, 0, self.args.workers)
        for _, pipe in self.others:
            pipe.recv()

    def close(self) -> None:
        for process, pipe in self.others:
            pipe.send(None)
            process.join()


def main():
    args = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    tok = tokenizer(args)
    config = dict(CONFIG, vocab_size=(tok.size + 15) // 16 * 16)
    model = Qwen(config, args.drop)
    optimizer = Optimizer(model, args.lr_matrix, args.lr_other, args.decay)
    corpus = data.Corpus(tok, args.seed, args.length, args.chat_share)
    path, first = os.path.join(args.work, "checkpoint.pt"), 0
    if os.path.exists(path):
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load(saved["optimizer"])
        first = saved["step"]
        print(f"resuming at step {first}", flush=True)
    else:
        count = sum(p.numel() for p in model.parameters())
        print(f"{count} parameters, {json.dumps(vars(args))}", flush=True)
    team = Team(model, optimizer, corpus, args)
    since, tokens, sums = time.monotonic(), 0, [0.0, 0.0, 0.0]
    for step in range(first, args.steps):
        sums = [a + b for a, b in zip(sums, team.gradients(step))]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        team.update(schedule(step, args))
        tokens += args.rows * args.length
        if (step + 1) % 50 == 0:
            spent = time.monotonic() - since
            mean = [s / 50 for s in sums]
            print(f"step {step + 1} loss {mean[0]:.3f} label {mean[1]:.3f} reply "
                  f"{mean[2]:.3f} {tokens / spent:.0f} tok/s", flush=True)
            since, tokens, sums = time.monotonic(), 0, [0.0, 0.0, 0.0]
        if (step + 1) % args.save_every == 0 or step + 1 == args.steps:
            save(path, model, optimizer, step + 1)
    team.close()


if __name__ == "__main__":
    main()
