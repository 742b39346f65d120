"""How close to the truth are the times that `qaio load` measures. load_test.py holds what is true on
a busy machine as well: they are never shorter."""

import unittest

import load_test
from scripted_server import Answer, ScriptedServer


class Measures(load_test.LoadTest):
    def test_known_delays(self):
        with ScriptedServer(load_test.KNOWN_DELAYS) as server:
            report = self.load(server, "--concurrency", 4, "--count", 20)
        for name, most in (("ttft_ms", 180), ("inter_token_ms", 40), ("total_ms", 500),
                           ("tpot_ms", 20)):
            self.assertLess(report[name]["p50"], most, name)
        self.assertLess(report["duration_s"], 5 * 0.5)

    def test_duration(self):
        with ScriptedServer(lambda _: Answer(first=0.05, tokens=1)) as server:
            report = self.load(server, "--concurrency", 2, "--duration", 1)
        self.assertLess(report["duration_s"], 1.5)
        self.assertGreaterEqual(report["requests"]["succeeded"], 15)

    def test_a_timeout_comes_in_time_and_refusals_at_once(self):
        answers = [Answer(status=503, body="full"), Answer(first=3)]
        with ScriptedServer(lambda number: answers[number]) as server:
            report = self.load(server, "--count", 2, "--concurrency", 1, "--timeout", 1,
                               code=load_test.FAILED)
        times = {failure["kind"]: failure["total_ms"] for failure in report["failures"]}
        self.assertLess(times["timeout"]["max"], 2000)
        self.assertLess(times["http 503"]["p50"], 500)

    def test_places_free_hold_the_rate(self):
        with ScriptedServer(lambda _: Answer(first=0.5, tokens=1)) as server:
            report = self.load(server, "--rate", 40, "--duration", 2)
        self.assertTrue(8 <= report["in_flight_max"] <= 45, report["in_flight_max"])
        self.assertLess(report["send_delay_ms"]["p50"], 50)


if __name__ == "__main__":
    unittest.main()
