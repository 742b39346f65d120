"""`qaio load` over https:// and Unix sockets: whom it trusts, who it is, and what a handshake takes."""

import json
import os
import ssl
import unittest

from certificates import Authority, CertifiedTest, openssl
from program import FAILED, OK, USAGE, run
from scripted_server import Answer, ScriptedServer, UnixScriptedServer, tls_context

CHAT = "/v1/chat/completions"
QUICK = lambda _: Answer(tokens=3)


class LoadTlsTest(CertifiedTest):
    def context(self, certificate=None, key=None):
        return tls_context(certificate or self.certificate, key or self.key)

    def server(self, answer=QUICK, context=None):
        return ScriptedServer(answer, tls=context or self.context())

    def load(self, server, *arguments, code=OK, warmup=0, environment=None):
        """The JSON report of a load that the server answers, else its error."""
        result = run("load", "--url", server.url, "--endpoint", CHAT, "--count", 8, "--warmup", warmup,
                     "--concurrency", 2, "--json", *arguments, environment=environment, timeout=120)
        self.assertEqual(result.returncode, code, result.stderr)
        return json.loads(result.stdout) if code == OK else result.stderr


class Trusts(LoadTlsTest):
    def test_whom_the_user_names(self):
        with self.server() as server:
            report = self.load(server, "--ca-file", self.authority.file, "--api-key", "qaio_a_b")
        self.assertEqual(report["requests"]["succeeded"], 8)
        self.assertTrue(report["url"].startswith("https://127.0.0.1:"))
        self.assertEqual({headers["Authorization"] for _, headers, _ in server.requests},
                         {"Bearer qaio_a_b"})
        # Of two clients each opened one, and shook hands once.
        opened = report["connections"]
        self.assertEqual((opened["opened"], opened["tls_handshake_ms"]["count"]), (2, 2))
        self.assertGreater(opened["tls_handshake_ms"]["p50"], opened["connect_ms"]["p50"])
        self.assertEqual(server.connections, 2 + 2)  # two to ask for model and tokens

    def test_whom_the_system_trusts(self):
        with self.server() as server:
            self.load(server, environment={"SSL_CERT_FILE": str(self.authority.file)})

    def test_nobody_else(self):
        other = Authority(self.folder, "other")
        late = self.authority.sign("late", days=-1)
        for context, authority, said in (
                (self.context(), (), "unable to get local issuer certificate"),
                (self.context(), ("--ca-file", other.file), "unable to get local issuer"),
                (self.context(*late), ("--ca-file", self.authority.file), "certificate has expired")):
            with self.subTest(said), self.server(context=context) as server:
                error = self.load(server, *authority, code=FAILED)
                self.assertIn("the server's certificate is not trusted: " + said, error)
                self.assertIn("--ca-file", error)
                self.assertEqual(server.requests, [])
                report = self.load(server, "--insecure")
                self.assertEqual(report["requests"]["succeeded"], 8)

    def test_not_for_another_name(self):
        for address, name, said in (("127.0.0.1", "DNS:elsewhere.test", "IP address mismatch"),
                                    ("localhost", "DNS:elsewhere.test", "hostname mismatch"),
                                    ("localhost", "DNS:l*.localhost", "hostname mismatch")):
            certificate, key = self.folder / "named.crt", self.folder / "named.key"
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext",
                    f"subjectAltName={name}")
            with self.subTest(name), self.server(context=self.context(certificate, key)) as server:
                server.url = server.url.replace("127.0.0.1", address)
                error = self.load(server, "--ca-file", certificate, code=FAILED)
                self.assertIn(said, error)

    def test_tls_1_2_but_nothing_older(self):
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.server(context=context) as server:
            self.load(server, "--ca-file", self.authority.file)
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.server(context=context) as server:
            error = self.load(server, "--insecure", code=FAILED)
        self.assertIn("no TLS: ", error)


