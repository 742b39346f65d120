// What clients from npm make of an answer that comes late: comments, white space, errors behind a head.
// The answers are the server's; a proxy adds what it sends only when an answer takes long.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ChatOpenAI } from '@langchain/openai';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

const MODEL = 'demo';
const HELLO = [{ role: 'user', content: '你好' }];
const ask = { model: MODEL, messages: HELLO, max_tokens: 24, seed: 1 };
const FAILED = { error: { code: 'deadline_exceeded', message: "the request's time ran out",
  type: 'server_error', param: null } };

let server;
let proxy;
let url;
let failing = false;  // the answer is an error behind its head
before(async () => {
  server = await startServer();
  proxy = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const answer = await fetch(server.url + request.url, { method: 'POST', body });
    const events = answer.headers.get('content-type').startsWith('text/event-stream');
    response.writeHead(200, { 'content-type': answer.headers.get('content-type') });
    const late = async () => {  // each in a piece of its own
      await new Promise((resolve) => response.write(events ? ': keep-alive\n\n' : ' ', resolve));
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await late();
    await late();
    if (failing) {
      response.end(events ? `data: ${JSON.stringify(FAILED)}\n\n` : JSON.stringify(FAILED));
      return;
    }
    let pieces = 0;
    for await (const piece of answer.body) {
      response.write(piece);
      if (++pieces < 4) await late();
    }
    response.end();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  url = `http://127.0.0.1:${proxy.address().port}/v1`;
});
after(async () => {
  proxy.close();
  proxy.closeAllConnections();
  assert.equal(await server.stop(), 0);
});

const langchain = (baseURL, more = {}) => new ChatOpenAI({
  model: MODEL, apiKey: 'none needed', maxTokens: 24, maxRetries: 0, modelKwargs: { seed: 1 },
  configuration: { baseURL }, ...more,
});
const openai = (baseURL) => new OpenAI({ baseURL, apiKey: 'none needed', maxRetries: 0 });
const whole = async () =>
  (await openai(`${server.url}/v1`).chat.completions.create(ask)).choices[0].message.content;

describe('the official client', () => {
  test('skips comments and white space', async () => {
    const expected = await whole();
    const late = await openai(url).chat.completions.create(ask);
    assert.equal(late.choices[0].message.content, expected);
    let text = '';
    for await (const chunk of await openai(url).chat.completions.create({ ...ask, stream: true })) {
      text += chunk.choices[0].delta.content ?? '';
    }
    assert.equal(text, expected);
  });

  test('tells of an error behind the head', async () => {
    failing = true;
    try {
      const late = await openai(url).chat.completions.create(ask);
      assert.equal(late.error.code, 'deadline_exceeded');
      await assert.rejects(async () => {
        for await (const _ of await openai(url).chat.completions.create({ ...ask, stream: true }));
      }, /time ran out/);
    } finally {
      failing = false;
    }
  });
});

describe('LangChain', () => {
  test('answers whole and streamed, direct and late', async () => {
    const expected = await whole();
    for (const base of [`${server.url}/v1`, url]) {
      assert.equal((await langchain(base).invoke('你好')).content, expected);
      let text = '';
      let usage;
      for await (const chunk of await langchain(base).stream('你好')) {
        text += chunk.content;
        usage = chunk.usage_metadata ?? usage;
      }
      assert.equal(text, expected);
      assert.ok(usage.output_tokens > 0);
    }
  });

  test('sends conversations, names, stops and bounds that are taken', async () => {
    const model = langchain(`${server.url}/v1`, { temperature: 0, topP: 0, frequencyPenalty: 0,
      presencePenalty: 0, n: 1, stop: ['never said'], user: 'me', maxTokens: 100_000 });
    const answer = await model.invoke([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', name: 'Ann', content: [{ type: 'text', text: '你好' }] },
      { role: 'assistant', content: '你好!' },
      { role: 'user', content: 'And you?' }]);
    assert.ok(answer.content.length > 0);
    assert.ok(['stop', 'length'].includes(answer.response_metadata.finish_reason));
  });

  test('is told what is refused', async () => {
    const model = langchain(`${server.url}/v1`).bindTools([{ type: 'function', function: {
      name: 'weather', parameters: { type: 'object', properties: {} } } }]);
    await assert.rejects(model.invoke('你好'), /tools/);
  });
});
