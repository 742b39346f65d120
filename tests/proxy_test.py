"""What stands between clients and the server: nginx, HAProxy, curl and Python's requests, from Debian."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

from program import ROOT, ProgramTest, Server

TOOLS = ROOT / "build/test-tools/usr"
CHAT = "/v1/chat/completions"
ASK = {"messages": [{"role": "user", "content": "你好"}], "seed": 1, "max_tokens": 60,
       "ignore_eos": True}

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{server}; }} }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen qaio
  bind 127.0.0.1:{port}
  compression algo gzip
  compression type text/event-stream application/json text/plain
  server qaio 127.0.0.1:{server}
"""


def tool(*names):
    """Of the unpacked packages, or of the machine."""
    for name in names:
        found = TOOLS / name
        if found.exists():
            return str(found)
    found = shutil.which(pathlib.Path(names[0]).name)
    if not found:
        raise AssertionError(f"{names[0]} is missing; `./dev test` unpacks it in build/test-tools")
    return found


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Proxy:
    """A program in front of the server, with the configuration it gets; ready once entered."""

    def __init__(self, folder, template, server, command):
        self.port = free_port()
        config = pathlib.Path(folder) / f"{self.port}.conf"
        config.write_text(template.format(folder=folder, port=self.port, server=server.port))
        libraries = ":".join(map(str, (TOOLS / "lib").glob("*-linux-gnu")))
        self.process = subprocess.Popen(
            [*command, str(config)], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "LD_LIBRARY_PATH": libraries})

    def __enter__(self):
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError(self.process.stderr.read()) from None
                time.sleep(0.02)
        raise AssertionError("the proxy does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


def message(headers="", **more):
    body = json.dumps({**ASK, **more}).encode()
    return (f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def ask(port, headers="", **more):
    """The bytes of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(message(headers, **more))
        with client.makefile("rb") as answer:
            return answer.read()


class Relay:
    """Passes one request on to the server, and of the answer the first event only, until `seen`."""

    def __init__(self, server):
        self.seen = threading.Event()
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                request = b""
                while not request.endswith(b"}"):
                    more = client.recv(65536)
                    if not more:  # the test tries whether the proxy listens
                        break
                    request += more
                if request:
                    self.answer(client, request)

    def answer(self, client, request):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as server:
            server.sendall(request)
            answer = b""
            while not answer.endswith(b"0\r\n\r\n") and (more := server.recv(65536)):
                answer += more
        first = answer.index(b"\n\n", answer.index(b"data: ")) + 2
        first += 2 if b"chunked" in answer[:first] else 0  # the end of the chunk's frame
        client.sendall(answer[:first])
        self.seen.wait(20)
        client.sendall(answer[first:])

    def close(self):
        self.listener.close()


def text_of(events):
    """What the deltas of a stream say together."""
    lines = events.decode().split("\n\n")
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return "".join(one["choices"][0]["delta"].get("content", "") for one in data)


class ProxyTest(ProgramTest):
    def setUp(self):
        self.server = self.enterContext(Server("--threads", 1))

    def proxied(self, template, command):
        relay = Relay(self.server)
        self.addCleanup(relay.close)
        return relay, self.enterContext(Proxy(self.folder, template, relay, command))

    def check_stream(self, relay, port, headers=""):
        answer = b""
        with socket.create_connection(("127.0.0.1", port), timeout=15) as client:
            client.sendall(message(headers, stream=True))
            while b"\n\n" not in answer[answer.find(b"data: "):] or b"data: " not in answer:
                more = client.recv(65536)  # times out if the proxy keeps the event
                self.assertTrue(more, answer)
                answer += more
            self.assertEqual(answer.count(b"data: "), 1)
            relay.seen.set()
            while more := client.recv(65536):
                answer += more
        self.assertIn(b"text/event-stream; charset=utf-8", answer)
        self.assertNotIn(b"content-encoding", answer.lower())
        self.assertIn(b"data: [DONE]\n\n", answer)

    def test_nginx_passes_on_each_event(self):
        relay, proxy = self.proxied(NGINX, [tool("sbin/nginx"), "-p", str(self.folder), "-e",
                                            str(self.folder / "e.log"), "-c"])
        self.check_stream(relay, proxy.port)

    def test_haproxy_compresses_no_stream(self):
        haproxy = [tool("sbin/haproxy"), "-db", "-f"]
        relay, proxy = self.proxied(HAPROXY, haproxy)
        self.check_stream(relay, proxy.port, "Accept-Encoding: gzip\r\n")
        # but what it may compress, so that the above shows something
        direct = self.enterContext(Proxy(self.folder, HAPROXY, self.server, haproxy))
        answer = ask(direct.port, "Accept-Encoding: gzip\r\n")
        self.assertIn(b"content-encoding: gzip", answer.lower())

    def test_requests_reads_a_stream_as_utf_8(self):
        script = (
            "import json, requests, sys\n"
            "answer = requests.post(sys.argv[1], json=json.loads(sys.argv[2]), stream=True)\n"
            "lines = [line for line in answer.iter_lines(decode_unicode=True) if line]\n"
            "sys.stdout.buffer.write('\\n\\n'.join(lines).encode())\n")
        packages = str(TOOLS / "lib/python3/dist-packages")
        read = subprocess.run(
            [sys.executable, "-c", script, f"http://127.0.0.1:{self.server.port}{CHAT}",
             json.dumps({**ASK, "stream": True})], capture_output=True, timeout=60, check=True,
            env={**os.environ, "PYTHONPATH": packages}).stdout
        answer = ask(self.server.port)
        expected = json.loads(answer.split(b"\r\n\r\n", 1)[1])["choices"][0]["message"]["content"]
        self.assertEqual(text_of(read), expected)
        self.assertTrue(any(ord(letter) > 127 for letter in expected), expected)

    def test_curl(self):
        def curl(*arguments, data=None):
            return subprocess.run(
                [tool("bin/curl"), "-sS", "--max-time", "60", *arguments], capture_output=True,
                input=data, timeout=70, check=True).stdout
        url = f"http://127.0.0.1:{self.server.port}"
        body = json.dumps({**ASK, "stream": True})
        self.assertTrue(curl("-N", url + CHAT, "-d", body).endswith(b"data: [DONE]\n\n"))
        missed = json.loads(curl(url + "/chat/completions", "-d", body))["error"]["message"]
        self.assertIn("POST /v1/chat/completions", missed)
        # as PowerShell and some editors write files
        marked = "\ufeff" + json.dumps(ASK)
        answer = json.loads(curl(url + CHAT, "--data-binary", "@-", data=marked.encode()))
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        refused = curl(url + CHAT, "-H", "Content-Encoding: gzip", "--data-binary", "@-",
                       data=b"\x1f\x8b\x08")
        self.assertIn("'gzip'", json.loads(refused)["error"]["message"])
        lone = curl(url + CHAT, "-d", '{"messages":[{"role":"user","content":"hi \\ud83d"}]}')
        self.assertEqual(json.loads(lone)["error"]["param"], "messages[0].content")


if __name__ == "__main__":
    unittest.main()
