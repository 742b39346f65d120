"""What `qaio report` and `qaio compare` find in times of the real server: what tokens cost, and which
stage of a build is slower. report_test.py holds the same for recorded times."""

import contextlib
import http.client
import json
import os
import pathlib
import unittest

from program import NO, OK, QAIO, ProgramTest, Server, run

SLOWED = str(pathlib.Path(QAIO).with_name("qaio_slowed"))


class TokenCosts(ProgramTest):
    def test_are_found_in_a_hundred_requests(self):
        # One thread: of two that share a core with others, one waits for the other.
        report = json.loads(run("report", "--demo", "--threads", 1, "--json").stdout)
        costs = [finding for finding in report["findings"] if finding["id"] == "token_costs"]
        self.assertEqual(len(costs), 2)
        for finding in costs:
            self.assertGreater(finding["figures"]["per_prompt_token_ms"], 0, finding)
            self.assertRegex("\n".join(finding["evidence"]),
                             r"100 more characters of input cost [\d.]+ ms")


class Compare(ProgramTest):
    """Three servers take turns: the same build twice, and one whose forward passes take 10 % longer
    when they only generate. QAIO_TEST_REPEATS does it so many times, QAIO_TEST_SLOW slows another
    stage."""

    REQUESTS = 200
    REPEATS = int(os.environ.get("QAIO_TEST_REPEATS", "1"))
    SLOW = os.environ.get("QAIO_TEST_SLOW", "decode:0.1")
    INPUTS = ("今天的服务真的很好，我非常满意。", "这个产品太差了，用了一天就坏了。",
              "The food was great and the staff were friendly.",
              "Hello, what can you do for me today?", "快递等了一个星期，真让人失望。")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repeats = [cls.measure(cls.folder / str(i)) for i in range(cls.REPEATS)]
        cls.files = cls.repeats[0]

    @classmethod
    def measure(cls, folder):
        """Archives by the name of the server. One thread each and all on one core, as two cores are
        not equally fast where others use the machine as well."""
        folder.mkdir()
        builds = {"a": QAIO, "same": QAIO, "slowed": SLOWED}
        files = {name: folder / f"{name}.db" for name in builds}
        core = max(os.sched_getaffinity(0))
        with contextlib.ExitStack() as stack:
            clients = []
            for name, build in builds.items():
                server = stack.enter_context(Server(
                    "--threads", 1, "--archive", files[name], program=build, core=core,
                    environment={"QAIO_TEST_SLOW": cls.SLOW}))
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                stack.callback(client.close)
                clients.append(client)
            for i in range(cls.REQUESTS):
                body = json.dumps({"input": cls.INPUTS[i % len(cls.INPUTS)], "seed": i,
                                   "max_new_tokens": 24})
                first = i % len(clients)
                for client in clients[first:] + clients[:first]:
                    client.request("POST", "/chat", body.encode())
                    answer = client.getresponse()
                    assert answer.status == 200, answer.read()
                    answer.read()
        return files

    def compare(self, other, *options, files=None):
        files = files or self.files
        result = run("compare", files["a"], files[other], "--json", *options)
        self.assertEqual(result.stderr, "")
        return result.returncode, json.loads(result.stdout)

    def test_the_slowed_stage_is_named(self):
        slowed = "." + self.SLOW.split(":")[0]  # both tasks' prompts are read in the same passes
        for files in self.repeats:
            code, comparison = self.compare("slowed", files=files)
            self.assertEqual((code, comparison["verdict"]), (NO, "slower"), comparison["sentence"])
            self.assertTrue(comparison["stage"].endswith(slowed), comparison["sentence"])
            total = next(row for row in comparison["measures"] if row["name"] == "total")
            self.assertEqual((total["a"]["count"], total["b"]["count"]), (self.REQUESTS,) * 2)
            self.assertTrue(total["in_turns"])

    def test_the_same_build_is_not_slower(self):
        alarms = [comparison["sentence"] for code, comparison in
                  (self.compare("same", files=files) for files in self.repeats) if code != OK]
        self.assertLessEqual(len(alarms), self.REPEATS // 20, alarms)

    def test_text(self):
        result = run("compare", self.files["a"], self.files["slowed"])
        self.assertEqual(result.returncode, NO)
        self.assertRegex(result.stdout, r"(?m)^B is slower than A.*; [a-z.]+ is (probably )?responsible")

    def test_a_larger_minimum_change(self):
        self.assertEqual(self.compare("slowed", "--min-change", 50)[0], OK)


if __name__ == "__main__":
    unittest.main()
