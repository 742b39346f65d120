"""What the server sends over https://: only to who proves to be the one that was asked for."""

import http.server
import ssl
import threading
import time
import unittest

from certificates import Authority
from program import ProgramTest, Server, run

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


class Receiver(http.server.ThreadingHTTPServer):
    """Notes the paths of posts; a context manager."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.paths = []
        self.url = f"https://127.0.0.1:{self.server_address[1]}"

    def get_request(self):
        client, address = super().get_request()
        return self.tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):  # who does not trust it leaves
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


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
        with Receiver(*certificate) as receiver:
            with self.serve(receiver) as server:
                result = run("load", "--url", f"http://127.0.0.1:{server.port}", "--count", 1,
                             "--output-tokens", 4)
                self.assertEqual(result.returncode, 0, result.stderr)

                def said(path):
                    return any("unable to get local issuer certificate" in line and path in line
                               for line in server.lines)
                wait_for(lambda: said("/hook") and said("/v1/traces"), "the log says why")
        self.assertEqual(receiver.paths, [])


if __name__ == "__main__":
    unittest.main()
