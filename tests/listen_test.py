"""Where the server listens and whom it lets in there: Unix sockets, other machines, proxies."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from certificates import Authority, CertifiedTest
from program import FAILED, USAGE, ProgramTest, Server
from proxy_test import Proxy, tool

CHAT = json.dumps({"messages": [{"role": "user", "content": "hello"}], "seed": 1, "max_tokens": 8,
                   "ignore_eos": True})
LONG = json.dumps({**json.loads(CHAT), "max_tokens": 100_000, "stream": True})
PATH = "/v1/chat/completions"


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments)],
                          capture_output=True, text=True, timeout=70)


class UnixClient(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(client, body=CHAT, headers=None):
    client.request("POST", PATH, body, {"Connection": "close", **(headers or {})})
    answer = client.getresponse()
    return answer.status, json.loads(answer.read())


class UnixSocket(ProgramTest):
    def setUp(self):
        self.path = self.folder / "qaio.sock"

    def serve(self, *more, **options):
        return self.enterContext(Server("--threads", 1, "--unix-socket", self.path, *more,
                                        **{"tcp": False, **options}))

    def mode(self):
        return stat.S_IMODE(self.path.stat().st_mode)

    def test_alone(self):
        server = self.serve()
        text = "".join(server.lines)
        self.assertIn(f"listening on unix:{self.path}", text)
        self.assertNotIn("listening on http", text)
        self.assertEqual(self.mode(), 0o660)
        answer = curl("--unix-socket", self.path, "http://localhost" + PATH, "-d", CHAT)
        self.assertEqual(json.loads(answer.stdout)["choices"][0]["finish_reason"], "length")
        # its name is the client's to choose: no page of a browser can come this way by itself
        named = curl("--unix-socket", self.path, "http://whatever.example/health")
        self.assertEqual(json.loads(named.stdout), {"status": "ok"})
        ports = pathlib.Path(f"/proc/{server.process.pid}/net/tcp").read_text()
        sockets = {os.readlink(one) for one in pathlib.Path(
            f"/proc/{server.process.pid}/fd").iterdir() if os.path.islink(one)}
        inodes = {line.split()[9] for line in ports.splitlines()[1:] if line.split()[3] == "0A"}
        self.assertFalse({f"socket:[{inode}]" for inode in inodes} & sockets, "no TCP")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(self.path.exists())

    def test_pages_of_other_sites_are_refused_there_too(self):
        self.serve()
        status, answer = ask(UnixClient(self.path), headers={"Origin": "https://evil.example"})
        self.assertEqual((status, answer["error"]["code"]), (403, "origin_not_allowed"))

    def test_names_that_are_given_are_demanded_there_too(self):
        self.serve("--allowed-host", "chat.example.org")
        for host, status in (("chat.example.org", 200), ("evil.example", 403), ("localhost", 200)):
            self.assertEqual(ask(UnixClient(self.path), headers={"Host": host})[0], status, host)

    def test_beside_tcp_if_that_is_asked_for(self):
        server = self.serve("--unix-socket-mode", "600", tcp=True)
        self.assertEqual(self.mode(), 0o600)
        self.assertEqual(ask(UnixClient(self.path))[0], 200)
        self.assertEqual(ask(http.client.HTTPConnection("127.0.0.1", server.port))[0], 200)
        self.assertEqual(len(re.findall("listening on", "".join(server.lines))), 2)

    def test_it_stays_plain_beside_https(self):
        certificate, key = Authority(self.folder).sign("server")
        server = self.serve("--ssl-cert-file", certificate, "--ssl-key-file", key, tcp=True)
        self.assertEqual(ask(UnixClient(self.path))[0], 200)
        answer = curl("-k", f"https://localhost:{server.port}/health")
        self.assertEqual(answer.stdout, '{"status":"ok"}', answer.stderr)

    def test_what_a_killed_server_left_is_replaced(self):
        server = self.serve()
        server.stop(signal.SIGKILL)
        self.assertTrue(self.path.exists())
        self.serve()
        self.assertEqual(ask(UnixClient(self.path))[0], 200)

    def test_a_living_server_keeps_its_socket(self):
        server = self.serve()
        message = self.fails(FAILED, "serve", "--unix-socket", self.path)
        self.assertIn(f"{self.path}: another program listens there", message)
        self.assertEqual(ask(UnixClient(self.path))[0], 200)
        self.assertEqual(server.stop(), 0)

    def test_another_file_is_not_touched(self):
        self.path.write_text("letters")
        self.assertIn("which is no socket", self.fails(FAILED, "serve", "--unix-socket", self.path))
        self.assertEqual(self.path.read_text(), "letters")
        self.path.unlink()

    def test_options_are_checked(self):
        for mode in ("rw", "888", "0o660", "66", "1660", ""):
            message = self.fails(USAGE, "serve", "--unix-socket", self.path, "--unix-socket-mode",
                                 mode)
            self.assertIn("in octal, as 0660", message)
        long = self.folder / ("x" * 120)
        self.assertIn("at most 107 bytes", self.fails(FAILED, "serve", "--unix-socket", long))

    def test_a_client_that_leaves_and_one_that_is_slow(self):
        self.serve("--read-timeout", 1)
        client = UnixClient(self.path)
        client.request("POST", PATH, LONG, {"X-Request-Id": "leaves"})
        answer = client.getresponse()
        answer.read(10)
        answer.close()
        client.close()
        watcher = UnixClient(self.path)
        self.addCleanup(watcher.close)
        for _ in range(600):
            watcher.request("GET", "/requests/leaves")
            answer = watcher.getresponse()
            body = answer.read()
            if answer.status == 200:
                break
            time.sleep(0.05)
        self.assertEqual(json.loads(body)["status"], 499)
        slow = UnixClient(self.path)
        slow.connect()
        self.addCleanup(slow.close)
        slow.sock.sendall(b"POST /chat HTTP/1.1\r\n")
        self.assertTrue(slow.sock.recv(100).startswith(b"HTTP/1.1 408 "))


class Bind(CertifiedTest):
    """Nobody is let in from other machines by mistake."""

    def test_others_are_not_let_in_without_keys_and_tls(self):
        for host in ("0.0.0.0", "::", "", "[::]", "::ffff:0.0.0.0"):
            message = self.fails(FAILED, "serve", "--host", host, "--port", 0)
            self.assertIn("neither API keys (--api-key-file) nor TLS (--ssl-cert-file", message)
            self.assertIn("--insecure-bind", message)
            self.assertIn(f"could reach the server at {host or 'every address'}, and it has", message)
        message = self.fails(FAILED, "serve", "--host", "0.0.0.0", "--port", 0, "--ssl-cert-file",
                             self.certificate, "--ssl-key-file", self.key)
        self.assertIn("and it has no API keys (--api-key-file):", message)

    def test_who_says_so_may(self):
        with Server("--threads", 1, "--host", "0.0.0.0", "--insecure-bind") as server:
            self.assertRegex("".join(server.lines),
                             r"warning: other machines can reach the server at 0\.0\.0\.0, and it "
                             r"has neither API keys")
            self.assertEqual(ask(http.client.HTTPConnection("127.0.0.1", server.port))[0], 200)

    def test_what_protects_is_not_switched_off_by_an_empty_value(self):
        for option in ("--api-key-file", "--ssl-cert-file", "--ssl-key-file",
                       "--ssl-client-ca-file", "--unix-socket"):
            message = self.fails(USAGE, "serve", "--port", 0, option, "")
            self.assertIn(f"{option}: '' is no path", message)
        config = self.folder / "empty.toml"
        config.write_text('api-key-file = ""\n')
        self.assertIn("'' is no path", self.fails(FAILED, "serve", "--port", 0, "--config", config))

    def test_this_machine_is_no_matter(self):
        for host in ("localhost", "127.0.0.2", "::1"):
            if host == "::1" and not socket.has_ipv6:
                continue
            with contextlib.suppress(OSError), socket.create_server(
                    (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
                with Server("--threads", 1, "--host", host) as server:
                    self.assertNotIn("warning: other machines", "".join(server.lines))


class Caller(ProgramTest):
    """Limits and records know whom a trusted proxy asks for, and believe nobody else."""

    NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    set_real_ip_from 127.0.0.0/8; real_ip_header X-Test-Client;
    location / {{
      proxy_pass %s;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""

    def serve(self, *more, **options):
        return self.enterContext(Server("--threads", 1, "--client-requests-max", 1, *more,
                                        **options))

    @contextlib.contextmanager
    def busy(self, client, headers):
        """While a long request of that caller runs."""
        client.request("POST", PATH, LONG, headers)
        answer = client.getresponse()
        self.assertEqual(answer.status, 200, answer.read() if answer.status != 200 else "")
        answer.read(10)
        try:
            yield
        finally:
            answer.close()
            client.close()

    def statuses(self, connect, first, others):
        with self.busy(connect(), first):
            statuses = [ask(connect(), headers=other)[0] for other in others]
        for _ in range(600):  # until the server has noticed that the client left
            if ask(connect(), headers=first)[0] == 200:
                return statuses
            time.sleep(0.05)
        self.fail("the place of a client that left is not given back")

    def test_of_a_trusted_proxy(self):
        server = self.serve("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8")
        connect = lambda: http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for same in ({"X-Forwarded-For": "203.0.113.9"},
                     {"X-Forwarded-For": "1.2.3.4, 203.0.113.9"},
                     {"X-Forwarded-For": "203.0.113.9, 10.1.2.3"},
                     {"X-Forwarded-For": "[::ffff:203.0.113.9]:80"},
                     {"Forwarded": 'for="203.0.113.9:61234";proto=https'}):
            self.assertEqual(
                self.statuses(connect, {"X-Forwarded-For": "203.0.113.9"},
                              [same, {"X-Forwarded-For": "203.0.113.10"}, {}]),
                [429, 200, 200], same)

    def test_of_anybody_else(self):
        server = self.serve("--trusted-proxy", "192.0.2.1")
        connect = lambda: http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.assertEqual(self.statuses(connect, {"X-Forwarded-For": "203.0.113.9"},
                                       [{"X-Forwarded-For": "203.0.113.10"}, {}]), [429, 429])

    def test_over_the_unix_socket(self):
        path = self.folder / "proxied.sock"
        for trusted, expected in ((["--trusted-proxy", "unix"], [429, 200]), ([], [429, 429])):
            with Server("--threads", 1, "--client-requests-max", 1, "--unix-socket", path, *trusted,
                        tcp=False):
                self.assertEqual(
                    self.statuses(lambda: UnixClient(path), {"X-Forwarded-For": "203.0.113.9"},
                                  [{"X-Forwarded-For": "203.0.113.9"},
                                   {"X-Forwarded-For": "203.0.113.10"}]), expected)

    def nginx(self, target, server):
        return self.enterContext(Proxy(
            self.folder, self.NGINX % target, server,
            [tool("sbin/nginx"), "-p", str(self.folder), "-e", str(self.folder / "e.log"), "-c"]))

    def test_nginx_in_front(self):
        server = self.serve("--trusted-proxy", "127.0.0.1", "--allowed-host", "chat.example.org")
        self.check_nginx(self.nginx("http://127.0.0.1:{server}", server))

    def test_nginx_in_front_of_the_unix_socket(self):
        path = self.folder / "behind.sock"
        server = self.serve("--unix-socket", path, "--trusted-proxy", "unix", tcp=False)
        self.check_nginx(self.nginx(f"http://unix:{path}:", server))

    def check_nginx(self, proxy):
        connect = lambda: http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
        # nginx takes its client's address from this header here, as if it came from there
        one, other = ({"X-Test-Client": address} for address in ("203.0.113.9", "2001:db8::7"))
        spoofed = {**one, "X-Forwarded-For": "2001:db8::7"}
        hidden = {**one, "Forwarded": "for=2001:db8::7"}  # passed on as it is; nobody is believed
        self.assertEqual(self.statuses(connect, one, [one, spoofed, other, hidden]),
                         [429, 429, 200, 200])
        # a page that was read over HTTPS may ask, one of the same name in the clear may not
        for origin, status in (("https://chat.example.org", 200), ("http://chat.example.org", 403)):
            headers = {"Host": "chat.example.org", "Origin": origin}
            self.assertEqual(ask(connect(), headers=headers)[0], status, origin)

    def test_what_is_no_proxy_is_refused(self):
        for wrong in ("proxy.example.org", "10.0.0.0/33", "10.0.0.1:80"):
            self.assertIn(f"'{wrong}'", self.fails(USAGE, "serve", "--trusted-proxy", wrong))


if __name__ == "__main__":
    unittest.main()
