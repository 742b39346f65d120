import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { EventParser, readEvents } = await source("api/sse.ts");

function parsed(...pieces) {
  const events = [];
  const parser = new EventParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const stream =
  "\uFEFF: hello\r\nevent: sentiment\r\ndata: {\"a\":1}\r\n\r\n" + // a mark, a comment, CRLF
  "event:token\ndata:no space\n\n" +
  ": keep-alive\n\n" +
  "data: first\rdata:  second\rdata\rdata: \r\r" + // CR; several lines, two of them empty
  "id: 7\nretry: 100\nnonsense\nevent: only a name\n\n" + // no data: no event
  "data: 中文 😀\n\n" +
  "data: not whole";
const expected = [
  { event: "sentiment", data: '{"a":1}' },
  { event: "token", data: "no space" },
  { event: "message", data: "first\n second\n\n" },
  { event: "message", data: "中文 😀" },
];

test("events of a whole stream", () => assert.deepEqual(parsed(stream), expected));

test("pieces may be cut anywhere, also between CR and LF", () => {
  assert.deepEqual(parsed(...stream), expected);
  for (let at = 0; at <= stream.length; ++at) {
    assert.deepEqual(parsed(stream.slice(0, at), stream.slice(at)), expected, `cut at ${at}`);
  }
});

test("the name holds for one event", () => {
  assert.deepEqual(parsed("event: a\n\ndata: x\n\n"), [{ event: "message", data: "x" }]);
});

test("an empty piece changes nothing", () => {
  assert.deepEqual(parsed("data: a\r", "", "\n\r\n"), [{ event: "message", data: "a" }]);
});

test("bytes cut within a character, as a body brings them", async () => {
  const bytes = new TextEncoder().encode(stream.slice(1));
  for (const size of [1, 2, 3, 7]) {
    const events = [];
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at += size));
      },
    });
    await readEvents(body, (event) => events.push(event));
    assert.deepEqual(events, expected);
  }
});

test("what a listener throws ends the reading and frees the body", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
    cancel: () => {
      cancelled = true;
    },
  });
  await assert.rejects(readEvents(body, () => {
    throw new Error("enough");
  }), /enough/);
  assert.ok(cancelled);
});

test("an endless line is refused", () => {
  const parser = new EventParser(() => {});
  assert.throws(() => {
    for (let i = 0; i < 40; ++i) parser.push("x".repeat(1 << 20));
  }, /too long/);
  const events = new EventParser(() => {});
  assert.throws(() => {
    for (let i = 0; i < 40; ++i) events.push(`data: ${"x".repeat(1 << 20)}\n`);
  }, /too long/);
});
