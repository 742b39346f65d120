"""Damaged model files: a clear refusal or a clean success, never a crash or a hang."""

import http.client
import json
import random
import shutil
import signal
import subprocess
import unittest

import program
from program import DEMO_MODEL, FAILED, OK, SHARED_MODELS, ProgramTest, Server, run

# Most damage matters in headers; the rest of a file is plain numbers.
HEADER_BYTES = 64 * 1024
VARIANTS_PER_FILE = 10

# What a Hugging Face folder's model is loaded from.
LOADED = ("config.json", "tokenizer.json", "model.safetensors.index.json", "*.safetensors")


def hugging_face_files(folder):
    """Without what else lies there in ../shared/data."""
    return sorted(path for path in folder.iterdir()
                  if path.suffix in (".safetensors", ".json", ".jinja"))


def damaged(data, chance):
    """One seeded kind of damage to a file's bytes."""
    data = bytearray(data)
    header = min(len(data), HEADER_BYTES)
    kind = chance.randrange(4)
    if kind == 0:  # truncated anywhere
        return data[:chance.randrange(len(data))]
    if kind == 1:  # truncated inside the header
        return data[:chance.randrange(header)]
    if kind == 2:  # a few flipped bits near the start
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(min(header, chance.choice([64, 1024, header])))] ^= (
                1 << chance.randrange(8))
        return data
    at = chance.randrange(header)  # a huge or odd number where a count or an offset may be
    number = chance.choice([2**63, 2**64 - 1, 2**32 - 1, 2**31, 0, 1, 12345])
    data[at:at + 8] = number.to_bytes(8, "little")
    return data


class Damage(ProgramTest):
    def sources(self):
        for shape in ("tiny", "tiny-qwen3.5"):
            for kind in ("f16", "q8_0", "q4_0"):
                path = self.folder / f"{shape}-{kind}.gguf"
                self.ok("synth", "--shape", shape, "--type", kind, path)
                yield path
        yield from sorted(SHARED_MODELS.glob("*/*.gguf"))
        for folder in [DEMO_MODEL, *sorted(SHARED_MODELS.glob("*"))]:
            for path in hugging_face_files(folder):
                if any(path.match(name) for name in LOADED):
                    yield path

    def check(self, *arguments):
        result = run(*arguments, text=False)
        message = result.stderr.decode(errors="replace")
        self.assertIn(result.returncode, (OK, FAILED), message)
        if result.returncode == FAILED:
            self.assertRegex(message, r"\Aqaio: [^\n]{10,400}\n\Z")

    def test_every_model_file(self):
        for number, source in enumerate(self.sources()):
            chance = random.Random(number)
            data = source.read_bytes()
            if source.suffix == ".gguf":
                victim = model = self.folder / "damaged.gguf"
            else:
                model = self.folder / "damaged"
                shutil.rmtree(model, ignore_errors=True)
                model.mkdir()
                for path in hugging_face_files(source.parent):
                    shutil.copyfile(path, model / path.name)
                victim = model / source.name
            for variant in range(VARIANTS_PER_FILE):
                with self.subTest(source=f"{source.parent.name}/{source.name}", variant=variant):
                    victim.unlink(missing_ok=True)
                    victim.write_bytes(damaged(data, chance))
                    self.check("inspect", model)
                    self.check("logits", "--ids", "1,2,3", "--threads", "1", "--model", model)


class Replaced(ProgramTest):
    """A packed model that somebody changes under the server: no answer of mixed weights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed in ("1", "2"):
            model = cls.folder / f"{seed}.gguf"
            for arguments in (["synth", "--shape", "tiny", "--type", "q8_0", "--seed", seed, model],
                              ["convert", model, cls.folder / f"{seed}.packed"]):
                result = run(*arguments)
                assert result.returncode == OK, result.stderr

    def setUp(self):
        self.served = self.folder / "served.packed"
        shutil.copy(self.folder / "1.packed", self.served)

    @staticmethod
    def ask(server):
        """The answer to what is always the same question; None without one."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            connection.request("POST", "/v1/completions", json.dumps(
                {"prompt": "a", "max_tokens": 8, "temperature": 0, "ignore_eos": True}))
            response = connection.getresponse()
            text = json.loads(response.read())
            return text["choices"][0]["text"] if response.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def ends_with_a_sentence(self, server):
        self.assertEqual(server.process.wait(30), FAILED)
        server.stop()
        self.assertRegex("".join(server.lines), rf"qaio: {self.served}: (was written into|became "
                                                r"shorter) while it was in use")

    def test_written_in_place(self):
        with Server("--model", self.served) as server:
            answer = self.ask(server)
            self.assertEqual(self.ask(server), answer)
            with self.served.open("r+b") as file:
                file.write((self.folder / "2.packed").read_bytes())
            self.assertIn(self.ask(server), (None, answer))
            self.ends_with_a_sentence(server)

    def test_copied_over(self):
        with Server("--model", self.served) as server:
            answer = self.ask(server)
            shutil.copy(self.folder / "2.packed", self.served)
            self.assertIn(self.ask(server), (None, answer))
            self.ends_with_a_sentence(server)

    def test_cut_off(self):
        with Server("--model", self.served) as server:
            answer = self.ask(server)
            with self.served.open("r+b") as file:
                file.truncate(4096)
            self.assertIn(self.ask(server), (None, answer))
            self.ends_with_a_sentence(server)

    def test_replaced_by_its_name(self):
        """What convert does: the server keeps the old one, as good as before."""
        with Server("--model", self.served) as server:
            answer = self.ask(server)
            self.ok("convert", self.folder / "2.gguf", self.served)
            self.served.chmod(0o600)
            self.assertEqual(self.ask(server), answer)
            self.assertEqual(server.stop(), OK)
        with Server("--model", self.served) as server:
            self.assertNotEqual(self.ask(server), answer)


class FullDisk(ProgramTest):
    """A file that cannot be written whole does not take the place of a good one."""

    def test_the_old_file_stays(self):
        model = self.folder / "tiny.gguf"
        self.ok("synth", "--shape", "tiny", model)
        out = self.folder / "out"
        records = self.folder / "records.jsonl"
        self.ok("report", "--demo", "--count", "3", "--save", records)
        for arguments in (["synth", "--shape", "tiny", out], ["convert", model, out],
                          ["logits", "--model", model, "--ids", "1,2,3", "--out", out],
                          ["report", records, "--html", out]):
            out.write_text("good")
            limited = subprocess.run(
                ["prlimit", "--fsize=2048", program.QAIO, *map(str, arguments)],
                capture_output=True, text=True, preexec_fn=lambda: signal.signal(
                    signal.SIGXFSZ, signal.SIG_IGN))
            self.assertEqual(limited.returncode, FAILED, (arguments, limited.stderr))
            self.assertIn(f"{out}: cannot write", limited.stderr)
            self.assertEqual(out.read_text(), "good", arguments)
            self.assertEqual([path for path in self.folder.iterdir() if ".part" in path.name], [])


if __name__ == "__main__":
    unittest.main()
