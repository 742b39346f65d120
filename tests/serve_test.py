"""The server as a client sees it: two sentences, a breakdown that adds up, helpful refusals."""

import concurrent.futures
import http.client
import json
import math
import os
import re
import signal
import socket
import subprocess
import unittest

from program import FAILED, OK, QAIO, ProgramTest, Server

POSITIVE = "今天被领导表扬了,心情超好!"
NEGATIVE = "排队两小时还卖完了,气死我了"
INPUTS = [POSITIVE, NEGATIVE, "你好", "I love this phone, thank you!", "What a terrible day.",
          "帮我想一个周末的安排", "The train was late again and nobody said sorry.", "谢谢你", "😀", "a"]


class ServeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server())

    def request(self, method, path, body=None, headers=None):
        """(status, headers, parsed JSON or text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            connection.request(method, path, body,
                               {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        is_json = "json" in (response.getheader("Content-Type") or "")
        return response.status, response.headers, json.loads(data) if is_json else data.decode()

    def chat(self, text, **options):
        status, headers, answer = self.request(
            "POST", "/chat", {"input": text, "max_new_tokens": 24, "seed": 1, **options})
        self.assertEqual(status, 200, answer)
        return headers, answer


class Answers(ServeTest):
    def test_the_two_sentences(self):
        for text, sentiment in ((POSITIVE, "正面"), (NEGATIVE, "负面")):
            _, answer = self.chat(text)
            self.assertEqual(answer["sentiment"], sentiment)
            self.assertTrue(0.5 < answer["sentiment_score"] <= 1)
            self.assertTrue(answer["reply"].strip())
            self.assertIn(answer["finish_reason"], ("stop", "length"))
            self.assertTrue(answer["request_id"])
            self.assertGreater(answer["usage"]["prompt_tokens"], 0)
            self.assertGreater(answer["usage"]["completion_tokens"], 0)

    def test_same_seed_same_reply(self):
        replies = {self.chat("你好", seed=7)[1]["reply"] for _ in range(3)}
        self.assertEqual(len(replies), 1)

    def test_side_by_side_as_alone(self):
        alone = [self.chat(text)[1]["reply"] for text in INPUTS]
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            together = [answer["reply"] for _, answer in threads.map(self.chat, INPUTS)]
        self.assertEqual(alone, together)

    def test_history_is_understood(self):
        _, answer = self.chat("还有呢?", history=[{"user": "你好", "bot": "你好!"}])
        self.assertTrue(answer["reply"])

    def test_one_task(self):
        status, _, answer = self.request("POST", "/v1/tasks/sentiment", {"input": POSITIVE})
        self.assertEqual(status, 200, answer)
        self.assertIn("正面", json.dumps(answer, ensure_ascii=False))

    def test_tokenize_round_trip(self):
        text = "Hello 你好 <|im_end|> 😀"
        _, _, tokens = self.request("POST", "/tokenize", {"content": text})
        _, _, content = self.request("POST", "/detokenize", tokens)
        self.assertEqual(content["content"], text)

    def test_health(self):
        for path in ("/health/live", "/health/ready"):
            self.assertEqual(self.request("GET", path)[0], 200)


class WholeLabels(ServeTest):
    """Choices of several tokens: the product of all their tokens' probabilities."""
    MESSAGES = [{"role": "system", "content": "S"}, {"role": "user", "content": "你好"}]
    CHOICES = (["你走开", "很高兴"], ["1", "10"], ["10", "1", "2"], ["好", "很高兴", "很高兴认识你"],
               ["正面", "负面"], [f"{i}" for i in range(0, 300, 7)])

    def scores(self, choices, server=None):
        status, _, answer = (server or self).request("POST", "/v1/chat/completions", {
            "messages": self.MESSAGES, "guided_choice": choices})
        self.assertEqual(status, 200, answer)
        scores = answer["choices"][0]["scores"]
        self.assertAlmostEqual(sum(scores.values()), 1, places=5)
        self.assertEqual(answer["choices"][0]["message"]["content"], max(scores, key=scores.get))
        return scores

    def tokens(self, text):
        return self.request("POST", "/tokenize", {"content": text})[2]["tokens"]

    def logprob(self, prompt, token):
        """The model's own, of one token behind a prompt: forced, and reported before the bias."""
        status, _, answer = self.request("POST", "/v1/completions", {
            "prompt": prompt, "max_tokens": 1, "logprobs": 0, "ignore_eos": True, "temperature": 0,
            "logit_bias": {str(token): 100}})
        self.assertEqual(status, 200, answer)
        return answer["choices"][0]["logprobs"]["token_logprobs"][0]

    def test_as_each_token_by_itself(self):
        prompt = self.tokens("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n你好<|im_end|>\n"
                             "<|im_start|>assistant\n")
        end = self.tokens("<|im_end|>")
        for choices, ends in zip(self.CHOICES[:4], (False, True, True, True)):
            whole = {}
            for choice in choices:
                label = self.tokens(choice) + (end if ends else [])
                whole[choice] = math.exp(sum(self.logprob(prompt + label[:i], token)
                                             for i, token in enumerate(label)))
            for choice, score in self.scores(choices).items():
                self.assertAlmostEqual(score, whole[choice] / sum(whole.values()), places=4)

    def test_what_begins_likely_but_goes_on_impossibly_loses(self):
        self.assertLess(self.scores(["你走开", "很高兴"])["你走开"], 1e-6)

    def test_the_same_whatever_computes_it(self):
        expected = [self.scores(choices) for choices in self.CHOICES]
        self.assertEqual([self.scores(choices) for choices in self.CHOICES], expected)
        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            self.assertEqual(list(threads.map(self.scores, self.CHOICES)), expected)
        for options, isa in ((["--threads", 1, "--kv-tokens", 512], "scalar"),
                             (["--threads", 3, "--parallel", 1], "avx2")):
            with Server(*options, environment={"QAIO_ISA": isa}) as server:
                other = WholeLabels()
                other.server = server
                self.assertEqual([self.scores(choices, other) for choices in self.CHOICES], expected)