class ProvesWhoItIs(LoadTlsTest):
    def demanding(self):
        context = self.context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.authority.file)
        return context

    def test_with_a_certificate(self):
        certificate, key = self.authority.sign("client")
        together = self.folder / "together.pem"
        together.write_bytes(certificate.read_bytes() + key.read_bytes())
        for own in (("--cert-file", certificate, "--key-file", key), ("-E", together)):
            with self.subTest(own), self.server(context=self.demanding()) as server:
                self.load(server, "--ca-file", self.authority.file, *own)
                self.assertEqual(len(server.requests), 8)

    def test_without_one_it_is_told(self):
        for low in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.demanding()
            context.minimum_version = context.maximum_version = low
            with self.subTest(low), self.server(context=context) as server:
                error = self.load(server, "--ca-file", self.authority.file, code=FAILED)
                self.assertRegex(error, "certificate required|handshake failure")

    def test_files_that_are_none(self):
        certificate, key = self.authority.sign("client")
        _, other_key = self.authority.sign("other-client")
        locked = self.folder / "locked.key"
        openssl("ec", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked)
        none = self.folder / "none"
        (text := self.folder / "text").write_text("no PEM")
        with self.server() as server:
            for arguments, said in (
                    (("--ca-file", none), f"--ca-file: cannot read '{none}': No such file"),
                    (("--ca-file", text), f"--ca-file: '{text}' holds no certificate"),
                    (("--cert-file", text), f"--cert-file: '{text}' holds no certificate"),
                    (("--cert-file", certificate), "--cert-file: '.*' holds no private key"),
                    (("--cert-file", certificate, "--key-file", none), "--key-file: cannot read"),
                    (("--cert-file", certificate, "--key-file", other_key), "--key-file: .*of that"),
                    (("--cert-file", certificate, "--key-file", locked), "without a passphrase")):
                with self.subTest(arguments):
                    self.assertRegex(self.load(server, *arguments, code=FAILED), said)
        self.assertEqual(server.connections, 0)


class Connections(LoadTlsTest):
    def test_each_request_shakes_hands_where_connections_are_closed(self):
        # Quietly: without TLS's own end, as many servers do.
        with self.server(lambda _: Answer(tokens=3, close=True)) as server:
            report = self.load(server, "--ca-file", self.authority.file)
        opened = report["connections"]
        self.assertEqual((report["requests"]["failed"], opened["opened"]), (0, 8))
        self.assertEqual(opened["tls_handshake_ms"]["count"], 8)

    def test_warm_up_opens_what_is_measured(self):
        with self.server() as server:
            result = self.load(server, "--ca-file", self.authority.file, warmup=4)
        self.assertEqual(result["connections"]["tls_handshake_ms"]["count"], 2)

    def test_a_cut_inside_an_answer_is_a_failure(self):
        with self.server(lambda n: Answer(tokens=3, cut_after=2 if n else None)) as server:
            report = self.load(server, "--ca-file", self.authority.file)
        self.assertEqual({one["kind"]: one["count"] for one in report["failures"]},
                         {"disconnected": 7})

    def test_who_speaks_no_tls_and_who_does(self):
        with ScriptedServer(QUICK) as server:
            plain, server.url = server.url, server.url.replace("http://", "https://")
            self.assertIn("no TLS: wrong version number", self.load(server, code=FAILED))
            for option in (("--insecure",), ("--ca-file", self.authority.file)):
                server.url = plain
                self.assertIn("are for https://", self.load(server, *option, code=USAGE))
            server.url = plain
            self.assertNotIn("p50", self.load(server)["connections"]["tls_handshake_ms"])

    def test_the_table_shows_both_parts(self):
        with self.server() as server:
            result = run("load", "--url", server.url, "--endpoint", CHAT, "--count", 4, "--ca-file",
                         self.authority.file)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertRegex(result.stdout, r"connections +\d+ opened")
        self.assertRegex(result.stdout, r"\nconnect +\d+\.\d\d .*\ntls_handshake +\d+\.\d\d ")


class UnixSocket(LoadTlsTest):
    def test_in_the_place_of_host_and_port(self):
        path = self.folder / "socket"
        with UnixScriptedServer(QUICK, path) as server:
            report = self.load(server, "--unix-socket", path)
            self.assertEqual(report["requests"]["succeeded"], 8)
            self.assertEqual({headers["Host"] for _, headers, _ in server.requests}, {"localhost"})
        self.assertEqual(report["connections"]["opened"], 2)

    def test_where_there_is_none(self):
        for path, said in ((self.folder / "missing", "No such file or directory"),
                           ("x" * 200, "at most 107 bytes")):
            result = run("load", "--unix-socket", path, "--count", 1)
            self.assertEqual(result.returncode, FAILED)
            self.assertIn(said, result.stderr)


if __name__ == "__main__":
    unittest.main()
