"""API keys with the real program: made and revoked by `qaio keys`, asked for by `qaio serve` on every
route, and known in records, log, archive and metrics. What each claim of docs/security.md rests on."""

import concurrent.futures
import csv
import hashlib
import http.client
import io
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import time
import unittest

from program import FAILED, OK, ProgramTest, QAIO, ROOT, Server, USAGE, run

CHAT = {"messages": [{"role": "user", "content": "你好"}], "max_tokens": 4, "ignore_eos": True}
KEY = re.compile(r"\Aqaio_([0-9a-z]{8})_[A-Za-z0-9_-]{43}\n\Z")
PUBLIC = {"/", "/assets/{name}", "/health", "/health/live", "/health/ready"}


def routes():
    """The table of docs/security.md, which route_scopes_test.cpp compares with the routers: method,
    route and scope."""
    text = (ROOT / "docs/security.md").read_text()
    return re.findall(r"^\| `(GET|POST) (/\S*)` \| (\w+) \|$", text, re.M)


def create(file, name, *more):
    result = run("keys", "create", "--api-key-file", file, "--name", name, *more)
    assert result.returncode == OK, result.stderr
    assert KEY.match(result.stdout), result.stdout
    return result.stdout.strip()


def ask(server, path, key=None, method="GET", body=None, headers=None):
    """(status, headers, body) of one request on a connection of its own."""
    headers = dict(headers or {})
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    data = json.dumps(body) if body is not None else None
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        endless = path == "/live/events" and response.status == 200
        return response.status, response.headers, response.readline() if endless else response.read()
    finally:
        connection.close()


def eventually(value):
    """What is true soon: a request is counted as soon as its answer is written, which its client may
    have read by then."""
    for _ in range(600):
        if found := value():
            return found
        time.sleep(0.02)
    raise AssertionError("not in time")


def chat(server, key=None, **more):
    return ask(server, "/v1/chat/completions", key, "POST", {**CHAT, **more})


def code_of(answer):
    return json.loads(answer[2])["error"]["code"]


def reload(server, said):
    """SIGHUP; the line of the log that says so."""
    before = len(server.lines)
    server.process.send_signal(signal.SIGHUP)
    for _ in range(600):
        for line in list(server.lines[before:]):
            if re.search(said, line):
                return line
        time.sleep(0.05)
    raise AssertionError("no such line: " + "".join(server.lines[before:]))


