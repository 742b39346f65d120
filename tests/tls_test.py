"""HTTPS: the server's certificate, its clients', what is refused, and that reloading drops nothing."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import Authority, CertifiedTest, openssl
from program import FAILED, USAGE, ProgramTest, Server

CHAT = json.dumps({"messages": [{"role": "user", "content": "hello"}], "seed": 1, "max_tokens": 8,
                   "ignore_eos": True})
STREAM = json.dumps({**json.loads(CHAT), "max_tokens": 400, "stream": True})
PATH = "/v1/chat/completions"


def serve(certificate, key, *more, **options):
    return Server("--threads", 1, "--ssl-cert-file", certificate, "--ssl-key-file", key, *more,
                  **options)


def trusting(authority, low=ssl.TLSVersion.TLSv1_2, high=ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context(cafile=str(authority.file))
    context.minimum_version, context.maximum_version = low, high
    return context


def connection(server, context, timeout=60):
    client = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=timeout)
    unittest.addModuleCleanup(client.close)
    return client


def ask(client, body=CHAT):
    client.request("POST", PATH, body)
    answer = client.getresponse()
    return answer.status, answer.read()


def metrics(client):
    client.request("GET", "/metrics")
    text = client.getresponse().read().decode()
    return {name: float(value)
            for name, value in re.findall(r"^([a-z_]+(?:{[^}]*})?) (\S+)$", text, re.M)}


def plain(port, request, timeout=30):
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        client.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while more := client.recv(65536):
                answer += more
        return answer


def resident_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


class OneServer(CertifiedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(serve(cls.certificate, cls.key, "--read-timeout", 2))
        cls.context = trusting(cls.authority)

    def count(self, result):
        return metrics(connection(self.server, self.context))[
            f'qaio_tls_handshakes_total{{result="{result}"}}']

    def test_the_log_says_https_and_whose_certificate(self):
        text = "".join(self.server.lines)
        self.assertIn(f"listening on https://127.0.0.1:{self.server.port}", text)
        self.assertRegex(text, rf"certificate: {self.certificate} \(CN = server\), valid until 20")

    def test_curl(self):
        answer = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert", self.authority.file, "-d", CHAT, "-w",
             "%{http_version} %{ssl_verify_result}", f"https://localhost:{self.server.port}{PATH}"],
            capture_output=True, check=True, text=True).stdout
        self.assertIn('"finish_reason":"length"', answer)
        self.assertTrue(answer.endswith("1.1 0"), answer)

    def test_versions(self):
        for version in ("TLSv1_2", "TLSv1_3"):
            one = ssl.TLSVersion[version]
            client = connection(self.server, trusting(self.authority, one, one))
            self.assertEqual(ask(client)[0], 200)
            self.assertEqual(client.sock.version(), version.replace("_", "."))
            self.assertEqual(ask(client)[0], 200, "the connection stays")
        for option in ("-tls1_1", "-tls1"):
            refused = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", option,
                 "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=30)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("alert protocol version", refused.stderr)

    def test_protocols_that_clients_offer(self):
        for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1")):
            context = trusting(self.authority)
            context.set_alpn_protocols(offered)
            client = connection(self.server, context)
            self.assertEqual(ask(client)[0], 200)
            self.assertEqual(client.sock.selected_alpn_protocol(), chosen)
        context.set_alpn_protocols(["h2"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
            ask(connection(self.server, context))

    def test_weak_ciphers_are_refused(self):
        for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"):
            refused = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_2",
                 "-cipher", cipher], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
            self.assertNotEqual(refused.returncode, 0, cipher)

    def test_sessions_are_resumed(self):
        for version in ("-tls1_2", "-tls1_3"):
            saved = self.folder / f"session{version}"
            script = f"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            s_client = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", version,
                        "-CAfile", self.authority.file, "-ign_eof"]
            first, second = (subprocess.run(
                [*s_client, option, saved], input=script, capture_output=True, text=True,
                timeout=60).stdout for option in ("-sess_out", "-sess_in"))
            self.assertIn("HTTP/1.1 200 OK", first)
            self.assertRegex(first, r"(?m)^New, TLS")
            self.assertRegex(second, r"(?m)^Reused, TLS")
            self.assertIn("HTTP/1.1 200 OK", second)

    def test_requests_that_are_sent_ahead_are_answered_in_order(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as raw:
            with self.context.wrap_socket(raw, server_hostname="localhost") as client:
                one = (f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: n%d\r\n"
                       f"Content-Length: {len(CHAT)}\r\n\r\n{CHAT}")
                everything = "".join(one % i for i in range(12)).encode()
                # cut where no record of TLS, no head and no body would be
                for at in range(0, len(everything), 97):
                    client.sendall(everything[at:at + 97])
                answer = b""
                while answer.count(b'"finish_reason"') < 12:
                    more = client.recv(65536)
                    self.assertTrue(more, answer)
                    answer += more
        self.assertEqual(re.findall(rb"X-Request-Id: (\w+)", answer),
                         [b"n%d" % i for i in range(12)])

    def test_large_requests_and_answers_arrive_whole(self):
        client = connection(self.server, self.context)
        text = "".join(chr(0x4e00 + i % 5000) for i in range(40_000))
        client.request("POST", "/tokenize", json.dumps({"content": text}))
        tokens = json.loads(client.getresponse().read())["tokens"]
        client.request("POST", "/detokenize", json.dumps({"tokens": tokens}))
        self.assertEqual(json.loads(client.getresponse().read())["content"], text)

    def test_a_client_that_leaves_cancels_its_request(self):
        for farewell in (True, False):
            with self.subTest(farewell=farewell):
                raw = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
                client = self.context.wrap_socket(raw, server_hostname="localhost")
                name = f"leaves-{farewell}"
                client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {name}"
                               f"\r\nContent-Length: {len(STREAM)}\r\n\r\n{STREAM}".encode())
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))
                if farewell:
                    # what is unread must not come before the farewell as a reset
                    threading.Thread(target=self.drain, args=(client,), daemon=True).start()
                    with contextlib.suppress(OSError):
                        client.unwrap()
                client.close()
                watcher = connection(self.server, self.context)
                for _ in range(600):
                    watcher.request("GET", f"/requests/{name}")
                    answer = watcher.getresponse()
                    body = answer.read()
                    if answer.status == 200:
                        break
                    time.sleep(0.05)
                self.assertEqual(json.loads(body)["status"], 499, body)

    @staticmethod
    def drain(client):
        with contextlib.suppress(OSError, ValueError):
            while client.recv(65536):
                pass

    def test_the_end_is_said(self):
        """A client can tell an answer that ended from one that was cut off."""
        raw = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        with self.context.wrap_socket(raw, server_hostname="localhost",
                                      suppress_ragged_eofs=False) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while more := client.recv(65536):  # raises without close_notify
                answer += more
        self.assertTrue(answer.endswith(b'{"status":"ok"}'), answer)

    def test_plain_http_is_told_so(self):
        before = self.count("failed")
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            answer = plain(self.server.port, f"{method} /health HTTP/1.1\r\nHost: localhost\r\n"
                                             "Content-Length: 5\r\n\r\nhello".encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
            error = json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]
            self.assertEqual(error["code"], "https_required")
            self.assertIn("https://", error["message"])
        self.assertEqual(self.count("failed"), before + 4)

    def test_what_is_no_tls_at_all_is_dropped(self):
        before = self.count("failed")
        for garbage in (b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100, b"ssh-2.0\r\n",
                        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff" * 20):
            plain(self.server.port, garbage)
        self.assertEqual(self.count("failed"), before + 4)

    def test_handshakes_that_stop_midway_end_in_time_and_cost_little(self):
        hello = client_hello(self.context)
        settled = resident_kib(self.server)
        before = self.count("failed")
        count = 1000
        with contextlib.ExitStack() as stack:
            for i in range(count):
                client = stack.enter_context(socket.create_connection(("127.0.0.1",
                                                                       self.server.port)))
                client.sendall((b"", hello[:1], hello[:7], hello[:-1], hello)[i % 5])
                client.settimeout(30)
                stack.callback(client.close)
                last = client
            # the others are served meanwhile
            self.assertEqual(ask(connection(self.server, self.context))[0], 200)
            grown = resident_kib(self.server) - settled
            self.assert_memory_less(grown, count * 64)
            start = time.monotonic()
            while last.recv(65536):
                pass
            self.assertLess(time.monotonic() - start, 20)
        for _ in range(400):
            if self.count("failed") >= before + count:
                break
            time.sleep(0.05)
        self.assertEqual(self.count("failed"), before + count)

    def test_a_hello_that_says_it_is_huge_takes_no_memory(self):
        settled = resident_kib(self.server)
        with contextlib.ExitStack() as stack:
            for _ in range(500):
                client = stack.enter_context(socket.create_connection(("127.0.0.1",
                                                                       self.server.port)))
                client.sendall(b"\x16\x03\x01\x00\x08\x01\x01\xff\x00\x03\x03xx")
            self.assertEqual(ask(connection(self.server, self.context))[0], 200)
            self.assert_memory_less(resident_kib(self.server) - settled, 500 * 64)

    def test_the_metrics_know_when_the_certificate_expires(self):
        text = openssl("x509", "-in", self.certificate, "-noout", "-enddate").decode().strip()
        expires = ssl.cert_time_to_seconds(text.removeprefix("notAfter="))
        found = metrics(connection(self.server, self.context))
        self.assertEqual(found["qaio_tls_certificate_expiry_timestamp_seconds"], expires)
        self.assertGreater(found['qaio_tls_handshakes_total{result="succeeded"}'], 0)


def client_hello(context):
    """The first bytes that a client of `context` sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class Files(CertifiedTest):
    """What is wrong with a file is said at the start, with its name and what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other, cls.other_key = cls.authority.sign("other")

    def refused(self, certificate, key, *more, code=FAILED):
        return self.fails(code, "serve", "--port", 0, "--threads", 1, "--ssl-cert-file",
                          certificate, "--ssl-key-file", key, *more)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_files_that_are_not_there(self):
        self.assertIn("/nowhere.crt: cannot be opened: No such file",
                      self.refused(self.folder / "nowhere.crt", self.key))
        self.assertIn("/nowhere.key: cannot be opened: No such file",
                      self.refused(self.certificate, self.folder / "nowhere.key"))
        self.assertIn("Is a directory", self.refused(self.folder, self.key))
        self.assertIn("/nowhere.ca: cannot be opened",
                      self.refused(self.certificate, self.key, "--ssl-client-ca-file",
                                   self.folder / "nowhere.ca"))

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        with tempfile.TemporaryDirectory() as folder:
            hidden = pathlib.Path(folder) / "hidden.key"
            shutil.copy(self.key, hidden)
            hidden.chmod(0)
            command = ["serve", "--port", "0", "--ssl-cert-file", self.certificate,
                       "--ssl-key-file", hidden]
            if os.geteuid() == 0:
                from program import QAIO
                os.chmod(folder, 0o755)
                os.chmod(self.folder, 0o755)
                result = subprocess.run(
                    ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", QAIO,
                     *map(str, command)], capture_output=True, text=True, timeout=60, cwd="/")
                message = result.stderr
            else:
                message = self.fails(FAILED, *command)
        self.assertIn("hidden.key: cannot be opened: Permission denied", message)

    def test_files_of_the_wrong_kind(self):
        self.assertIn("there is no certificate in it", self.refused(self.key, self.key))
        self.assertIn("there is no private key in it",
                      self.refused(self.certificate, self.certificate))
        der = self.file("server.der", openssl("x509", "-in", self.certificate, "-outform", "DER"))
        self.assertIn("server.der: there is no certificate in it; it must be in PEM form",
                      self.refused(der, self.key))
        self.assertIn("no certificate", self.refused(self.file("empty", b""), self.key))
        self.assertIn("larger than 4 MiB",
                      self.refused(self.file("large", b"x" * (5 << 20)), self.key))
        text = self.certificate.read_bytes()
        damaged = self.file("damaged.crt", text[:200] + b"!" + text[201:])
        self.assertRegex(self.refused(damaged, self.key), r"damaged.crt: certificate 1 .* damaged")
        second = self.file("second.crt", text + text[:300])
        self.assertRegex(self.refused(second, self.key), r"second.crt: certificate 2 .* damaged")
        cut = self.file("cut.key", self.key.read_bytes()[:100])
        self.assertRegex(self.refused(self.certificate, cut), r"cut.key: the key in it is damaged")

    def test_a_key_of_another_certificate(self):
        message = self.refused(self.certificate, self.other_key)
        self.assertIn(f"{self.other_key}: the key does not belong to the first certificate in "
                      f"{self.certificate}, which is that of CN = server", message)
        # the chain in the wrong order
        chain = self.file("chain.crt", self.authority.file.read_bytes()
                          + self.certificate.read_bytes())
        self.assertIn("CN = authority", self.refused(chain, self.key))

    def test_an_encrypted_key(self):
        locked = self.file("locked.key", openssl("pkey", "-in", self.key, "-aes256", "-passout",
                                                 "pass:secret"))
        message = self.refused(self.certificate, locked)
        self.assertIn(f"openssl pkey -in {locked}", message)
        old = self.file("old.key", openssl("ec", "-in", self.key, "-aes128", "-passout",
                                           "pass:secret"))
        self.assertIn("encrypted", self.refused(self.certificate, old))

    def test_a_key_that_is_too_weak(self):
        weak, weak_key = self.authority.sign("weak", kind=("rsa:1024",))
        self.assertIn("weak.crt: OpenSSL does not take the certificate: ee key too small",
                      self.refused(weak, weak_key))

    def test_options_that_belong_together(self):
        for options in (["--ssl-cert-file", self.certificate], ["--ssl-key-file", self.key],
                        ["--ssl-client-ca-file", self.authority.file]):
            self.assertIn("--ssl-cert-file", self.fails(USAGE, "serve", *options))

    def test_an_expired_certificate_is_warned_of(self):
        certificate, key = self.authority.sign("expired", days=-1)
        with serve(certificate, key) as server:
            self.assertRegex("".join(server.lines),
                             r"warning: \S+/expired.crt: a certificate in it expired on 2020-02-01")
            context = trusting(self.authority)
            with self.assertRaisesRegex(ssl.SSLError, "expired"):
                ask(connection(server, context))


class ClientCertificates(CertifiedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = Authority(cls.folder, "clients")
        cls.strangers = Authority(cls.folder, "strangers")
        cls.server = cls.enterClassContext(serve(cls.certificate, cls.key, "--ssl-client-ca-file",
                                                 cls.clients.file))

    def context(self, authority=None, name=None, version=ssl.TLSVersion.TLSv1_3, **options):
        context = trusting(self.authority, version, version)
        if authority:
            context.load_cert_chain(*authority.sign(name, **options))
        return context

    def test_who_has_one_is_served(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = connection(self.server, self.context(self.clients, "good", version))
            self.assertEqual(ask(client)[0], 200)
        for _ in range(3):  # a session that is resumed has shown it
            self.assertEqual(ask(client)[0], 200)

    def test_others_are_told_why(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.assertRaisesRegex(ssl.SSLError, "(?i)certificate.required|handshake.failure"):
                ask(connection(self.server, self.context(version=version)))
            with self.assertRaisesRegex(ssl.SSLError, "(?i)unknown.ca"):
                ask(connection(self.server, self.context(self.strangers, "bad", version)))
            with self.assertRaisesRegex(ssl.SSLError, "(?i)certificate.expired"):
                ask(connection(self.server, self.context(self.clients, "late", version, days=-1)))
        client = connection(self.server, self.context(self.clients, "good"))
        self.assertEqual(ask(client)[0], 200)


class Reload(ProgramTest):
    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.authority = Authority(self.home)
        self.old = self.authority.sign("old")
        self.new = self.authority.sign("new")
        self.install(self.old)
        self.server = self.enterContext(serve(self.home / "live.crt", self.home / "live.key"))
        self.context = trusting(self.authority)

    def install(self, pair):
        for source, name in zip(pair, ("live.crt", "live.key")):
            shutil.copy(source, self.home / "copy")
            os.replace(self.home / "copy", self.home / name)

    def shown(self, client=None):
        client = client or connection(self.server, self.context)
        client.connect()
        return dict(part[0] for part in client.sock.getpeercert()["subject"])["commonName"]

    def hang_up(self, expected):
        seen = len(self.server.lines)
        self.server.process.send_signal(signal.SIGHUP)
        for _ in range(600):
            if any(re.search(expected, line) for line in self.server.lines[seen:]):
                return
            time.sleep(0.05)
        self.fail(f"no {expected!r} in " + "".join(self.server.lines[seen:]))

    def test_under_load_drops_nothing(self):
        stop = threading.Event()
        failures, answers = [], []
        reference = ask(connection(self.server, self.context))[1]

        def work(keep):
            client = connection(self.server, self.context)
            try:
                while not stop.is_set():
                    if not keep:
                        client.close()  # and connect anew
                    status, body = ask(client)
                    answers.append(status)
                    text = json.loads(body)["choices"][0]["message"]["content"]
                    if status != 200 or text != json.loads(reference)["choices"][0]["message"][
                            "content"]:
                        failures.append(body)
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))

        kept = connection(self.server, self.context)
        self.assertEqual(self.shown(kept), "old")
        threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(4)]
        for thread in threads:
            thread.start()
        try:
            for i in range(6):
                self.install((self.new, self.old)[i % 2])
                self.hang_up(r"certificate: .*\(CN = %s\)" % ("new", "old")[i % 2])
                self.assertEqual(self.shown(), ("new", "old")[i % 2])
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(answers), 20)
        self.assertEqual(ask(kept)[0], 200, "it goes on with what it began with")

    def test_what_cannot_be_read_leaves_the_old_one_in_force(self):
        (self.home / "live.crt").write_text("nothing")
        self.hang_up(r"error.*the certificate stays as it was: \S+/live.crt: there is no certificate")
        self.assertEqual(self.shown(), "old")
        self.install((self.new[0], self.old[1]))
        self.hang_up("the key does not belong to the first certificate")
        self.assertEqual(self.shown(), "old")
        (self.home / "live.key").unlink()
        self.hang_up("live.key: cannot be opened")
        self.assertEqual(self.shown(), "old")
        self.install(self.new)
        self.hang_up(r"certificate: .*\(CN = new\)")
        self.assertEqual(self.shown(), "new")

    def test_sigterm_does_not_wait_for_who_does_not_read(self):
        hello = client_hello(self.context)
        half = socket.create_connection(("127.0.0.1", self.server.port))
        half.sendall(hello[:50])
        idle = connection(self.server, self.context)
        ask(idle)
        start = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - start, 20)
        half.close()


if __name__ == "__main__":
    unittest.main()
