// The official OpenAI client with an API key: what it makes of each refusal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import OpenAI, { AuthenticationError, PermissionDeniedError, RateLimitError } from 'openai';
import { startServer } from './server.mjs';

const ask = { model: 'demo', messages: [{ role: 'user', content: '你好' }], max_tokens: 8, seed: 1 };

let folder;
let server;
const keys = {};
const client = (apiKey, options = {}) =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0, ...options });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qaio-keys-'));
  const file = join(folder, 'keys.toml');
  const create = (name, ...more) => execFileSync(
    process.env.QAIO_BINARY, ['keys', 'create', '--api-key-file', file, '--name', name, ...more],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  keys.app = create('app');
  keys.reader = create('reader', '--scope', 'read');
  keys.few = create('few', '--requests-per-minute', '30');
  server = await startServer('--api-key-file', file);
});
after(async () => {
  assert.equal(await server.stop(), 0);
  rmSync(folder, { recursive: true });
});

describe('a client with a key', () => {
  test('is answered, streams included', async () => {
    const answer = await client(keys.app).chat.completions.create(ask);
    let text = '';
    for await (const chunk of await client(keys.app).chat.completions.create({ ...ask, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    assert.equal(text, answer.choices[0].message.content);
    const logged = () => server.log.some((line) => line.includes(' key=app')); // behind the answer
    for (let i = 0; i < 500 && !logged(); ++i) await new Promise((go) => setTimeout(go, 20));
    assert.ok(logged());
  });

  test('learns why it is refused', async () => {
    const refused = (key, kind, code, type) =>
      assert.rejects(client(key).chat.completions.create(ask), (error) => {
        assert.ok(error instanceof kind, `${error}`);
        assert.equal(error.code, code);
        assert.equal(error.type, type);
        assert.match(error.requestID, /^\w+$/);
        return true;
      });
    await refused('none', AuthenticationError, 'invalid_api_key', 'authentication_error');
    await refused(keys.app.slice(0, -1), AuthenticationError, 'invalid_api_key', 'authentication_error');
    await refused(keys.reader, PermissionDeniedError, 'missing_scope', 'permission_error');
  });

  test('does not repeat what it may not, and waits as long as it is told at a limit', async () => {
    let requests = 0;
    const counting = { maxRetries: 2, fetch: (...all) => { ++requests; return fetch(...all); } };
    await assert.rejects(client('none', counting).models.list(), AuthenticationError);
    assert.equal(requests, 1);
    const few = client(keys.few);
    await assert.rejects(async () => {
      for (let i = 0; i < 40; ++i) await few.models.list();
    }, (error) => {
      assert.ok(error instanceof RateLimitError, `${error}`);
      assert.equal(error.code, 'key_rate_limit');
      return true;
    });
    requests = 0;
    const began = Date.now();
    await client(keys.few, counting).models.list();
    assert.ok(requests >= 2 && Date.now() - began < 30_000, `${requests}`);
  });
});
