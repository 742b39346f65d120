"""Damaged model files: a clear refusal or a clean success, never a crash or a hang."""

import random
import shutil
import unittest

from program import DEMO_MODEL, FAILED, OK, SHARED_MODELS, ProgramTest, run

# Most damage matters in headers; the rest of a file is plain numbers.
HEADER_BYTES = 64 * 1024
VARIANTS_PER_FILE = 10


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
        for kind in ("f16", "q8_0", "q4_0"):
            path = self.folder / f"tiny-{kind}.gguf"
            self.ok("synth", "--shape", "tiny", "--type", kind, path)
            yield path
        yield from sorted(SHARED_MODELS.glob("*/*.gguf"))
        for folder in [DEMO_MODEL, *sorted(SHARED_MODELS.glob("*"))]:
            for name in ("model.safetensors", "config.json", "tokenizer.json"):
                if (folder / name).is_file():
                    yield folder / name

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
                for name in ("model.safetensors", "config.json", "tokenizer.json",
                             "generation_config.json"):
                    if (source.parent / name).is_file():
                        shutil.copyfile(source.parent / name, model / name)
                victim = model / source.name
            for variant in range(VARIANTS_PER_FILE):
                with self.subTest(source=f"{source.parent.name}/{source.name}", variant=variant):
                    victim.unlink(missing_ok=True)
                    victim.write_bytes(damaged(data, chance))
                    self.check("inspect", model)
                    self.check("logits", "--ids", "1,2,3", "--threads", "1", "--model", model)


if __name__ == "__main__":
    unittest.main()