class Commands(ProgramTest):
    def setUp(self):
        self.file = self.folder / f"{self.id().split('.')[-1]}.toml"

    def keys(self, action, *arguments, **options):
        return run("keys", action, "--api-key-file", self.file, *arguments, **options)

    def list(self):
        return json.loads(self.keys("list", "--json").stdout)["keys"]

    def test_a_time_that_is_empty_is_no_key_without_an_end(self):
        made = self.keys("create", "--name", "app", "--expires", "")
        self.assertEqual((made.returncode, made.stdout), (USAGE, ""))
        self.assertIn("--expires: '' is no time", made.stderr)
        self.assertFalse(self.file.exists())

    def test_a_key_is_shown_once_and_only_its_hash_is_kept(self):
        made = self.keys("create", "--name", "app", "--scope", "run,read", "--expires", "30d",
                         "--requests-max", 2, "--requests-per-minute", 60, "--tokens-per-minute", 9000)
        self.assertEqual(made.returncode, OK)
        self.assertRegex(made.stdout, KEY)
        self.assertIn("shown this once", made.stderr)
        self.assertNotIn(made.stdout.strip(), made.stderr)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        text = self.file.read_text()
        self.assertNotIn(made.stdout.strip()[14:], text)
        self.assertIn(hashlib.sha256(made.stdout.strip().encode()).hexdigest(), text)
        listed = self.keys("list")
        self.assertEqual((listed.returncode, listed.stderr), (OK, ""))
        self.assertRegex(listed.stdout, r"app +[0-9a-z]{8} +run,read +20\d\d-.* UTC +20\d\d-.* UTC +"
                                        r"2 at once, 60 requests/min, 9000 tokens/min\n")
        [key] = json.loads(self.keys("list", "--json").stdout)["keys"]
        self.assertEqual(key["id"], KEY.match(made.stdout)[1])
        self.assertEqual((key["scopes"], key["expired"]), (["run", "read"], False))
        self.assertEqual(key["limits"], {"requests_max": 2, "requests_per_minute": 60,
                                         "tokens_per_minute": 9000})
        for shown in (listed.stdout, json.dumps(key)):
            self.assertNotIn("sha256", shown)

    def test_revoked_by_name_or_id(self):
        ids = {name: create(self.file, name)[5:13] for name in ("a", "b", "c")}
        with open(self.file, "a", encoding="utf-8") as out:
            out.write("# kept\n")
        revoked = self.keys("revoke", "a", ids["b"])
        self.assertEqual(revoked.returncode, OK)
        self.assertEqual(revoked.stdout, f"revoked a ({ids['a']})\nrevoked b ({ids['b']})\n")
        self.assertEqual([key["name"] for key in json.loads(self.keys("list", "--json").stdout)["keys"]],
                         ["c"])
        self.assertIn("# kept\n", self.file.read_text())
        before = self.file.read_text()
        unknown = self.keys("revoke", "c", "nobody")
        self.assertEqual(unknown.returncode, FAILED)
        self.assertIn("no key has the name or id 'nobody'", unknown.stderr)
        self.assertEqual(self.file.read_text(), before, "all of them or none")

    def test_wrong_wishes_change_nothing(self):
        file = ("keys", "create", "--api-key-file", self.file, "--name")
        for arguments, message in (
                (("a b",), "'a b' is no name of a key"),
                (("",), "'' is no name of a key"),
                (("a", "--scope", "all"), "'all' is no scope: run, read, metrics or admin"),
                (("a", "--requests-max", "0"), "--requests-max"),
                (("a", "--requests-max", "-1"), "--requests-max"),
                (("a", "--expires", "2020-01-31"), "--expires: '2020-01-31' is in the past")):
            self.assertIn(message, self.fails(USAGE, *file, *arguments))
        for expires in ("soon", "30", "0s", "1h ago", "2027-02-30", "10001d", "9999-01-01"):
            said = self.fails(USAGE, *file, "a", "--expires", expires)
            self.assertIn(f"--expires: '{expires}' is no end of a key; write 30d or 12h (at most 10000d)", said)
            self.assertIn("(at most in 9998)", said)
        self.assertFalse(self.file.exists())
        self.assertIn("No such file", self.fails(FAILED, "keys", "list", "--api-key-file", self.file))
        self.assertIn("--api-key-file", self.fails(USAGE, "keys", "list"))
        self.assertIn("subcommand", self.fails(USAGE, "keys"))
        create(self.file, "a")
        self.assertIn("there is a key 'a'", self.fails(FAILED, *file, "a"))
        [key] = self.list()
        self.assertIn("there is a key 'a'", self.fails(FAILED, *file, key["id"]))
        self.file.write_text("[[key]]\nname = 'a'\n")
        self.assertIn(f"{self.file} line 1: key 'a' needs an 'id'", self.fails(FAILED, *file, "b"))
        self.assertIn(f"{self.file} line 1: key 'a' needs an 'id'",
                      self.fails(FAILED, "serve", "--port", 0, "--api-key-file", self.file))

    def test_times_far_away(self):
        create(self.file, "days", "--expires", "10000d")
        create(self.file, "date", "--expires", "9998-12-31T23:59:59Z")
        self.assertEqual(self.list()[1]["expires"][:19], "9998-12-31T23:59:59")

    def test_a_key_that_cannot_be_shown_is_revoked_again(self):
        create(self.file, "before")
        reader, closed = os.pipe()
        os.close(reader)
        full = os.open("/dev/full", os.O_WRONLY)
        for out, why in ((full, "No space left on device"), (closed, "Broken pipe")):
            made = subprocess.run([QAIO, "keys", "create", "--name", "a", "--api-key-file", self.file],
                                  stdout=out, stderr=subprocess.PIPE, text=True, timeout=60)
            os.close(out)
            self.assertEqual((made.returncode, made.stderr), (
                FAILED, f"qaio: standard output: cannot write: {why}; the key 'a' is revoked again\n"))
            self.assertEqual([key["name"] for key in self.list()], ["before"])

    def test_a_file_that_cannot_be_written_is_not_there(self):
        made = subprocess.run(["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", QAIO, "keys", "create",
                               "--name", "a", "--api-key-file", self.file],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((made.returncode, made.stdout), (FAILED, ""))
        self.assertIn(f"{self.file}: cannot write: File too large", made.stderr)
        self.assertFalse(self.file.exists())

    def test_many_at_once_lose_no_key(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: create(self.file, f"k{i}"), range(16)))
        names = {key["name"] for key in json.loads(self.keys("list", "--json").stdout)["keys"]}
        self.assertEqual(names, {f"k{i}" for i in range(16)})
        self.assertEqual([path.name for path in self.folder.glob(self.file.name + "*")],
                         [self.file.name])

    def test_the_file_may_come_from_the_environment(self):
        made = run("keys", "create", "--name", "a", environment={"QAIO_API_KEY_FILE": str(self.file)})
        self.assertEqual(made.returncode, OK)
        self.assertTrue(self.file.exists())

    def test_a_server_that_is_to_have_keys_does_not_run_without(self):
        self.assertIn("`qaio keys create --name NAME --api-key-file",
                      self.fails(FAILED, "serve", "--port", 0, "--api-key-file", self.file))


