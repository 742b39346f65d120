"""An HTTP server whose answers a test decides: delays, refusals, cut and broken streams."""

import dataclasses
import http.server
import json
import socket
import socketserver
import ssl
import threading
import time


@dataclasses.dataclass
class Answer:
    """What one request gets. Times in seconds."""
    first: float = 0.0           # until the first token
    gap: float = 0.0             # between tokens
    tokens: int = 5
    usage: dict | None = None    # counts to send
    status: int = 200
    body: str = ""               # of a status other than 200, or instead of the stream
    content_type: str = "application/json"
    cut_after: int | None = None  # tokens; then the connection ends in the middle
    ends: bool = True            # False: the stream ends without its last event
    events: list | None = None   # raw events instead of tokens
    close: bool = False          # quietly closes the connection afterwards


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.gets.append((self.path, dict(self.headers)))
        known = self.path == "/v1/models" and self.server.models is not None
        self.whole(200 if known else 404,
                   json.dumps({"data": self.server.models} if known else {"error": "no"}))

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/tokenize"):
            return self.whole(404, "{}")
        with self.server.lock:
            number = self.server.count
            self.server.count += 1
            self.server.requests.append((self.path, dict(self.headers), json.loads(text)))
        answer = self.server.answer(number)
        self.close_connection = answer.close
        if answer.status != 200 or answer.body:
            time.sleep(answer.first)
            return self.whole(answer.status, answer.body, answer.content_type)
        self.stream(answer)

    def whole(self, status, body, content_type="application/json"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, answer):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        chat = self.path == "/chat"
        time.sleep(answer.first)
        if answer.events is not None:
            for event in answer.events:
                self.chunk(event)
        else:
            for number in range(answer.tokens):
                if number == answer.cut_after:
                    self.close_connection = True
                    return
                if number:
                    time.sleep(answer.gap)
                self.chunk(self.token_event(chat))
        if answer.ends:
            self.chunk(self.last_events(chat, answer.usage))
        self.wfile.write(b"0\r\n\r\n")

    def token_event(self, chat):
        if chat:
            return 'event: token\ndata: {"text": "x"}\n\n'
        if self.path.endswith("/chat/completions"):
            return 'data: {"choices": [{"delta": {"content": "x"}, "finish_reason": null}]}\n\n'
        return 'data: {"choices": [{"text": "x", "finish_reason": null}]}\n\n'

    def last_events(self, chat, usage):
        if chat:
            return f"event: done\ndata: {json.dumps({'usage': usage} if usage else {})}\n\n"
        text = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
        if usage:
            text += f'data: {json.dumps({"choices": [], "usage": usage})}\n\n'
        return text + "data: [DONE]\n\n"

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class ScriptedServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Request number n (from 0) gets `answer(n)`. A context manager; `.url` is where it is.

    `tls`: the ssl.SSLContext of its https://."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer, models=({"id": "scripted"},), tls=None, address=("127.0.0.1", 0),
                 handler=Handler):
        super().__init__(address, handler)
        self.tls = tls
        self.answer = answer
        self.models = models
        self.lock = threading.Lock()
        self.count = 0
        self.connections = 0
        self.requests = []  # (path, headers, body)
        self.gets = []
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_address[1]}"

    def get_request(self):
        client, address = super().get_request()
        if self.tls:  # the handshake is for the thread that answers
            client = self.tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def handle_error(self, *_):  # clients leave; that is what is tested
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class UnixHandler(Handler):
    disable_nagle_algorithm = False


class UnixScriptedServer(ScriptedServer):
    """The same on a Unix socket at `path`."""

    address_family = socket.AF_UNIX

    def __init__(self, answer, path):
        super().__init__(answer, address=str(path), handler=UnixHandler)
        self.url = "http://localhost"

    def server_bind(self):  # HTTPServer's looks for a host and a port
        socketserver.TCPServer.server_bind(self)
