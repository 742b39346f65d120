"""The Qwen1.5 architecture in plain PyTorch (float32).

Names of parameters equal the Hugging Face tensor names without `model.`.
Shapes: T tokens, B rows, H heads, D head_dim, C hidden_size, V vocab_size.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):  # [..., C]
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rope_tables(positions, head_dim: int, theta: float):
    """cos, sin [B, 1, T, D] for positions [B, T], half-split (rotate_half) layout."""
    freq = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = positions.to(torch.float64)[..., None] * freq
    angle = torch.cat([angle, angle], -1)[:, None]
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):  # x [B, H, T, D]
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


class Attention(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        c = cfg["hidden_size"]
        self.heads = cfg["num_attention_heads"]
        self.q_proj = nn.Linear(c, c)
        self.k_proj = nn.Linear(c, c)
        self.v_proj = nn.Linear(c, c)
        self.o_proj = nn.Linear(c, c, bias=False)

    def forward(self, x, cos, sin, mask):
        b, t, c = x.shape
        split = lambda y: y.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        q = rotate(split(self.q_proj(x)), cos, sin)
        k = rotate(split(self.k_proj(x)), cos, sin)
        v = split(self.v_proj(x))
        scores = q @ k.transpose(2, 3) / math.sqrt(c // self.heads) + mask
        out = torch.softmax(scores, -1) @ v
        return self.o_proj(out.transpose(1, 2).reshape(b, t, c))


class Mlp(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        c, i = cfg["hidden_size"], cfg["intermediate_size"]
        self.gate_proj = nn.Linear(c, i, bias=False)
        self.up_proj = nn.Linear(c, i, bias=False)
        self.down_proj = nn.Linear(i, c, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        c, eps = cfg["hidden_size"], cfg["rms_norm_eps"]
        self.self_attn = Attention(cfg)
        self.mlp = Mlp(cfg)
        self.input_layernorm = RMSNorm(c, eps)
        self.post_attention_layernorm = RMSNorm(c, eps)

    def forward(self, x, cos, sin, mask, drop: float):
        a = self.self_attn(self.input_layernorm(x), cos, sin, mask)
        x = x + F.dropout(a, drop, self.training)
        m = self.mlp(self.post_attention_layernorm(x))
        return x + F.dropout(m, drop, self.training)


class Qwen(nn.Module):
    """Decoder with a tied head. `drop` is used in training only."""

    def __init__(self, cfg: dict, drop: float = 0.0):
        super().__init__()
        self.cfg, self.drop = cfg, drop
        self.embed_tokens = nn.Embedding(cfg["vocab_size"], cfg["hidden_size"])
        self.layers = nn.ModuleList(Layer(cfg) for _ in range(cfg["num_hidden_layers"]))
        self.norm = RMSNorm(cfg["hidden_size"], cfg["rms_norm_eps"])
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.dim() == 2:
                scale = 0.02
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    scale /= math.sqrt(2 * cfg["num_hidden_layers"])
                nn.init.normal_(p, std=scale)

    def hidden(self, ids, positions, mask):
        """Final normed states [B, T, C] for ids, positions [B, T], additive mask
        broadcastable to [B, H, T, T]."""
        x = self.embed_tokens(ids)
        head_dim = self.cfg["hidden_size"] // self.cfg["num_attention_heads"]
        cos, sin = rope_tables(positions, head_dim, self.cfg["rope_theta"])
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin, mask, self.drop)
        return self.norm(x)

    def logits(self, states):
        return states @ self.embed_tokens.weight.t()

    def forward(self, ids):
        """Logits [B, T, V] of plain causal rows ids [B, T]."""
        t = ids.shape[1]
        mask = torch.full((t, t), float("-inf"), dtype=self.norm.weight.dtype).triu(1)
        positions = torch.arange(t)[None].expand(ids.shape[0], t)
        return self.logits(self.hidden(ids, positions, mask))
