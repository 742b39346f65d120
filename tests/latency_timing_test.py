"""How quickly the real server answers and stops under pressure, and how little of a request's time no
stage covers. The bounds are several times what a quiet machine shows. What is true on a busy machine
as well is held by limits_test.py, crowd_test.py, stuck_output_test.py and serve_test.py."""

import threading
import time
import unittest

import crowd_test
import limits_test
import serve_test
import stuck_output_test
from limits_test import CHAT, HEALTH, LONG, METRICS, answer, ask, connect, message, open_stream
from program import Server


def times_ms(server, request, count, pause_s=0.0):
    """Sorted, of `count` requests one after another on one connection; each must be answered."""
    times = []
    with connect(server) as client:
        for _ in range(count):
            begin = time.monotonic()
            client.sendall(request)
            status, _, body = answer(client)
            times.append((time.monotonic() - begin) * 1e3)
            assert status == 200, body
            time.sleep(pause_s)
    return sorted(times)


def percentile(times, percent):
    return times[min(len(times) * percent // 100, len(times) - 1)]


def show(name, times):
    print(f"{name}: p50 {percentile(times, 50):.2f} ms, p95 {percentile(times, 95):.2f} ms, "
          f"p99 {percentile(times, 99):.2f} ms")


class Crowds(limits_test.LimitsTest):
    def test_idle_and_slow_connections_slow_nobody(self):
        limits_test.allow_many_descriptors()
        with Server("--threads", 1, "--read-timeout", 5) as server:
            request = message(CHAT, {**LONG, "max_tokens": 4})
            alone = times_ms(server, request, 100)
            idle = [connect(server) for _ in range(1000)]
            slow = [connect(server) for _ in range(200)]
            stop = threading.Event()
            dripping = threading.Thread(target=limits_test.Crowds.drip, args=(slow, stop))
            dripping.start()
            crowded = times_ms(server, request, 100)
            stop.set()
            dripping.join()
            show("alone", alone)
            show("beside 1000 idle and 200 slow connections", crowded)
            self.assertLess(percentile(crowded, 95), 3 * percentile(alone, 95) + 50)
            for client in idle + slow:
                client.close()

    def test_health_is_quick_while_every_core_computes(self):
        with Server() as server:
            streams = [open_stream(server) for _ in range(8)]
            times = times_ms(server, HEALTH, 200, 0.002)
            show("health beside 8 streams", times)
            self.assertLess(percentile(times, 99), 250)
            for client in streams:
                client.close()

    def test_health_and_metrics_are_quick_while_others_send_long_texts(self):
        # What is long is not made tokens of on the threads that answer.
        with Server() as server:
            for path, body in limits_test.LONG_TEXTS:
                with limits_test.busy_clients(server, 4, message(path, body)):
                    for name, request in (("health", HEALTH), ("metrics", METRICS)):
                        times = times_ms(server, request, 100, 0.002)
                        show(f"{name} beside long texts to {path}", times)
                        self.assertLess(percentile(times, 99), 250)

    def test_the_rest_is_refused_at_once(self):
        with Server("--threads", 1, "--requests-max", 3) as server:
            streams = [open_stream(server) for _ in range(3)]
            begin = time.monotonic()
            for _ in range(4):
                self.assertEqual(ask(server)[0], 503)
            self.assertLess(time.monotonic() - begin, 2)
            for client in streams:
                client.close()


class Deaf(crowd_test.Deaf):
    """Clients that do not read cost the others little."""

    def around(self, server, make_deaf):
        alone = times_ms(server, crowd_test.SENTIMENT, 200)
        clients = make_deaf()
        crowded = times_ms(server, crowd_test.SENTIMENT, 200)
        show("alone", alone)
        show(f"beside {len(clients)} that do not read", crowded)
        self.assertLess(percentile(crowded, 95), 3 * percentile(alone, 95) + 250)
        return clients


class Stops(limits_test.Stops):
    """Whoever outlives the drain time is not waited for."""

    def stop(self, server):
        begin = time.monotonic()
        super().stop(server)
        self.assertLess(time.monotonic() - begin, 1 + 2.5)  # none that must wait has more than 1 s


class StopsWhileNobodyReads(stuck_output_test.StuckAtTheStart):
    def ends(self, process):
        begin = time.monotonic()
        super().ends(process)
        self.assertLess(time.monotonic() - begin, stuck_output_test.DRAIN_SECONDS + 1)


class Unattributed(serve_test.Unattributed):
    """What no stage covers is under 1 % of a lane in the mean and under 3 % at the 99th percentile."""

    def judge(self, shares):
        for lane, all_shares in shares.items():
            all_shares.sort()
            self.assertLess(sum(all_shares) / len(all_shares), 0.01, lane)
            self.assertLess(all_shares[len(all_shares) * 99 // 100], 0.03, lane)


if __name__ == "__main__":
    unittest.main()
