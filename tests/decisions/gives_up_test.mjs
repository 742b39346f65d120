// Clients whose patience ends before the answer comes: the server drops the work and serves on. And what they
// do when it is the server that has no time for them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { APITimeoutError, choice, noul, TypeSafeClient } from '@typesafe-ai/sdk';
import { experimental_decide as ask } from 'ai';
import OpenAI, { APIConnectionTimeoutError, InternalServerError } from 'openai';
import { recordsOf } from './records.mjs';
import { eventually, startServer } from './server.mjs';

// 64 questions of some 1,500 tokens each: minutes in plain C++ on one thread, which QAIO_ISA asks for.
const OPTIONS = Array.from({ length: 150 }, (_, i) => `the answer with number ${i}`);
const NAMES = Array.from({ length: 64 }, (_, i) => `q${i}`);
const STATE = 'Which one is meant?';
const PATIENCE_MS = 1000;

// The clients are for Node.js 20 and newer. The fetch of 18 does not always drop a request that is given up:
// how these clients end there is nothing that a server can mend.
const skip = Number.parseInt(process.versions.node, 10) < 20 && 'the clients need Node.js 20';

let server;
before(async () => {
  process.env.QAIO_ISA = 'scalar';
  server = await startServer();
});
after(async () => assert.equal(await server.stop(), 0));

const named = (make) => Object.fromEntries(NAMES.map((name) => [name, make(name)]));
const criteria = Object.fromEntries(OPTIONS.map((option) => [option, null]));

// Patience runs out `times` times, each time in the middle of the work, which ends with it; on a machine
// that is very slow, before the work.
async function givesUp(call, kind, times) {
  const records = await recordsOf(server, () => assert.rejects(call, kind), times);
  assert.deepEqual(records.map(({ status }) => status), Array(times).fill(499));
  for (const { error, counters } of records.flatMap(({ tasks }) => tasks)) {
    assert.equal(error, 'cancelled');
    assert.ok(counters.prompt_tokens > 0);  // the engine had it
    assert.equal(counters.questions, 0);    // and nobody got an answer
  }
}

test('TypeSafe: each try is dropped', { skip }, async () => {
  const client = new TypeSafeClient({ baseURL: server.url, apiKey: 'none needed', logLevel: 'off',
    timeout: PATIENCE_MS, retry: { maxRetries: 1, backoffInitialMs: 1 } });
  await givesUp(() => client.systemOne({ state: STATE, questions: named((name) => choice(name, criteria)) }),
                APITimeoutError, 2);
  const { answers } = await client.systemOne({ state: STATE, questions: { a: noul('Is it?') } },
                                             { timeout: 60_000 });
  assert.ok(answers.a.noul > 0);
});

const openai = (at = server) => new OpenAI({ baseURL: `${at.url}/v1`, apiKey: 'none needed' });
const long = () => ({ model: 'demo', input: STATE, questions: NAMES.map((name) => ({
  type: 'choice', name, instructions: name, choices: OPTIONS.map((value) => ({ value })) })) });

test('openai: each try is dropped', { skip }, async () => {
  await givesUp(() => openai().decisions.create(long(), { timeout: PATIENCE_MS, maxRetries: 1 }),
                APIConnectionTimeoutError, 2);
  const { answers } = await openai().decisions.create({ model: 'demo', input: STATE, questions: [
    { type: 'predicate', instructions: 'Is it?' }] });
  assert.equal(answers.length, 1);
});

test('openai: what took the time it had is not tried again', { skip }, async () => {
  const records = await recordsOf(server, () => assert.rejects(
    openai().decisions.create({ ...long(), timeout_ms: 300 }),
    (error) => error instanceof InternalServerError && error.code === 'deadline_exceeded'));
  // the record of the answer before may come only now
  assert.deepEqual(records.map(({ status }) => status).filter((status) => status !== 200), [504]);
});

test('AI SDK: a signal ends it, without another try', { skip }, async () => {
  const model = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none needed' }).decisionModel('demo');
  const questions = named((name) => ({ type: 'choice', instructions: name, criteria }));
  await givesUp(() => ask({ model, state: STATE, questions, abortSignal: AbortSignal.timeout(PATIENCE_MS) }),
                { name: 'TimeoutError' }, 1);
  const { answers } = await ask(
    { model, state: STATE, questions: { a: { type: 'boolean', instructions: '?' } } });
  assert.ok(answers.a.probability > 0);
});

test('TypeSafe: a full server is asked again when it says', { skip }, async () => {
  const full = await startServer('--requests-max', '1');
  const client = new TypeSafeClient({ baseURL: full.url, apiKey: 'none needed', logLevel: 'off',
    timeout: 60_000, retry: { maxRetries: 10 } });
  const occupier = new AbortController();
  const records = await recordsOf(full, async () => {
    const occupied = assert.rejects(openai(full).decisions.create(long(), { signal: occupier.signal }));
    await eventually(async () =>
      (await (await fetch(`${full.url}/metrics`)).text()).includes('\nqaio_sequences_running 1\n'));
    const asked = client.systemOne({ state: STATE, questions: { a: noul('Is it?') } });
    await eventually(() => full.log.some((line) => line.includes('status=503')));
    occupier.abort();
    await occupied;
    assert.ok((await asked).answers.a.noul > 0);
  }, 3);
  const statuses = records.map(({ status }) => status).sort();
  assert.deepEqual([...new Set(statuses)], [200, 499, 503]);
  assert.ok(statuses.length < 8, `${statuses}`);  // a second later each time
  assert.equal(await full.stop(), 0);
});
