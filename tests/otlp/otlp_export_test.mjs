// What a real `qaio serve` exports over OTLP.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';

import { attributesOf, decode, Receiver } from './receiver.mjs';
import { startServer } from './server.mjs';

const SERVER_KIND = 2;
const NAMES = new Set(Object.values(conventions).filter((value) => typeof value === 'string'));

const settings = {
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_METRIC_EXPORT_INTERVAL: '200',
  OTEL_SERVICE_NAME: 'a test',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=here%2C%20now',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret',
};

let receiver;
let server;

async function start(variables, ...options) {
  const all = { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...variables };
  Object.assign(process.env, all);
  try {
    return await startServer(...options);
  } finally {
    for (const name of Object.keys(all)) delete process.env[name];
  }
}

async function post(path, body, headers = {}, to = server) {
  const response = await fetch(to.url + path, { method: 'POST', body: JSON.stringify(body), headers });
  return { response, body: await response.json() };
}

const get = async (path) => (await fetch(server.url + path)).json();

// The value of a counter in /metrics.
async function counter(name) {
  const text = await (await fetch(server.url + '/metrics')).text();
  const line = text.split('\n').find((one) => one.startsWith(name + ' '));
  return line ? Number(line.split(' ').at(-1)) : undefined;
}

function traceparent(flags = '01') {
  const traceId = randomBytes(16).toString('hex');
  const caller = randomBytes(8).toString('hex');
  return { traceId, caller, header: { traceparent: `00-${traceId}-${caller}-${flags}` } };
}

// The spans of a trace, once its request's span is there.
const spansOf = (traceId) => receiver.until(() => {
  const spans = receiver.spans().filter((span) => span.traceId === traceId);
  return spans.some((span) => span.kind === SERVER_KIND) && spans;
}, `spans of ${traceId}`);

const exported = (outcome) => counter(`qaio_otlp_spans_total{outcome="${outcome}"}`);

