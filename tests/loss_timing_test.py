"""How long what is beside a locked archive takes, and how many seconds kill -9 costs; what holds on a
busy machine as well is archive_loss_test.py's. QAIO_TEST_KILLS=50 is the long version of Killed."""

import time
import unittest

import archive_loss_test
from program import Server


class Locked(archive_loss_test.LossTest):
    def test_nothing_else_waits_for_it(self):
        folder = self.place / "csv"
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            with archive_loss_test.Lock(self.archive):
                end = time.monotonic() + 2
                while time.monotonic() < end:  # SQLite waits for half a second meanwhile
                    begin = time.monotonic()
                    archive_loss_test.Locked.beside_the_lock(self, server, folder, f"number-{begin}")
                    self.assertLess(time.monotonic() - begin, 0.45)


class Killed(archive_loss_test.Killed):
    def judge(self, name, lost_s, seconds):
        self.assertLess(lost_s, seconds, name)


if __name__ == "__main__":
    unittest.main()
