"""What the server sends over https://: only to who proves to be the one that was asked for."""

import http.server
import time
import unittest

from certificates import Authority
from program import ProgramTest, Server, run
from scripted_server import ScriptedServer, tls_context

RULE = """
[[sla]]
name = "impossible"
threshold_ms = 0.001
min_samples = 1
for = "0s"

[[sla_action]]
kind = "webhook"
url = "{url}/hook"
"""


class Taker(http.server.BaseHTTPRequestHandler):
    """Takes whatever is posted."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


class OutgoingTls(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.folder)

    def serve(self, receiver):
        """A server whose first request goes to the webhook and as a trace."""
        config = self.folder / "qaio.toml"
        config.write_text(RULE.format(url=receiver.url))
        return Server("--config", config, "--threads", 1, "--otlp-endpoint", receiver.url,
                      environment={"OTEL_BSP_SCHEDULE_DELAY": "50"})

    def test_who_does_not_prove_it_gets_nothing(self):
        certificate = self.authority.sign("unknown")  # of an authority that the system does not know
        with ScriptedServer(None, tls=tls_context(*certificate), handler=Taker) as receiver:
            with self.serve(receiver) as server:
                result = run("load", "--url", f"http://127.0.0.1:{server.port}", "--count", 1,
                             "--output-tokens", 4)
                self.assertEqual(result.returncode, 0, result.stderr)

                def said(path):
                    return any("unable to get local issuer certificate" in line and path in line
                               for line in server.lines)
                wait_for(lambda: said("/hook") and said("/v1/traces"), "the log says why")
        self.assertEqual(receiver.requests, [])


if __name__ == "__main__":
    unittest.main()
