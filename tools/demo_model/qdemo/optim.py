"""Muon for hidden matrices, Adam for everything else.

Muon orthogonalizes the momentum of a matrix by a quintic Newton-Schulz iteration
(Jordan et al. 2024); on this model it needs about half of Adam's steps.
"""
import torch


def orthogonalize(g, steps: int = 5):
    """Approximately U V^T of g [n, rows, cols]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = g.shape[-2] > g.shape[-1]
    x = g.transpose(-1, -2) if tall else g
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        s = x @ x.transpose(-1, -2)
        x = a * x + (b * s + c * (s @ s)) @ x
    return x.transpose(-1, -2) if tall else x


class Optimizer:
    def __init__(self, model, lr_matrix: float, lr_other: float, decay: float):
        self.matrices, self.others = [], []
        for name, p in model.named_parameters():
            is_matrix = p.dim() == 2 and not name.startswith("embed_tokens")
            (self.matrices if is_matrix else self.others).append(p)
        self.lr_matrix, self.lr_other, self.decay = lr_matrix, lr_other, decay
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.m = [torch.zeros_like(p) for p in self.others]
        self.v = [torch.zeros_like(p) for p in self.others]
        self.step_count = 0
        self.groups = {}  # shape -> indices of matrices
        for i, p in enumerate(self.matrices):
            self.groups.setdefault(tuple(p.shape), []).append(i)

    def share(self) -> None:
        """Lets forked processes update the state of their matrices."""
        for t in self.momentum:
            t.share_memory_()

    def part(self, worker: int, workers: int) -> list:
        """Indices of the matrices that `worker` updates: an equal share of each shape."""
        return [i for indices in self.groups.values() for i in indices[worker::workers]]

    @torch.no_grad()
    def step(self, scale: float, worker: int = 0, workers: int = 1) -> None:
        """One update with both learning rates multiplied by `scale`: this worker's
        matrices, and all the rest by worker 0."""
        self.step_count += 1
        self._muon(scale, set(self.part(worker, workers)))
        if worker == 0:
            self._adam(scale)

    def _muon(self, scale: float, mine: set) -> None:
        beta, lr = 0.95, self.lr_matrix * scale
        for shape, group in self.groups.items():
            updates, indices = [], [i for i in group if i in mine]
            for i in indices:
                g = self.matrices[i].grad
                self.momentum[i].lerp_(g, 1 - beta)
                updates.append(g.lerp(self.momentum[i], beta))
            gain = max(1.0, shape[0] / shape[1]) ** 0.5
            for i, u in zip(indices, orthogonalize(torch.stack(updates))):
                self.matrices[i].mul_(1 - lr * self.decay).add_(u, alpha=-lr * gain)

    def _adam(self, scale: float) -> None:
        b1, b2, lr = 0.9, 0.98, self.lr_other * scale
        c1, c2 = 1 - b1 ** self.step_count, 1 - b2 ** self.step_count
        for p, m, v in zip(self.others, self.m, self.v):
            m.lerp_(p.grad, 1 - b1)
            v.lerp_(p.grad * p.grad, 1 - b2)
            p.addcdiv_(m, (v / c2).sqrt_().add_(1e-8), value=-lr / c1)

    def state(self) -> dict:
        return {"momentum": self.momentum, "m": self.m, "v": self.v, "n": self.step_count}

    def load(self, state: dict) -> None:
        self.step_count = state["n"]
        for key in ("momentum", "m", "v"):
            for mine, saved in zip(getattr(self, key), state[key]):
                mine.copy_(saved)
