"""Writes the Hugging Face folder from a checkpoint, and golden logits.

    python3 -m qdemo.export --work DIR --out models/demo

The weights are rounded to bfloat16; everything computed from the folder afterwards
(evaluation, golden.json) uses the rounded weights.
"""
import argparse
import json
import os
import struct

import numpy as np
import torch

from . import data
from .bpe import ENDOFTEXT, IM_END, IM_START, Tokenizer
from .qwen import Qwen

CHAT_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SIZE_MAX = 8_000_000


def to_bf16(x: np.ndarray) -> np.ndarray:
    """float32 -> bfloat16 bits as uint16, round to nearest even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(x: np.ndarray) -> np.ndarray:
    return (x.astype(np.uint32) << 16).view(np.float32)


def write_safetensors(path: str, tensors: dict) -> None:
    """tensors: name -> uint16 array holding bfloat16 bits."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "BF16", "shape": list(t.shape),
                        "data_offsets": [offset, offset + t.nbytes]}
        offset += t.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            f.write(t.tobytes())


def read_safetensors(path: str) -> dict:
    """name -> float32 array, of a BF16 file."""
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        body = f.read()
    out = {}
    for name, info in header.items():
        if name != "__metadata__":
            a, b = info["data_offsets"]
            out[name] = from_bf16(np.frombuffer(body[a:b], np.uint16)).reshape(info["shape"])
    return out


def load(folder: str, dtype=torch.float32):
    """(model, tokenizer) of an exported folder."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        model = Qwen(json.load(f))
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    model.load_state_dict({k[len("model."):]: torch.from_numpy(v.copy())
                           for k, v in tensors.items()})
    return (model.to(dtype).eval(),
            Tokenizer.load(os.path.join(folder, "tokenizer.json")))


def dump(path: str, value) -> None:
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)
        f.write("\n")


def write_configs(out: str, cfg: dict, tok: Tokenizer) -> None:
    ids = tok.special_ids
    dump(os.path.join(out, "config.json"), {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
        "attention_dropout": 0.0, "bos_token_id": ids[ENDOFTEXT],
        "eos_token_id": ids[IM_END], "hidden_act": "silu",
        "hidden_size": cfg["hidden_size"], "initializer_range": 0.02,
        "intermediate_size": cfg["intermediate_size"], "max_position_embeddings": 2048,
        "num_attention_heads": cfg["num_attention_heads"],
        "num_hidden_layers": cfg["num_hidden_layers"],
        "num_key_value_heads": cfg["num_key_value_heads"],
        "rms_norm_eps": cfg["rms_norm_eps"], "rope_theta": cfg["rope_theta"],
        "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_cache": True,
        "use_sliding_window": False, "vocab_size": cfg["vocab_size"]})
    dump(os.path.join(out, "generation_config.json"), {
        "bos_token_id": ids[ENDOFTEXT], "do_sample": True,
        "eos_token_id": [ids[IM_END], ids[ENDOFTEXT]], "pad_token_id": ids[ENDOFTEXT],
        "repetition_penalty": 1.0, "temperature": 0.7, "top_p": 0.9})
    decoder = {str(i): {"content": s, "lstrip": False, "normalized": False, "rstrip": False,
                        "single_word": False, "special": True} for s, i in ids.items()}
    dump(os.path.join(out, "tokenizer_config.json"), {
        "add_prefix_space": False, "added_tokens_decoder": decoder,
        "additional_special_tokens": [IM_START, IM_END], "bos_token": None,
        "chat_template": CHAT_TEMPLATE, "clean_up_tokenization_spaces": False,
        "eos_token": IM_END, "errors": "replace", "model_max_length": 2048,
        "pad_token": ENDOFTEXT, "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None})
    tok.save(os.path.join(out, "tokenizer.json"))


def golden_prompts(encoder) -> list:
    """(name, ids) of framed prompts of both tasks and both languages."""
    out = []
    for text in ("今天被领导表扬了,心情超好!", "排队两小时还卖完了,气死我了",
                 "I love this phone, it works perfectly!", "一点也不难吃,下次还来😊"):
        prefix, _ = encoder.sentiment_prefix(data.SENTIMENT_SYSTEM)
        branch, _ = encoder.sentiment_branch(text, 1)
        out.append(("sentiment: " + text, prefix + branch[:-2]))
    for turns, user in (([], "你好"), ([("Hello", "Hello! How can I help you?")], "Tell me a joke"),
                        ([("今天被领导表扬了,心情超好!", "恭喜你!")], "谢谢"),
                        ([], "caf\u00e9 №7: 3.14 ✓ ~ don't\n\n  stop 東京 한국어")):
        ids, _ = encoder.dialogue(data.chat.SYSTEM, turns)
        ids = ids + encoder.turn("user", user, 0.0)[0] + encoder.opening("assistant")[0]
        out.append(("chat: " + user, ids))
    return out


def write_golden(out: str) -> None:
    model, tok = load(out, torch.float64)
    cases = []
    for name, ids in golden_prompts(data.Encoder(tok)):
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0]
        cases.append({
            "name": name, "text": tok.decode(ids), "ids": ids,
            "argmax": logits.argmax(-1).tolist(),
            "logsumexp": [float(f"{v:.9g}") for v in torch.logsumexp(logits, -1).tolist()],
            "last_logits": [float(f"{v:.6g}") for v in logits[-1].tolist()]})
    with open(os.path.join(out, "golden.json"), "w", encoding="utf-8") as f:
        json.dump({"compute": "float64 from the bfloat16 weights", "cases": cases}, f,
                  ensure_ascii=False, separators=(",", ":"))
        f.write("\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", required=True)
    p.add_argument("--out", required=True)
    args = p.parse_args()
    torch.set_num_threads(2)
    saved = torch.load(os.path.join(args.work, "checkpoint.pt"))
    os.makedirs(args.out, exist_ok=True)
    tensors = {"model." + k: to_bf16(v.numpy()) for k, v in saved["model"].items()}
    write_safetensors(os.path.join(args.out, "model.safetensors"), tensors)
    write_configs(args.out, saved["config"],
                  Tokenizer.load(os.path.join(args.work, "tokenizer.json")))
    names = ["config.json", "generation_config.json", "tokenizer.json",
             "tokenizer_config.json", "model.safetensors"]
    size = sum(os.path.getsize(os.path.join(args.out, n)) for n in names)
    assert size <= SIZE_MAX, f"{size} bytes is over the limit of {SIZE_MAX}"
    write_golden(args.out)
    print(f"{args.out}: step {saved['step']}, {size} bytes in {len(names)} files")


if __name__ == "__main__":
    main()
