"""The command line: exit codes, messages, and the shapes of what programs read."""

import math
import struct
import subprocess
import unittest

from program import DEMO_MODEL, FAILED, OK, QAIO, USAGE, ProgramTest, run

COMMANDS = ["serve", "run", "chat", "bench", "load", "export", "eval", "report", "compare", "convert",
            "inspect", "tokenize", "logits", "synth"]


class Usage(ProgramTest):
    def test_help_everywhere(self):
        self.assertEqual([c for c in COMMANDS if c not in self.ok("--help")], [])
        for command in COMMANDS:
            self.assertIn(f"qaio {command}", self.ok(command, "--help"))

    def test_version(self):
        self.assertRegex(self.ok("--version"), r"\Aqaio \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_is_exit_code_2_and_says_where_to_look(self):
        for arguments in ([], ["fly"], ["serve", "--fly"], ["bench", "--repeat", "many"],
                          ["bench", "--repeat", "0"], ["serve", "--port", "70000"], ["logits"],
                          ["logits", "--ids", "one"], ["synth"], ["tokenize"],
                          ["synth", "--shape", "qwen9", "out.gguf"]):
            self.assertIn("--help", self.fails(USAGE, *arguments))
        self.assertIn("{f16,q8}", self.fails(USAGE, "bench", "--kv-type", "q4"))

    def test_values_that_name_nothing_are_refused_with_what_to_write(self):
        for arguments, wanted in (
                (["run", "hi", "--model", ""], "leave it out"),
                (["inspect", ""], "leave it out"),
                (["serve", "--alias", ""], "my-model"),
                (["serve", "--cors-origin", "foo"], "https://example.org"),
                (["serve", "--cors-origin", "https://a.org/x"], "https://example.org"),
                (["serve", "--allowed-host", "http://x"], "a name or an address alone"),
                (["serve", "--allowed-host", ""], "a name or an address alone"),
                (["serve", "--kv-tokens", "511"], "512")):
            self.assertIn(wanted, self.fails(USAGE, *arguments))

    def test_output_that_is_lost_is_a_failure(self):
        for arguments in (["run", "hi"], ["tokenize", "hi"], ["--help"],
                          ["serve", "--help"], ["--version"], ["inspect"],
                          ["logits", "--ids", "1,2"], ["run", "hi", "--json"]):
            with open("/dev/full", "wb") as full:
                result = subprocess.run([QAIO, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        text=True, timeout=120, check=False)
            self.assertEqual(result.returncode, FAILED, arguments)
            self.assertRegex(result.stderr, r"\Aqaio: [^\n]*(write|No space)[^\n]*\n\Z", arguments)

    def test_environment_sets_options_and_the_command_line_wins(self):
        missing = {"QAIO_MODEL": str(self.folder / "missing.gguf")}
        self.assertIn("missing.gguf", self.fails(FAILED, "tokenize", "hi", environment=missing))
        self.ok("tokenize", "hi", "--model", DEMO_MODEL, environment=missing)
        self.fails(USAGE, "bench", environment={"QAIO_THREADS": "none"})

    def test_missing_model_is_one_sentence(self):
        for command in (["inspect"], ["run", "hi", "--model"], ["bench", "--model"],
                        ["logits", "--ids", "1", "--model"], ["chat", "--model"]):
            self.assertIn("/nowhere", self.fails(FAILED, *command, "/nowhere"))
        served = run("serve", "--port", "0", "--model", "/nowhere")  # it listens before it loads
        self.assertEqual(served.returncode, FAILED)
        self.assertRegex(served.stderr, r"\Aqaio: [^\n]*/nowhere[^\n]*\n\Z")


class Tokenize(ProgramTest):
    def test_ids_and_pieces(self):
        ids = self.ok_json("tokenize", "Hello, 你好!", "--json")["tokens"]
        lines = self.ok("tokenize", "-", stdin="Hello, 你好!").splitlines()
        self.assertEqual([int(line.split()[0]) for line in lines], ids)

    def test_special_tokens_only_when_asked(self):
        text = "<|im_end|>"
        self.assertGreater(len(self.ok_json("tokenize", text, "--json")["tokens"]), 1)
        self.assertEqual(len(self.ok_json("tokenize", text, "--json", "--special")["tokens"]), 1)

    def test_empty_input(self):
        self.assertEqual(self.ok_json("tokenize", "-", "--json"), {"tokens": []})


class RoundTrip(ProgramTest):
    """synth -> inspect -> bench -> logits on a tiny random model."""

    def test_every_type(self):
        for kind, tensors in (("f16", "F16"), ("q8_0", "Q8_0"), ("q4_0", "Q4_0"),
                              ("q4_k_m", "Q4_K")):
            with self.subTest(kind):
                self.round_trip(kind, tensors)
        capitals = self.folder / "capitals.gguf"
        self.ok("synth", "--shape", "tiny", "--type", "Q4_K_M", capitals)
        self.assertEqual(capitals.read_bytes(), (self.folder / "q4_k_m.gguf").read_bytes())
        self.assertIn("tg4", self.ok("bench", "--model", self.folder / "q8_0.gguf", "--prompt", "8",
                                     "--generate", "4", "--repeat", "1"))

    def round_trip(self, kind, tensors):
        model = self.folder / f"{kind}.gguf"
        self.ok("synth", "--shape", "tiny", "--type", kind, model)

        listing = self.ok_json("inspect", model, "--json")
        self.assertEqual(listing["file_bytes"], model.stat().st_size)
        self.assertIn(tensors, {tensor["type"] for tensor in listing["tensors"]})
        self.assertEqual(listing["settings"]["general.architecture"], "qwen2")
        self.assertIn("token_embd.weight", self.ok("inspect", model))

        # Each run measures the machine's limits, too, on all its threads: the first type does most.
        prompts, repeat, threads = (("8", "16"), "2", 2) if kind == "f16" else (("8",), "1", 1)
        rows = self.ok_json("bench", "--model", model, "--prompt", ",".join(prompts), "--generate",
                            "4", "--threads", threads, "--repeat", repeat, "--json")
        self.assertEqual([row["test"] for row in rows], [*("pp" + n for n in prompts), "tg4"])
        for row in rows:
            self.assertGreater(row["tok_s"], 0)
            self.assertGreaterEqual(row["spread"], 0)
            self.assertGreater(row["bytes_per_token"], 0)
            self.assertEqual(row["threads"], threads)
            self.assertTrue(row["isa"])

        out = self.folder / "logits.f32"
        result = self.ok_json("logits", "--model", model, "--ids", "5,6,7", "--compute", "f32",
                              "--out", out)
        vocab = len(result["last_logits"])
        self.assertEqual(len(result["argmax"]), 3)
        self.assertEqual(out.stat().st_size, 3 * vocab * 4)
        last = struct.unpack(f"<{vocab}f", out.read_bytes()[-4 * vocab:])
        self.assertEqual(result["argmax"][-1], max(range(vocab), key=last.__getitem__))
        self.assertAlmostEqual(result["logsumexp"][-1], math.log(sum(map(math.exp, last))), 4)
        for ours, written in zip(result["last_logits"], last):
            self.assertAlmostEqual(ours, written, delta=1e-4 * max(1, abs(written)))

    def test_same_seed_same_bytes(self):
        paths = [self.folder / name for name in ("one.gguf", "two.gguf", "other.gguf")]
        for path, seed in zip(paths, (1, 1, 2)):
            self.ok("synth", "--shape", "tiny", "--type", "q8_0", "--seed", seed, path)
        one, two, other = (path.read_bytes() for path in paths)
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)

    def test_ids_outside_the_vocabulary(self):
        for ids in ("-1", "99999999"):
            self.assertIn("vocabulary", self.fails(FAILED, "logits", f"--ids={ids}"))

    def test_synth_into_nowhere(self):
        self.fails(FAILED, "synth", "--shape", "tiny", "/nowhere/out.gguf")


class Run(ProgramTest):
    def test_sentiment_reply_and_breakdown(self):
        text = self.ok("run", "今天被领导表扬了,心情超好!", "--seed", "1")
        self.assertIn("正面", text)
        for stage in ("prefill", "decode", "unattributed"):
            self.assertIn(stage, text)

    def test_json_is_the_answer_of_chat(self):
        answer = self.ok_json("run", "排队两小时还卖完了,气死我了", "--json", "--seed", "1")
        self.assertEqual(answer["sentiment"], "负面")
        self.assertTrue(answer["reply"])
        self.assertIn("unattributed", answer["breakdown"])

    def test_one_task(self):
        self.assertIn("正面", self.ok("run", "太好了", "--task", "sentiment"))
        self.assertIn("nonsense", self.fails(FAILED, "run", "hi", "--task", "nonsense"))
        self.assertIn("blank", self.fails(USAGE, "run", " \n"))

    def test_own_task_from_a_config_file(self):
        config = self.folder / "qaio.toml"
        config.write_text('threads = 1\nport = 9090\n\n[[task]]\nname = "mood"\nkind = "classify"\n'
                          'labels = ["正面", "负面"]\n')
        answer = self.ok("run", "太好了", "--config", config, "--task", "mood")
        self.assertRegex(answer, "正面|负面")
        config.write_text("thread = 1\n")
        self.assertIn("thread", self.fails(FAILED, "run", "hi", "--config", config))
        config.write_text('threads = "many"\n')
        self.assertIn("line 1", self.fails(FAILED, "run", "hi", "--config", config))


class Chat(ProgramTest):
    def test_plain_when_not_on_a_terminal(self):
        text = self.ok("chat", "--seed", "1", stdin="今天心情超好!\n\n/exit\nnot read\n")
        self.assertNotIn("\x1b", text)
        self.assertIn("正面", text)
        self.assertNotIn("not read", text)

    def test_ends_with_its_input(self):
        self.assertTrue(self.ok("chat", stdin="你好\n"))
        self.assertEqual(self.ok("chat", stdin=""), "")


class ClosedOutput(unittest.TestCase):
    def test_a_closed_pipe_is_no_crash(self):
        import subprocess
        done = subprocess.run(f"{QAIO} inspect {DEMO_MODEL} | head -1", shell=True,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (OK, ""))


if __name__ == "__main__":
    unittest.main()