// What became of the spans so far, once the server knows it of all that arrived here.
async function settled() {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const counts = {};
    for (const outcome of ['exported', 'rejected', 'failed', 'dropped']) {
      counts[outcome] = await exported(outcome);
    }
    const bodies = new Set(receiver.at('/v1/traces').map(({ body }) => body));  // retries are the same
    const arrived = [...bodies].flatMap(
      (body) => decode('/v1/traces', body).resourceSpans[0].scopeSpans[0].spans).length;
    const ended = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (ended === arrived) return counts;
    assert.ok(Date.now() < deadline, `${ended} of ${arrived} spans came to an end`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function countIs(outcome, count) {
  const deadline = Date.now() + 60_000;
  while (await exported(outcome) !== count) {
    assert.ok(Date.now() < deadline, `${outcome}: ${await exported(outcome)} instead of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('one server', () => {
  before(async () => {
    receiver = await Receiver.start();
    server = await start({});
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  test('a request is a tree of spans in its caller\'s trace', async () => {
    const { traceId, caller, header } = traceparent();
    const { response, body } = await post('/chat', { input: '今天很开心', max_new_tokens: 8 },
                                          { ...header, tracestate: 'rojo=1,congo=2' });
    assert.equal(response.status, 200);
    const spans = await spansOf(traceId);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    assert.equal(byId.size, spans.length);
    const root = spans.find((span) => span.kind === SERVER_KIND);
    assert.equal(root.parentSpanId, caller);
    assert.equal(root.name, 'POST /chat');
    assert.equal(response.headers.get('traceresponse'), `00-${traceId}-${root.spanId}-01`);
    for (const span of spans) {
      assert.equal(span.traceState, 'rojo=1,congo=2');
      if (span === root) continue;
      const parent = byId.get(span.parentSpanId);
      assert.ok(parent, `${span.name} has no parent`);
      assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(parent.startTimeUnixNano), span.name);
      assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(parent.endTimeUnixNano), span.name);
    }
    const children = (span) => spans.filter((one) => one.parentSpanId === span.spanId);
    const tasks = children(root).find((span) => span.name === 'tasks');
    assert.deepEqual(children(tasks).map((span) => span.name).sort(), ['chat demo', 'classify demo']);
    assert.equal(attributesOf(root)['qaio.request.id'], body.request_id);
    assert.equal(attributesOf(root)['server.address'], '127.0.0.1');
    assert.equal(attributesOf(root)['server.port'], Number(new URL(server.url).port));
    const [chat] = children(tasks).filter((span) => span.name === 'chat demo');
    assert.equal(attributesOf(chat)['gen_ai.request.max_tokens'], 8);
    for (const name of ['temperature', 'top_p', 'seed']) {
      assert.equal(typeof attributesOf(chat)[`gen_ai.request.${name}`], 'number', name);
    }
  });

  test('the response id is the one in the body', async () => {
    const { traceId, header } = traceparent();
    const { body } = await post('/v1/chat/completions', {
      messages: [{ role: 'user', content: 'hi' }], max_tokens: 2,
    }, header);
    assert.match(body.id, /^chatcmpl-/);
    const chat = (await spansOf(traceId)).find((span) => span.name === 'chat demo');
    assert.equal(attributesOf(chat)['gen_ai.response.id'], body.id);
  });

  test('spans say the same as /requests/{id}, to the microsecond', async () => {
    const { traceId, header } = traceparent();
    const { body } = await post('/chat', { input: 'hello', max_new_tokens: 8 }, header);
    const spans = await spansOf(traceId);
    const record = await get(`/requests/${body.request_id}`);
    assert.equal(record.trace.trace_id, traceId);
    const root = spans.find((span) => span.kind === SERVER_KIND);
    const origin = BigInt(root.startTimeUnixNano);
    assert.equal(origin, BigInt(record.arrived_unix_ms) * 1_000_000n);
    const near = (nanoseconds, ms, what) => {
      const difference = Number(BigInt(nanoseconds) - origin) / 1e6 - ms;
      assert.ok(Math.abs(difference) < 0.001, `${what}: ${difference} ms apart`);
    };
    for (const lane of record.lanes) {
      const owner = lane.lane === 'request' ? root : spans.find(
        (span) => attributesOf(span)['qaio.task'] === lane.lane);
      near(owner.startTimeUnixNano, lane.begin_ms, lane.lane);
      near(owner.endTimeUnixNano, lane.end_ms, lane.lane);
      const stages = spans.filter((span) => span.parentSpanId === owner.spanId && !span.attributes);
      assert.deepEqual(stages.map((span) => span.name), lane.intervals.map((one) => one.stage));
      let covered = 0;
      stages.forEach((span, i) => {
        near(span.startTimeUnixNano, lane.intervals[i].begin_ms, span.name);
        near(span.endTimeUnixNano, lane.intervals[i].end_ms, span.name);
        covered += Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9;
      });
      const wall = Number(BigInt(owner.endTimeUnixNano) - BigInt(owner.startTimeUnixNano)) / 1e9;
      assert.ok(Math.abs(covered + attributesOf(owner)['qaio.unattributed'] - wall) < 1e-8);
    }
    for (const task of record.tasks) {
      const attributes = attributesOf(spans.find(
        (span) => attributesOf(span)['qaio.task'] === task.task));
      assert.equal(attributes['gen_ai.usage.input_tokens'], task.counters.prompt_tokens);
      assert.equal(attributes['gen_ai.usage.output_tokens'], task.counters.completion_tokens);
      assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], task.counters.cached_tokens);
      assert.deepEqual(attributes['gen_ai.response.finish_reasons'], [task.finish_reason]);
    }
  });

  test('every name is one of the conventions, or our own', async () => {
    const { traceId, header } = traceparent();
    await post('/chat', { input: 'hello', max_new_tokens: 4 }, header);
    const spans = await spansOf(traceId);
    for (const span of spans) {
      for (const name of Object.keys(attributesOf(span))) {
        assert.ok(name.startsWith('qaio.') || NAMES.has(name), name);
      }
    }
    const { resource } = receiver.messages('/v1/traces')[0].resourceSpans[0];
    const attributes = attributesOf(resource);
    for (const name of Object.keys(attributes)) {
      assert.ok(name.startsWith('qaio.') || NAMES.has(name), name);
    }
    assert.equal(attributes['service.name'], 'a test');
    assert.equal(attributes['deployment.environment.name'], 'here, now');
    const [{ headers }] = receiver.at('/v1/traces');
    assert.equal(headers['x-key'], 'secret');
    assert.equal(headers['content-type'], 'application/json');
  });

  test('what the caller does not sample is not exported', async () => {
    const unsampled = traceparent('00');
    const { response } = await post('/chat', { input: 'hello', max_new_tokens: 4 }, unsampled.header);
    assert.match(response.headers.get('traceresponse'), new RegExp(`^00-${unsampled.traceId}-.*-00$`));
    const sampled = traceparent();
    await post('/chat', { input: 'hello', max_new_tokens: 4 }, sampled.header);
    await spansOf(sampled.traceId);
    assert.ok(!receiver.spans().some((span) => span.traceId === unsampled.traceId));
  });

  test('a request without a trace begins one, a probe does not', async () => {
    const probe = await fetch(server.url + '/health');
    const { response } = await post('/v1/tasks/sentiment', { input: 'I love it' });
    const [, traceId] = response.headers.get('traceresponse').split('-');
    const spans = await spansOf(traceId);
    const root = spans.find((span) => span.kind === SERVER_KIND);
    assert.equal(root.parentSpanId, undefined);
    assert.equal(root.name, 'POST /v1/tasks/{name}');
    const [, probeId] = probe.headers.get('traceresponse').split('-');
    assert.ok(!receiver.spans().some((span) => span.traceId === probeId));
  });

  test('refusals are spans without an error of the server\'s', async () => {
    const { traceId, header } = traceparent();
    const { response } = await post('/chat', { input: '' }, header);
    assert.equal(response.status, 400);
    const spans = await spansOf(traceId);
    const root = spans.find((span) => span.kind === SERVER_KIND);
    assert.equal(root.status, undefined);
    assert.equal(attributesOf(root)['http.response.status_code'], 400);
    assert.equal(attributesOf(root)['qaio.error.code'], 'invalid_argument');
  });

  test('texts stay here', () => {
    for (const { body } of receiver.posts) {
      assert.ok(!body.includes('messages') && !body.includes('hello'));
    }
  });

  test('a receiver that is busy gets the same again', async () => {
    const before = await settled();
    receiver.answers.push({ status: 503, headers: { 'Retry-After': '1' } }, { status: 429 });
    const { traceId, header } = traceparent();
    const begin = Date.now();
    await post('/chat', { input: 'hello', max_new_tokens: 4 }, header);
    const posts = await receiver.until(() => {
      const all = receiver.at('/v1/traces').filter((one) => one.body.includes(traceId));
      return all.length === 3 && all;
    }, 'two retries');
    assert.equal(posts[1].body, posts[0].body);
    assert.equal(posts[2].body, posts[0].body);
    assert.ok(Date.now() - begin >= 1000, 'Retry-After is heeded');
    const { spans } = decode('/v1/traces', posts[0].body).resourceSpans[0].scopeSpans[0];
    await countIs('exported', before.exported + spans.length);
    assert.equal(await exported('failed'), before.failed);
    const told = () => server.log.filter((line) => /OTLP.*traces.*trying again|OTLP: spans are taken/.test(line));
    await receiver.until(() => told().length === 2, 'a line at the first failure and one at the end');
  });

  test('what is refused is not sent again; it is counted, and told once', async () => {
    const { failed } = await settled();
    const before = server.log.length;
    receiver.answers.push({ status: 400 }, { status: 400 });
    let count = 0;
    for (let i = 0; i < 2; ++i) {
      const { traceId, header } = traceparent();
      await post('/v1/tasks/sentiment', { input: 'hello' }, header);
      count += (await spansOf(traceId)).length;
      await countIs('failed', failed + count);
    }
    const told = server.log.slice(before).filter((line) => /OTLP/.test(line));
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0], /given up posting to .*\/v1\/traces after 1 attempt: it answered 400/);
  });

  test('a partial success is counted in parts', async () => {
    const before = await settled();
    receiver.answers.push(
      { body: JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } }) });
    const { traceId, header } = traceparent();
    await post('/v1/tasks/sentiment', { input: 'hello' }, header);
    const { length } = await spansOf(traceId);
    await countIs('rejected', before.rejected + 2);
    await countIs('exported', before.exported + length - 2);
    assert.equal(receiver.at('/v1/traces').filter((one) => one.body.includes(traceId)).length, 1);
  });

  test('metrics are cumulative histograms of the conventions', async () => {
    for (let i = 0; i < 3; ++i) {
      const { traceId, header } = traceparent();
      await post('/chat', { input: 'hello', max_new_tokens: 6 }, header);
      await spansOf(traceId);  // its record is there now
    }
    const { requests } = await get('/requests?limit=1000&task=chat');
    const latest = () => {
      const message = receiver.messages('/v1/metrics').at(-1);
      const all = message?.resourceMetrics[0].scopeMetrics[0].metrics ?? [];
      return Object.fromEntries(all.map((metric) => [metric.name, metric]));
    };
    const chatOf = (metric, more = {}) => metric?.histogram.dataPoints.find((point) => {
      const attributes = attributesOf(point);
      return Object.entries({ 'qaio.task': 'chat', ...more }).every(
        ([name, value]) => attributes[name] === value);
    });
    const metrics = await receiver.until(() => {
      const all = latest();
      const point = chatOf(all['gen_ai.server.request.duration']);
      return point?.count === String(requests.length) && all;
    }, 'metrics of all requests');
    const histograms = Object.values(metrics).filter(({ histogram }) => histogram);
    assert.deepEqual(histograms.map(({ name }) => name).sort(), [
      'gen_ai.client.token.usage', 'gen_ai.server.request.duration',
      'gen_ai.server.time_per_output_token', 'gen_ai.server.time_to_first_token',
      'http.server.request.duration']);
    for (const metric of histograms) {
      assert.ok(NAMES.has(metric.name), metric.name);
      assert.equal(metric.unit, metric.name.endsWith('usage') ? '{token}' : 's');
      assert.equal(metric.histogram.aggregationTemporality, 2);
      for (const point of metric.histogram.dataPoints) {
        assert.equal(point.bucketCounts.length, point.explicitBounds.length + 1);
        const inBuckets = point.bucketCounts.reduce((sum, count) => sum + Number(count), 0);
        assert.equal(String(inBuckets), point.count);
        for (const name of Object.keys(attributesOf(point))) {
          assert.ok(name === 'qaio.task' || NAMES.has(name), name);
        }
      }
    }
    const tokens = (field) => requests.reduce((sum, { tasks }) => sum + tasks.find(
      ({ task }) => task === 'chat').counters[field], 0);
    const usage = metrics['gen_ai.client.token.usage'];
    assert.equal(chatOf(usage, { 'gen_ai.token.type': 'input' }).sum, tokens('prompt_tokens'));
    assert.equal(chatOf(usage, { 'gen_ai.token.type': 'output' }).sum, tokens('completion_tokens'));
    const firstTokens = requests.reduce((sum, { metrics: { ttft } }) => sum + ttft / 1e3, 0);
    const counted = (name, wanted) => (metrics[name].sum ?? metrics[name].gauge).dataPoints
      .filter((point) => Object.entries(wanted).every(
        ([key, value]) => attributesOf(point)[key] === value))
      .reduce((sum, point) => sum + Number(point.asInt ?? point.asDouble), 0);
    assert.equal(counted('qaio.tokens', { 'gen_ai.token.type': 'output', 'qaio.task': 'chat' }),
                 tokens('completion_tokens'));
    assert.ok(counted('qaio.requests', { 'qaio.outcome': 'answered' }) >= requests.length);
    assert.ok(counted('qaio.requests', { 'qaio.outcome': 'client_error' }) >= 1);
    assert.ok(counted('qaio.kv_cache.blocks', {}) > 0);
    assert.equal(counted('qaio.sequences', { 'qaio.state': 'waiting' }), 0);
    assert.ok(counted('process.cpu.time', { 'cpu.mode': 'user' }) > 0);
    assert.ok(counted('process.memory.usage', {}) > 1 << 20);
    for (const metric of Object.values(metrics)) {
      assert.ok(metric.name.startsWith('qaio.') || NAMES.has(metric.name), metric.name);
      for (const point of (metric.histogram ?? metric.sum ?? metric.gauge).dataPoints) {
        for (const name of Object.keys(attributesOf(point))) {
          assert.ok(name.startsWith('qaio.') || NAMES.has(name), name);
        }
      }
    }
    const ttft = chatOf(metrics['gen_ai.server.time_to_first_token']);
    assert.ok(Math.abs(ttft.sum - firstTokens) < 1e-6 * requests.length);

    const points = receiver.messages('/v1/metrics').map((message) => chatOf(
      message.resourceMetrics[0].scopeMetrics[0].metrics.find(
        ({ name }) => name === 'gen_ai.server.request.duration'))).filter(Boolean);
    assert.ok(points.length >= 2);
    for (let i = 1; i < points.length; ++i) {
      assert.equal(points[i].startTimeUnixNano, points[0].startTimeUnixNano);
      assert.ok(BigInt(points[i].timeUnixNano) > BigInt(points[i - 1].timeUnixNano));
      assert.ok(Number(points[i].count) >= Number(points[i - 1].count));
    }
  });
});

describe('other servers', () => {
  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.stop());

  test('the end sends what is left', async () => {
    server = await start({ OTEL_BSP_SCHEDULE_DELAY: '86400000', OTEL_METRIC_EXPORT_INTERVAL: '86400000' });
    const { traceId, header } = traceparent();
    await post('/chat', { input: 'hello', max_new_tokens: 4 }, header);
    assert.deepEqual(receiver.posts, []);
    assert.equal(await server.stop(), 0);
    assert.ok(receiver.spans().every((span) => span.traceId === traceId));
    assert.equal(receiver.messages('/v1/traces').length, 1);
    assert.equal(receiver.messages('/v1/metrics').length, 1);
  });

  test('batches hold as many spans as they may', async () => {
    server = await start({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '40' });
    const chats = Array.from({ length: 12 }, () => post('/chat', { input: 'hello', max_new_tokens: 4 }));
    for (const { response } of await Promise.all(chats)) assert.equal(response.status, 200);
    assert.equal(await server.stop(), 0);
    const sizes = receiver.messages('/v1/traces').map(
      (message) => message.resourceSpans[0].scopeSpans[0].spans.length);
    assert.ok(sizes.every((size) => size <= 40), sizes.join());
    assert.equal(receiver.spans().filter((span) => span.kind === SERVER_KIND).length, 12);
  });

  test('texts are exported if records keep them', async () => {
    server = await start({}, '--record-text');
    const { traceId, header } = traceparent();
    const { body } = await post('/chat', { input: 'say "hi"', max_new_tokens: 8 }, header);
    const span = (await spansOf(traceId)).find((one) => attributesOf(one)['qaio.task'] === 'chat');
    const attributes = attributesOf(span);
    assert.deepEqual(JSON.parse(attributes['gen_ai.input.messages']),
                     [{ role: 'user', parts: [{ type: 'text', content: 'say "hi"' }] }]);
    const [said] = JSON.parse(attributes['gen_ai.output.messages']);
    assert.equal(said.parts[0].content, body.reply);
    await server.stop();
  });

  test('without an endpoint nothing is exported or sampled', async () => {
    server = await startServer();
    const { traceId, header } = traceparent();
    const { response } = await post('/v1/tasks/sentiment', { input: 'hello' }, header);
    assert.match(response.headers.get('traceresponse'), new RegExp(`^00-${traceId}-.*-00$`));
    assert.equal(await exported('exported'), undefined);
    await server.stop();
  });

  test('an endpoint that cannot be one stops the start', async () => {
    await assert.rejects(start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' }), /is no URL to post to/);
    await assert.rejects(start({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), /over HTTP only/);
  });
});
