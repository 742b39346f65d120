"""Requests that are none, or mean harm, to the real server: each has its status, ends or keeps its
connection, leaves a record whose stages add up, and stops nobody else. The cases stand in
abuse_cases.py; clients that are slow, reset or many are in rough_clients_test.py."""

import concurrent.futures
import json
import unittest

import abuse_cases
from program import ProgramTest, Server
from wire import Wire, archived, eventually

ALIVE = abuse_cases.get(b"/health/live")
PIECES = 7  # of a long request that comes in pieces


def pieces_of(raw):
    """Short ones byte by byte, as far as their heads go."""
    if len(raw) <= 400:
        return [raw[i:i + 1] for i in range(len(raw))]
    step = len(raw) // PIECES + 1
    return [raw[i:i + step] for i in range(0, len(raw), step)]


class Abuse(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archive = cls.folder / "abuse.db"
        cls.server = cls.enterClassContext(Server("--archive", cls.archive, "--threads", 1))

    def check_alive(self):
        with Wire(self.server.port) as wire:
            wire.send(ALIVE)
            self.assertEqual(wire.answer()[0], 200)

    def send(self, case, pieces):
        """What the case gets; ids and statuses of its answers."""
        with Wire(self.server.port) as wire:
            wire.send(*pieces)
            left = []
            statuses = case.status if isinstance(case.status, list) else [case.status]
            for expected in statuses:
                status, headers, body = wire.answer(case.method)
                self.assertEqual(status, expected, body[:300])
                if status != 100:
                    left.append((headers["X-Request-Id"], status))
                if status >= 400:
                    self.check_error(body)
            if case.goes_on:
                self.assertEqual(headers["Connection"], "keep-alive")
                wire.send(ALIVE)
                self.assertEqual(wire.answer()[0], 200)
            else:
                self.assertEqual(headers["Connection"], "close")
                self.assertEqual(wire.rest(), b"", "something was taken for a request")
        self.check_alive()
        return left

    def check_error(self, body):
        """Says what is wrong, in JSON that anybody can read, and not at length."""
        self.assertLess(len(body), 16_000)
        error = json.loads(body.decode())["error"]
        self.assertRegex(error["code"], r"\A[a-z_]+\Z")
        self.assertGreater(len(error["message"]), 10)

    def check_records(self, left):
        """Of all requests that were answered: each one's stages fill its time."""
        def recorded():
            found = archived(self.archive)
            return found if all(id in found for id, _ in left) else None

        records = eventually(recorded)
        for id, status in left:
            self.assertEqual(records[id], [status, records[id][1], records[id][1]])
        self.assertNotIn("hidden", records)

    def check_group(self, cases):
        # side by side, as they do not concern one another
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            jobs = [(case, threads.submit(self.send, case, pieces))
                    for case in cases for pieces in ([case.raw], pieces_of(case.raw))]
            left = []
            for case, job in jobs:
                with self.subTest(case.name):
                    left += job.result()
        self.check_records(left)
        self.assertIsNone(self.server.process.poll())

    def test_content_length(self):
        self.check_group(abuse_cases.content_length())

    def test_transfer_encoding(self):
        self.check_group(abuse_cases.transfer_encoding())

    def test_chunks(self):
        self.check_group(abuse_cases.chunks())

    def test_heads(self):
        self.check_group(abuse_cases.heads())

    def test_request_lines(self):
        self.check_group(abuse_cases.request_lines())

    def test_targets(self):
        self.check_group(abuse_cases.targets())

    def test_offers(self):
        self.check_group(abuse_cases.offers())

    def test_bodies(self):
        self.check_group(abuse_cases.bodies())


if __name__ == "__main__":
    unittest.main()
