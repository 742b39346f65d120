"""A small HTTP client on asyncio: connections that are kept, answers read as they come, and clients that leave."""

import asyncio
import time

IDLE_MAX_S = 30  # a server closes idle connections after 75 s: none is used just when it does
ANSWER_MAX_S = 120


class NoAnswer(Exception):
    """The connection ended, or time was over, before the answer did."""


class Answer:
    def __init__(self, status, headers):
        self.status = status
        self.headers = headers  # by lower-case name
        self.body = b""


class Client:
    """Requests to one server. Connections that are not in use are kept for the next request."""

    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port
        self._idle = []  # (reader, writer, since)

    async def _connection(self, new):
        while self._idle and not new:
            reader, writer, since = self._idle.pop()
            if time.monotonic() - since < IDLE_MAX_S and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.host, self.port, limit=1 << 20)

    def close(self):
        for _, writer, _ in self._idle:
            writer.close()
        self._idle.clear()

    async def ask(self, request, on_head=None, leave=None):
        """The answer to the bytes of a request; None if the client left before its end.

        `leave`: seconds after which it does so, or "first": as soon as something of the body is there.
        """
        new = leave is not None or request.closes
        reader, writer = await self._connection(new)
        keep = False
        try:
            for i, part in enumerate(request.parts):
                if i:
                    await asyncio.sleep(request.pause_s)
                writer.write(part)
                await writer.drain()
            if isinstance(leave, float):
                try:
                    return await asyncio.wait_for(self._read(reader, on_head, False), leave)
                except asyncio.TimeoutError:
                    return None
            answer = await asyncio.wait_for(self._read(reader, on_head, leave == "first"), ANSWER_MAX_S)
            if leave == "first":
                return None
            keep = not new and answer.headers.get("connection") != "close"
            return answer
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.LimitOverrunError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        finally:
            if keep:
                self._idle.append((reader, writer, time.monotonic()))
            else:
                writer.close()

    @staticmethod
    async def _read(reader, on_head, only_first):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        answer = Answer(int(head[0].split(" ")[1]), headers)
        if on_head:
            on_head(answer)
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while True:
                size = int(await reader.readuntil(b"\r\n"), 16)
                parts.append((await reader.readexactly(size + 2))[:-2])
                if size == 0 or only_first:
                    break
            answer.body = b"".join(parts)
        elif "content-length" in headers:
            answer.body = await reader.readexactly(int(headers["content-length"]))
        elif answer.status not in (204, 304):
            answer.body = await reader.read()
        return answer
