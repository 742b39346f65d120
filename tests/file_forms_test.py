"""Model files as people have them: under other names, in parts, with an older tokenizer."""

import json
import shutil
import unittest

from gguf import Gguf
from program import DEMO_MODEL, FAILED, ProgramTest

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


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
