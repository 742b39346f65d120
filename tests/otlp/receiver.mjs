// An OTLP/HTTP receiver that is as strict as the protocol's definition: messages are decoded with the
// code that the OpenTelemetry project generates from its .proto files.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { opentelemetry } = createRequire(import.meta.url)(
  './node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { trace, metrics } = opentelemetry.proto.collector;

const KINDS = {
  '/v1/traces': trace.v1.ExportTraceServiceRequest,
  '/v1/metrics': metrics.v1.ExportMetricsServiceRequest,
};
const IDS = { traceId: 32, spanId: 16, parentSpanId: 16 };

// A copy in which ids have passed through `convert`.
function withIds(value, convert) {
  if (Array.isArray(value)) return value.map((one) => withIds(one, convert));
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(
    ([name, one]) => [name, name in IDS ? convert(one, IDS[name]) : withIds(one, convert)]));
}

function bytesOfHex(text, digits) {
  assert.match(text, new RegExp(`^[0-9a-f]{${digits}}$`));
  return Buffer.from(text, 'hex');
}

// Through the wire format and back: what the definition does not know, or knows as another type, does
// not come out as it went in.
export function decode(path, body) {
  const message = JSON.parse(body);
  const type = KINDS[path];
  const binary = type.encode(type.fromObject(withIds(message, bytesOfHex))).finish();
  const back = type.toObject(type.decode(binary), { longs: String, enums: Number });
  assert.deepEqual(withIds(back, (bytes) => Buffer.from(bytes).toString('hex')), message);
  return message;
}

export class Receiver {
  posts = [];    // {path, headers, body, message}
  answers = [];  // {status, headers, body} for the next posts of `/v1/traces`; then 200

  static async start() {
    const receiver = new Receiver();
    receiver.server = createServer((request, response) => receiver.#take(request, response));
    await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.server.unref();  // the tests end with their last one
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
    return receiver;
  }
  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #take(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const post = { path: request.url, headers: request.headers, body };
    this.posts.push(post);
    const answer = (request.url === '/v1/traces' && this.answers.shift()) || {};
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(answer.body ?? '{}');
  }

  at(path) {
    return this.posts.filter((post) => post.path === path);
  }
  // All messages of the path, checked.
  messages(path) {
    return this.at(path).map((post) => decode(path, post.body));
  }
  spans() {
    return this.messages('/v1/traces').flatMap(
      (message) => message.resourceSpans[0].scopeSpans[0].spans);
  }
  async until(condition, what) {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const value = condition();
      if (value) return value;
      assert.ok(Date.now() < deadline, `timed out: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

// {name: value} of OTLP's attributes; 64-bit integers become numbers.
export function attributesOf(object) {
  return Object.fromEntries((object.attributes ?? []).map(({ key, value }) => {
    const [[kind, inner]] = Object.entries(value);
    if (kind === 'intValue') return [key, Number(inner)];
    return [key, kind === 'arrayValue' ? inner.values.map((one) => Object.values(one)[0]) : inner];
  }));
}
