"""Bytes to a server and its answers, for clients that no library would be: half a request, two in one,
a byte at a time."""

import contextlib
import http.client
import socket
import sqlite3
import time

ENDED = "ended"  # in the place of a status: the connection ended without another answer
PATIENCE_SECONDS = 120  # a limit that only finds what never comes


class Wire:
    """One connection; a context manager."""

    def __init__(self, port, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *pieces):
        """As far as the server takes them: it may refuse and end in the middle."""
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self.socket.sendall(piece)

    def end_sending(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends with a reset instead of a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def answer(self, method="GET"):
        """(status, headers, body) of the next answer, (ENDED, {}, b"") without one."""
        try:
            line = self.file.readline(65536)
            if not line:
                return ENDED, {}, b""
            status = int(line.split(b" ", 2)[1])
            headers = http.client.parse_headers(self.file)
            return status, headers, self._body(status, headers, method)
        except ConnectionError:
            return ENDED, {}, b""

    def _body(self, status, headers, method):
        if method == "HEAD" or status < 200 or status in (204, 304):
            return b""
        if headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
            return body
        if "Content-Length" in headers:
            return self.file.read(int(headers["Content-Length"]))
        return self.file.read()

    def rest(self):
        """All that comes until the connection ends."""
        try:
            return self.file.read()
        except ConnectionError:
            return b""


def eventually(condition):
    """The first true value of condition()."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "what was waited for does not come"
        time.sleep(0.01)
    return value


def archived(path):
    """{request id: (status, total, sum of its stages and what is unattributed)} in an archive."""
    with contextlib.closing(sqlite3.connect(path)) as rows:
        return {id: times for id, *times in rows.execute(
            "SELECT request_id, status, total_us, http_read_us + parse_us + tasks_us + tokenize_us"
            " + serialize_us + http_write_us + unattributed_us FROM requests")}