class Times(ServeTest):
    STAGES = {"": ("http_read", "parse", "tasks", "serialize", "http_write"),
              "sentiment.": ("prompt_build", "tokenize", "queue", "prefill", "score", "output_parse"),
              "chat.": ("prompt_build", "tokenize", "queue", "prefill", "decode", "output_parse")}

    def adds_up(self, breakdown, lane, total):
        """The stages of a lane and what is unattributed tile its time, to the microsecond."""
        covered = sum(breakdown.get(lane + stage, 0) for stage in self.STAGES[lane])
        self.assertAlmostEqual(covered + breakdown[lane + "unattributed"], total, delta=0.0005)

    def test_the_breakdown_adds_up(self):
        for number in range(30):
            headers, answer = self.chat(INPUTS[number % len(INPUTS)], seed=number)
            total = answer["total_response_time_ms"]
            breakdown = answer["breakdown"]
            self.assertTrue(all(value >= 0 for value in breakdown.values()), breakdown)
            self.adds_up(breakdown, "", total)
            for task in ("sentiment", "chat"):
                self.adds_up(breakdown, f"{task}.", breakdown[f"{task}.total"])
                self.assertLessEqual(breakdown[f"{task}.total"], total)
            for name in ("tasks", "chat.prefill", "chat.decode", "sentiment.score"):
                self.assertRegex(headers["Server-Timing"], rf"(^|, ?){name};.*dur=[\d.]+")

    def test_metrics_are_there(self):
        _, answer = self.chat(POSITIVE)
        for name in ("total_response_time", "model_inference_time", "prompt_build_time",
                     "output_parse_time", "ttft", "tpot", "queue_time", "cpu_usage",
                     "memory_usage"):
            self.assertIn(name, answer["metrics"])


class Unattributed(ServeTest):
    """What no stage covers in mixed requests of several clients at once. QAIO_TEST_REQUESTS=1000 is the
    long version."""
    REQUESTS = int(os.environ.get("QAIO_TEST_REQUESTS", 300))
    CLIENTS = 8

    @classmethod
    def setUpClass(cls):
        ProgramTest.setUpClass.__func__(cls)
        cls.server = cls.enterClassContext(Server("--records-kept", max(1000, cls.REQUESTS)))

    def send(self, number):
        text = INPUTS[number % len(INPUTS)] * (1 + number % 5)
        tokens = 4 + number % 29
        messages = [{"role": "user", "content": text}]
        path, body = (
            ("/chat", {"input": text, "max_new_tokens": tokens}),
            ("/chat", {"input": text, "max_new_tokens": tokens, "stream": True}),
            ("/chat", {"input": text, "max_new_tokens": tokens, "tasks": ["chat"]}),
            ("/v1/tasks/sentiment", {"input": text}),
            ("/v1/chat/completions", {"messages": messages, "max_tokens": tokens}),
            ("/v1/chat/completions", {"messages": messages, "max_tokens": tokens, "stream": True}),
        )[number % 6]
        status, _, answer = self.request("POST", path, body)
        self.assertEqual(status, 200, answer)

    def test_little_of_any_lane(self):
        with concurrent.futures.ThreadPoolExecutor(self.CLIENTS) as clients:
            list(clients.map(self.send, range(self.REQUESTS)))
        _, _, answer = self.request("GET", f"/requests?limit={self.REQUESTS}")
        shares = {}
        for record in answer["requests"]:
            # not of the intervals: of a long stream not all are kept
            parts = record["breakdown"]
            for lane in record["lanes"]:
                name = lane["lane"]
                left = parts["unattributed" if name == "request" else name + ".unattributed"]
                shares.setdefault(name, []).append(left / (lane["end_ms"] - lane["begin_ms"]))
        self.assertEqual(set(shares), {"request", "sentiment", "chat"})
        self.assertEqual(len(shares["request"]), self.REQUESTS)
        self.judge(shares)

    def judge(self, shares):
        """How large they may be depends on the machine: see latency_timing_test.py."""
        for lane, all_shares in shares.items():
            self.assertTrue(all(0 <= share < 1 for share in all_shares), lane)


