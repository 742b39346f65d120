"""Model files as people have them: under other names, in parts, with an older tokenizer."""

import json
import shutil
import struct
import unittest

from program import DEMO_MODEL, FAILED, ProgramTest

SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
ALIGNMENT = 32
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


class Gguf:
    """A GGUF file taken apart: entries as bytes, tensors as (declaration without offset, data)."""

    def __init__(self, data):
        self.data, self.at = data, 4
        _, tensors, entries = self.read("<IQQ")
        self.entries = [self.between(self.skip_entry) for _ in range(entries)]
        declared = []
        for _ in range(tensors):
            declaration = self.between(self.skip_declaration)
            declared.append((declaration, self.read("<Q")[0]))
        start = -(-self.at // ALIGNMENT) * ALIGNMENT
        ends = sorted(offset for _, offset in declared[1:]) + [len(data) - start]
        self.tensors = [(declaration, data[start + offset:start + end])
                        for (declaration, offset), end in zip(declared, ends)]

    def read(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def between(self, skip):
        begin = self.at
        skip()
        return self.data[begin:self.at]

    def skip_string(self):
        length = self.read("<Q")[0]
        self.at += length

    def skip_value(self, kind):
        if kind == STRING:
            self.skip_string()
        elif kind == ARRAY:
            element, count = self.read("<IQ")
            for _ in range(count):
                self.skip_value(element)
        else:
            self.at += SCALAR_BYTES[kind]

    def skip_entry(self):
        self.skip_string()
        self.skip_value(self.read("<I")[0])

    def skip_declaration(self):
        self.skip_string()
        dimensions = self.read("<I")[0]
        self.at += 8 * dimensions + 4

    def write(self, entries, tensors):
        out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries)
        offset, data = 0, b""
        for declaration, content in tensors:
            out += declaration + struct.pack("<Q", offset)
            data += content + bytes(-len(content) % ALIGNMENT)
            offset = len(data)
        return out + bytes(-len(out) % ALIGNMENT) + data

    def parts(self, count):
        """The file as gguf-split would divide it: all metadata in the first part."""
        def number(key, value):
            return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<II", 4, value)
        share = -(-len(self.tensors) // count)
        for i in range(count):
            about = [number("split.no", i), number("split.count", count),
                     number("split.tensors.count", len(self.tensors))]
            yield self.write((self.entries if i == 0 else []) + about,
                             self.tensors[i * share:(i + 1) * share])


class Files(ProgramTest):
    def logits(self, model):
        return self.ok_json("logits", "--ids", "1,2,3", "--threads", "1", "--model", model)

    def refusal(self, model):
        return self.fails(FAILED, "logits", "--ids", "1,2,3", "--model", model)


class GgufFiles(Files):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tiny = cls.folder / "tiny.gguf"
        cls().ok("synth", "--shape", "tiny", "--type", "q8_0", cls.tiny)

    def test_whatever_the_name(self):
        expected = self.logits(self.tiny)
        for name in ("TINY.GGUF", "sha256-0123456789abcdef", "model"):
            path = self.folder / name
            shutil.copyfile(self.tiny, path)
            self.assertEqual(self.logits(path), expected, name)
            self.assertIn("GGUF v3", self.ok("inspect", path))
            self.assertEqual(self.ok("tokenize", "hello", "--model", path),
                             self.ok("tokenize", "hello", "--model", self.tiny))

    def test_in_parts(self):
        expected = self.logits(self.tiny)
        parts = self.folder / "parts"
        parts.mkdir()
        names = [f"tiny-{i:05}-of-00003.gguf" for i in (1, 2, 3)]
        for name, part in zip(names, Gguf(self.tiny.read_bytes()).parts(3)):
            (parts / name).write_bytes(part)
        for model in (parts / names[0], parts / names[2], parts):
            self.assertEqual(self.logits(model), expected, model)
        self.assertEqual(self.ok_json("inspect", "--json", parts / names[0])["tensors"],
                         self.ok_json("inspect", "--json", self.tiny)["tensors"])
        packed = self.folder / "packed"
        self.ok("convert", parts / names[0], packed)
        self.assertEqual(self.logits(packed), expected)
        (parts / names[1]).unlink()
        for model in (parts / names[0], parts / names[2], parts):
            self.assertIn(f"{names[1]}: this part of the model is missing", self.refusal(model))

    def test_what_stands_in_its_place(self):
        path = self.folder / "wrong.gguf"
        for content, message in ((POINTER, "git lfs pull"), ("<!DOCTYPE html>", "a web page"),
                                 ("", "too short"), ("\0" * 5000, "zeros")):
            path.write_text(content)
            self.assertIn(message, self.refusal(path))


class Folders(Files):
    def copy(self, name):
        folder = self.folder / name
        folder.mkdir()
        for file in ("config.json", "model.safetensors", "tokenizer.json",
                     "tokenizer_config.json"):
            if (DEMO_MODEL / file).is_file():
                shutil.copyfile(DEMO_MODEL / file, folder / file)
        return folder

    def test_a_slow_tokenizer(self):
        folder = self.copy("slow")
        whole = json.loads((folder / "tokenizer.json").read_text())
        (folder / "tokenizer.json").unlink()
        merges = [m if isinstance(m, str) else " ".join(m) for m in whole["model"]["merges"]]
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        (folder / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
        added = {token["content"]: token["id"] for token in whole["added_tokens"]}
        (folder / "added_tokens.json").write_text(json.dumps(added))
        self.assertEqual(self.logits(folder), self.logits(DEMO_MODEL))
        text = "<|im_start|>user\nIt's 你好 e\u0301!<|im_end|>"
        for flags in ((), ("--special",)):
            self.assertEqual(self.ok("tokenize", text, *flags, "--json", "--model", folder),
                             self.ok("tokenize", text, *flags, "--json", "--model", DEMO_MODEL))
        self.assertIn("vocabulary", self.ok("inspect", folder))
        (folder / "merges.txt").write_text(POINTER)
        self.assertIn("merges.txt: is a Git LFS pointer", self.refusal(folder))

    def test_a_stale_index_and_byte_order_marks(self):
        folder = self.copy("stale")
        (folder / "model.safetensors.index.json").write_text(
            '{"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}')
        for name in ("config.json", "tokenizer.json"):
            (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
        self.assertEqual(self.logits(folder), self.logits(DEMO_MODEL))

    def test_settings_are_obeyed_or_refused(self):
        folder = self.copy("settings")
        config = json.loads((folder / "config.json").read_text())
        for key, value in (("rope_scaling", {"type": "yarn", "factor": 4}), ("num_experts", 8),
                           ("partial_rotary_factor", 0.5), ("a_new_setting", 3)):
            (folder / "config.json").write_text(json.dumps({**config, key: value}))
            self.assertIn(key, self.refusal(folder))
            self.assertIn(key, self.ok("inspect", folder))
        for extra in ({"num_experts": 0}, {"transformers_version": "5.1"},
                      {"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 4}):
            (folder / "config.json").write_text(json.dumps({**config, **extra}))
            self.assertEqual(self.logits(folder), self.logits(DEMO_MODEL), extra)

    def test_what_is_no_model(self):
        folder = self.copy("no-model")
        (folder / "config.json").unlink()
        (folder / "adapter_config.json").write_text("{}")
        self.assertIn("adapter", self.refusal(folder))
        self.assertIn("give the folder", self.refusal(folder / "model.safetensors"))


if __name__ == "__main__":
    unittest.main()