class Doors(ProgramTest):
    """A server that asks for keys: who gets in where."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = cls.folder / "keys.toml"
        cls.keys = {name: create(cls.file, name, "--scope", name)
                    for name in ("run", "read", "metrics", "admin")}
        cls.archive = cls.folder / "qaio.db"
        cls.server = cls.enterClassContext(Server(
            "--api-key-file", cls.file, "--archive", cls.archive, "--record-text",
            "--cors-origin", "https://app.example"))

    def asked(self, method, route, key=None):
        path = route.replace("{name}", "x").replace("{id}", "x")
        return ask(self.server, path, key, method, {} if method == "POST" else None)

    def test_every_route_has_a_row(self):
        self.assertGreater(len(routes()), 20)
        self.assertEqual({route for _, route, scope in routes() if scope == "public"}, PUBLIC)

    def test_without_a_key_only_health_and_the_page_answer(self):
        for method, route, scope in routes():
            status, headers, body = self.asked(method, route)
            with self.subTest(route=route):
                if scope == "public":
                    self.assertNotIn(status, (401, 403))
                    continue
                self.assertEqual(status, 401)
                self.assertEqual(headers["WWW-Authenticate"], 'Bearer realm="qaio"')
                error = json.loads(body)["error"]
                self.assertEqual((error["code"], error["type"]),
                                 ("missing_api_key", "authentication_error"))
        for method, path in (("GET", "/nothing"), ("DELETE", "/requests"), ("POST", "/metrics"),
                             ("GET", "/v1/chat/completions"), ("POST", "/health"), ("HEAD", "/stats"),
                             ("GET", "/health/x"), ("GET", "//health"), ("GET", "/health/"),
                             ("GET", "/%68ealth"), ("GET", "/assets/"), ("GET", "/assets/a/b"),
                             ("POST", "/assets/x"), ("OPTIONSS", "/chat"), ("GET", "http://localhost/keys")):
            self.assertEqual(ask(self.server, path, None, method)[0], 401, (method, path))

    def test_each_scope_opens_its_routes_alone(self):
        for method, route, scope in routes():
            for name, key in self.keys.items():
                answer = self.asked(method, route, key)
                with self.subTest(route=route, key=name):
                    if scope in ("public", name) or name == "admin":
                        self.assertNotEqual(answer[0], 401)
                        if answer[0] == 403:  # client times have one of their own
                            self.assertEqual(code_of(answer), "not_yours")
                    else:
                        self.assertEqual((answer[0], code_of(answer)), (403, "missing_scope"))
                        self.assertIn(f"needs the scope '{scope}'", json.loads(answer[2])["error"]["message"])
        for key in self.keys.values():
            self.assertEqual(ask(self.server, "/nothing", key)[0], 404)
            self.assertEqual(ask(self.server, "/metrics", key, "POST")[0], 405)
            self.assertEqual(ask(self.server, "/metrics", key, "HEAD")[0],
                             200 if key in (self.keys["metrics"], self.keys["admin"]) else 403)

    def test_a_key_comes_in_one_of_two_headers(self):
        key, other = self.keys["read"], self.keys["admin"]
        for headers, status in (
                ({"Authorization": f"Bearer {key}"}, 200),
                ({"authorization": f"bearer   {key}"}, 200),
                ({"x-api-key": key}, 200),
                ({"X-API-Key": key, "Authorization": "Basic dTpw"}, 200),
                ({"x-api-key": key, "Authorization": f"Bearer {key}"}, 200),
                ({"x-api-key": key, "Authorization": f"Bearer {other}"}, 401),
                ({"api-key": key}, 401), ({"Authorization": key}, 401),
                ({"Authorization": f"Basic {key}"}, 401), ({"Authorization": "Bearer "}, 401),
                ({"Authorization": f"Bearer {key},"}, 401), ({"Authorization": f"Bearer {key} x"}, 401),
                ({"Cookie": f"key={key}"}, 401), ({"x-api-key": key[:-1]}, 401),
                ({"x-api-key": key + "A"}, 401), ({"x-api-key": "x" * 8000}, 401),
                ({"x-api-key": key.replace("qaio_", "QAIO_")}, 401)):
            self.assertEqual(ask(self.server, "/stats", None, headers=headers)[0], status, headers)
        for query in (f"api_key={key}", f"key={key}", f"access_token={key}"):
            self.assertEqual(ask(self.server, f"/stats?{query}")[0], 401, "never in the query")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.putrequest("GET", "/stats")
        connection.putheader("Authorization", f"Bearer {key}")
        connection.putheader("Authorization", f"Bearer {key}")
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 401, "twice")
        connection.close()

    def test_a_secret_of_another_key_opens_nothing(self):
        run_key, admin = self.keys["run"], self.keys["admin"]
        for wrong in (admin[:13] + run_key[13:], run_key[:13] + admin[13:], "qaio_" + "0" * 8 + admin[13:]):
            answer = ask(self.server, "/keys", wrong)
            self.assertEqual((answer[0], code_of(answer)), (401, "invalid_api_key"))

    def test_the_body_is_not_waited_for(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.putrequest("POST", "/chat")
        connection.putheader("Content-Length", "1000000")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()  # and nothing more
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Connection"]), (401, "close"))
        connection.close()

    def test_a_refusal_without_a_body_keeps_the_connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for _ in range(3):
            connection.request("GET", "/stats")
            response = connection.getresponse()
            response.read()
            self.assertEqual((response.status, response.headers["Connection"]), (401, "keep-alive"))
        connection.close()

    def test_other_hosts_and_origins_stay_refused(self):
        key = self.keys["admin"]
        for headers, code in (({"Host": "evil.example"}, "host_not_allowed"),
                              ({"Origin": "https://evil.example"}, "origin_not_allowed"),
                              ({"Sec-Fetch-Site": "cross-site"}, "origin_not_allowed")):
            for sent in (key, None):
                answer = ask(self.server, "/stats", sent, headers=headers)
                self.assertEqual((answer[0], code_of(answer)), (403, code))

    def test_a_page_of_another_site_asks_first_without_a_key(self):
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "authorization,content-type,x-api-key"}
        status, headers, _ = ask(self.server, "/chat", None, "OPTIONS", headers=asked)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (200, "https://app.example"))
        self.assertIn("Authorization", headers["Access-Control-Allow-Headers"])
        origin = {"Origin": "https://app.example"}
        status, headers, _ = ask(self.server, "/stats", None, headers=origin)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (401, "https://app.example"))
        self.assertEqual(ask(self.server, "/stats", self.keys["read"], headers=origin)[0], 200)
        self.assertEqual(ask(self.server, "/chat", None, "OPTIONS",
                             headers={"Origin": "https://evil.example"})[0], 403)

    def test_records_name_the_key_and_nothing_keeps_its_text(self):
        self.assertEqual(chat(self.server, self.keys["run"])[0], 200)
        self.assertEqual(chat(self.server, "qaio_strangers_" + "A" * 43)[0], 401)
        ask(self.server, "/secret/of/a/stranger", None, "POST", {})
        ask(self.server, "/chat", self.keys["read"], "POST", {})
        read = self.keys["read"]
        listing = lambda: json.loads(ask(self.server, "/requests?limit=1000", read)[2])["requests"]
        wanted = {("run", 200), (None, 401), ("read", 403)}
        eventually(lambda: wanted <= {(one["api_key"], one["status"]) for one in listing()})
        listed = listing()
        of_run = json.loads(ask(self.server, "/requests?key=run", read)[2])["requests"]
        self.assertTrue(of_run and all(one["api_key"] == "run" for one in of_run))
        self.assertEqual(json.loads(ask(self.server, "/requests?key=nobody", read)[2])["requests"], [])
        self.assertEqual(ask(self.server, "/requests?key=", read)[0], 400)
        table = ask(self.server, "/requests?format=csv&key=run", read)[2].decode()
        self.assertEqual({row["api_key"] for row in csv.DictReader(io.StringIO(table))}, {"run"})
        self.assertIn("/*/*/*/*", {one["path"] for one in listed}, "of a stranger, with --record-text too")
        with sqlite3.connect(self.archive) as database:
            rows = database.execute("SELECT api_key, count(*) FROM requests GROUP BY api_key").fetchall()
        self.assertIn("run", {name for name, _ in rows})
        eventually(lambda: any(" key=run\n" in line for line in self.server.lines))
        exported = run("export", self.archive, "--format", "jsonl").stdout
        self.assertIn('"api_key":"run"', exported)
        everything = "".join(self.server.lines) + exported + json.dumps(listed)
        everything += "".join(path.read_bytes().decode(errors="replace")
                              for path in self.folder.glob("qaio.db*"))
        for key in [*self.keys.values(), "qaio_strangers_"]:
            self.assertNotIn(key[14:] if len(key) > 20 else key, everything)
        self.assertNotIn("stranger", everything)

    def test_keys_shows_what_they_are_for_and_took_and_no_secret(self):
        chat(self.server, self.keys["run"])
        eventually(lambda: json.loads(ask(self.server, "/keys", self.keys["admin"])[2])["keys"][0]["use"][
            "requests"]["answered"])
        status, _, body = ask(self.server, "/keys", self.keys["admin"])
        answer = json.loads(body)
        self.assertEqual((status, answer["required"]), (200, True))
        self.assertEqual([key["name"] for key in answer["keys"]], ["run", "read", "metrics", "admin"])
        of_run = answer["keys"][0]
        self.assertEqual((of_run["scopes"], of_run["id"]), (["run"], self.keys["run"][5:13]))
        self.assertGreaterEqual(of_run["use"]["requests"]["answered"], 1)
        self.assertGreaterEqual(of_run["use"]["completion_tokens"], 4)
        self.assertNotIn(b"sha256", body)
        for key in self.keys.values():
            self.assertNotIn(hashlib.sha256(key.encode()).hexdigest().encode(), body)
            self.assertNotIn(key[14:].encode(), body)

    def test_metrics_have_a_series_for_each_key_and_none_for_strangers(self):
        chat(self.server, self.keys["run"])
        for stranger in range(20):
            ask(self.server, "/stats", f"qaio_{stranger:08}_{'A' * 43}")
        eventually(lambda: re.search(
            r'requests_total\{api_key="run",outcome="answered"\} [1-9]',
            ask(self.server, "/metrics", self.keys["metrics"])[2].decode()))
        text = ask(self.server, "/metrics", self.keys["metrics"])[2].decode()
        names = set(re.findall(r'api_key="([^"]*)"', text))
        self.assertEqual(names, set(self.keys))
        value = lambda series: float(re.search("^" + re.escape(series) + r" (\S+)$", text, re.M)[1])
        self.assertGreaterEqual(value('qaio_api_key_requests_total{api_key="run",outcome="answered"}'), 1)
        self.assertGreaterEqual(value('qaio_api_key_generated_tokens_total{api_key="run"}'), 4)
        self.assertGreaterEqual(value('qaio_unauthorized_requests_total{reason="invalid"}'), 20)
        self.assertEqual(value("qaio_api_keys"), 4)


class Limits(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        file = cls.folder / "keys.toml"
        cls.rate = create(file, "rate", "--requests-per-minute", 3)
        cls.tokens = create(file, "tokens", "--scope", "run,read", "--tokens-per-minute", 50)
        cls.one = create(file, "one", "--scope", "run,read", "--requests-max", 1)
        cls.free = create(file, "free", "--scope", "run,metrics")
        cls.server = cls.enterClassContext(Server("--api-key-file", file))

    def test_requests_of_a_minute(self):
        answers = [ask(self.server, "/v1/models", self.rate) for _ in range(5)]
        self.assertEqual([answer[0] for answer in answers][:3], [200, 200, 200])
        refused = answers[-1]
        self.assertEqual((refused[0], code_of(refused)), (429, "key_rate_limit"))
        self.assertTrue(1 <= int(refused[1]["Retry-After"]) <= 20, refused[1]["Retry-After"])
        self.assertTrue(0 < int(refused[1]["Retry-After-Ms"]) <= 20_000)
        self.assertIn("3 requests a minute", json.loads(refused[2])["error"]["message"])
        self.assertEqual(ask(self.server, "/v1/models", self.free)[0], 200, "another key has its own")

    def test_tokens_of_a_minute(self):
        used = 0
        for _ in range(60):
            answer = chat(self.server, self.tokens, max_tokens=20)
            if answer[0] != 200:
                break
            used += json.loads(answer[2])["usage"]["total_tokens"]
        self.assertEqual((answer[0], code_of(answer)), (429, "key_rate_limit"))
        self.assertGreaterEqual(used, 50)
        self.assertIn("50 tokens a minute", json.loads(answer[2])["error"]["message"])
        self.assertGreaterEqual(int(answer[1]["Retry-After"]), 1)
        self.assertEqual(ask(self.server, "/stats", self.tokens)[0], 200, "looking takes none")

    def test_tokens_of_a_stream_count_before_its_end_is_told(self):
        file = self.folder / "stream.toml"
        key = create(file, "s", "--tokens-per-minute", 1)
        with Server("--api-key-file", file) as server:
            status, _, body = chat(server, key, stream=True)
            self.assertEqual(status, 200)
            self.assertIn(b"[DONE]", body)
            self.assertEqual(chat(server, key)[0], 429)

    def test_requests_at_once(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/v1/chat/completions",
                           json.dumps({**CHAT, "max_tokens": 2000, "stream": True}),
                           {"Authorization": f"Bearer {self.one}"})
        response = connection.getresponse()
        response.read(10)
        refused = chat(self.server, self.one)
        self.assertEqual((refused[0], code_of(refused)), (429, "key_requests_max"))
        self.assertGreaterEqual(int(refused[1]["Retry-After"]), 1)
        self.assertEqual(ask(self.server, "/stats", self.one)[0], 200)
        text = ask(self.server, "/metrics", self.free)[2].decode()
        self.assertIn('qaio_api_key_requests_running{api_key="one"} 1', text)
        self.assertRegex(text, r'qaio_api_key_refusals_total\{api_key="one",reason="requests_max"\} [1-9]')
        response.close()
        connection.close()  # the place is another's when the client has left
        eventually(lambda: chat(self.server, self.one)[0] == 200)
        for _ in range(10):  # one after the other never meet the limit
            self.assertEqual(chat(self.server, self.one)[0], 200)


class Reload(ProgramTest):
    def setUp(self):
        self.file = self.folder / f"{self.id().split('.')[-1]}.toml"

    def test_keys_come_and_go_while_the_server_runs(self):
        kept = create(self.file, "kept", "--scope", "admin", "--requests-per-minute", 1000)
        gone = create(self.file, "gone")
        with Server("--api-key-file", self.file) as server:
            self.assertEqual(chat(server, gone)[0], 200)
            uses = lambda place: json.loads(ask(server, "/keys", kept)[2])["keys"][place]["use"]["requests"]
            eventually(lambda: uses(1)["answered"] == 1 and uses(0)["answered"])
            added = create(self.file, "added")
            self.assertEqual(run("keys", "revoke", "--api-key-file", self.file, "gone").returncode, OK)
            self.assertEqual(chat(server, gone)[0], 200, "until the server is told")
            self.assertEqual(code_of(chat(server, added)), "invalid_api_key")
            line = reload(server, "API keys: ")
            self.assertRegex(line, r"API keys: 2 in force \(1 new, 1 revoked, 0 changed\)")
            answer = chat(server, gone)
            self.assertEqual((answer[0], code_of(answer)), (401, "invalid_api_key"))
            self.assertEqual(chat(server, added)[0], 200)
            keys = json.loads(ask(server, "/keys", kept)[2])["keys"]
            self.assertEqual([key["name"] for key in keys], ["kept", "added"])
            self.assertGreaterEqual(keys[0]["use"]["requests"]["answered"], 1, "its counts go on")
            self.assertNotIn('api_key="gone"', ask(server, "/metrics", kept)[2].decode())

    def test_a_file_that_is_wrong_changes_nothing(self):
        key = create(self.file, "a")
        good = self.file.read_text()
        with Server("--api-key-file", self.file) as server:
            for text, said in (("[[key]]\nname = 1\n", r"line 2: key needs 1 to 64 letters.*stay in force"),
                               (good + "expire = 2027-01-01\n", "unknown key 'expire'.*stay in force"),
                               (None, "No such file.*stay in force")):
                self.file.unlink() if text is None else self.file.write_text(text)
                reload(server, said)
                self.assertEqual(chat(server, key)[0], 200)
            self.file.write_text("")
            reload(server, "0 in force")
            self.assertEqual(chat(server, key)[0], 401)
            self.assertEqual(ask(server, "/health/live")[0], 200)
            self.file.write_text(good)
            reload(server, "1 in force")
            self.assertEqual(chat(server, key)[0], 200)

    def test_a_key_ends_when_its_time_is_over(self):
        key = create(self.file, "brief", "--expires", "4s")
        create(self.file, "other")
        with Server("--api-key-file", self.file) as server:
            for _ in range(400):
                answer = chat(server, key)
                if answer[0] != 200:
                    break
                time.sleep(0.05)
            self.assertEqual((answer[0], code_of(answer)), (401, "expired_api_key"))
            self.assertIn("'brief' has expired", json.loads(answer[2])["error"]["message"])
        self.assertIn("(expired)", run("keys", "list", "--api-key-file", self.file).stdout)

    def test_a_stream_without_an_end_does_not_outlive_its_key(self):
        key = create(self.file, "watcher", "--scope", "read")
        create(self.file, "other")
        with Server("--api-key-file", self.file) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", "/live/events", headers={"Authorization": f"Bearer {key}"})
            response = connection.getresponse()
            self.assertIn(b"hello", response.readline())
            run("keys", "revoke", "--api-key-file", self.file, "watcher")
            reload(server, "1 revoked")
            response.read()  # ends
            connection.close()

    def test_what_runs_goes_on(self):
        key = create(self.file, "a")
        with Server("--api-key-file", self.file) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("POST", "/v1/chat/completions",
                               json.dumps({**CHAT, "max_tokens": 500, "stream": True}),
                               {"Authorization": f"Bearer {key}"})
            response = connection.getresponse()
            response.read(10)
            run("keys", "revoke", "--api-key-file", self.file, "a")
            reload(server, "1 revoked")
            self.assertEqual(chat(server, key)[0], 401)
            self.assertIn(b"[DONE]", response.read())
            connection.close()


class WithoutKeys(ProgramTest):
    def test_nothing_changes_for_who_asks_for_none(self):
        with Server() as server:
            self.assertEqual(chat(server, "sk-any-key-at-all")[0], 200)
            status, _, body = ask(server, "/keys")
            self.assertEqual((status, json.loads(body)), (200, {"required": False, "keys": []}))
            self.assertNotIn("api_key", ask(server, "/metrics")[2].decode())
            self.assertIn("goes on as it is", reload(server, "SIGHUP"))


if __name__ == "__main__":
    unittest.main()