class Refusals(ServeTest):
    BAD_BODIES = [
        "", "not json", "[1, 2]", "{}", '"text"',
        '{"input": 5}', '{"input": null}', '{"input": ["a"]}',
        '{"input": "a", "history": "b"}', '{"input": "a", "history": [{"user": 1}]}',
        '{"input": "a", "max_new_tokens": "many"}',
        '{"input": "a", "max_new_tokens": -1}',
        '{"input": "a", "temperature": "hot"}', '{"input": "a", "top_p": 5}',
        '{"input": "a", "tasks": ["no-such-task"]}', '{"input": "a", "tasks": "chat"}',
        '{"input": "a", "seed": 1.5}', "[" * 5000,
        b'{"input": "\xff\xfe"}', '{"input": "' + "长" * 20000 + '"}',
    ]

    def refused(self, answer, status, allowed):
        self.assertIn(status, allowed, answer)
        self.assertRegex(answer["error"]["code"], r"^[a-z_]+$")
        self.assertGreater(len(answer["error"]["message"]), 10)

    def test_bad_bodies(self):
        for body in self.BAD_BODIES:
            with self.subTest(body[:60]):
                status, _, answer = self.request("POST", "/chat", body)
                self.refused(answer, status, {400})

    def test_the_field_at_fault_is_named(self):
        for field, value in (("input", 5), ("temperature", "hot"), ("max_new_tokens", [])):
            _, _, answer = self.request("POST", "/chat", {"input": "a", field: value})
            self.assertEqual(answer["error"].get("field"), field, answer)

    def test_a_huge_body(self):
        body = b'{"input": "' + b"a" * 10_000_000 + b'"}'
        try:
            status, _, answer = self.request("POST", "/chat", body)
        except (BrokenPipeError, ConnectionResetError):
            return  # refused before it was read to its end
        self.refused(answer, status, {413})

    def test_unknown_places(self):
        status, _, answer = self.request("GET", "/nowhere")
        self.refused(answer, status, {404})
        status, _, answer = self.request("GET", "/chat")
        self.refused(answer, status, {405})
        status, _, answer = self.request("POST", "/v1/tasks/no-such-task", {"input": "a"})
        self.refused(answer, status, {404})

    def test_not_even_http(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as client:
            client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            client.settimeout(10)
            first = client.recv(1000)
        self.assertTrue(first == b"" or b" 400 " in first.splitlines()[0], first)
        self.chat("你好")  # and the server goes on


class Ends(ProgramTest):
    def test_signals_end_it_with_success(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server() as server:
                self.assertEqual(server.stop(number), OK, "".join(server.lines))

    def test_it_prints_where_it_listens_and_when_it_is_ready(self):
        with Server("--threads", "1") as server:
            server.stop()
        text = "".join(server.lines)
        self.assertRegex(text, r"http://127\.0\.0\.1:\d+")
        self.assertEqual(len(re.findall(r"\bready\b", text)), 1)

    def test_a_name_means_every_address_that_it_has(self):
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost qaio.lan\n::1 localhost qaio.lan\n127.0.0.7 qaio.lan\n")
        own_hosts = ("unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"',
                     "sh")
        if subprocess.run([*own_hosts, "true"], capture_output=True).returncode:
            self.skipTest("no mount namespaces here")
        addresses = ["127.0.0.1", "127.0.0.7"]
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
                addresses.append("::1")
            except OSError:
                pass
        with Server("--host", "qaio.lan", program_prefix=own_hosts) as server:
            self.assertIn(f"http://qaio.lan:{server.port}", "".join(server.lines))
            for address in addresses:
                connection = http.client.HTTPConnection(address, server.port, timeout=60)
                connection.request("GET", "/health", headers={"Host": f"qaio.lan:{server.port}"})
                self.assertEqual(connection.getresponse().status, 200, address)
                connection.close()
            taken = subprocess.run([*own_hosts, QAIO, "serve", "--host", "localhost", "--port",
                                    str(server.port)], capture_output=True, text=True, timeout=60)
            self.assertEqual(taken.returncode, FAILED)
            self.assertRegex(taken.stderr + taken.stdout, rf"(127\.0\.0\.1|\[::1\]):{server.port}.*--port")

    def test_a_literal_of_ipv6_in_brackets(self):
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                self.skipTest("no IPv6 here")
        with Server("--host", "[::1]") as server:
            connection = http.client.HTTPConnection("::1", server.port, timeout=60)
            connection.request("GET", "/health")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
            self.assertIn(f"http://[::1]:{server.port}", "".join(server.lines))

    def test_a_taken_port_is_one_sentence(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            message = self.fails(3, "serve", "--port", port)
            self.assertIn(str(port), message)


if __name__ == "__main__":
    unittest.main()
