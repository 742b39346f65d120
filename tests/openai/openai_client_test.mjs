// The official OpenAI client against a real server: what its users rely on, unchanged.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError } from 'openai';
import { eventually, startServer } from './server.mjs';

const MODEL = 'demo';
const HELLO = [{ role: 'user', content: '你好' }];
const ask = { model: MODEL, messages: HELLO, max_tokens: 24, seed: 1 };

let server;
let client;
before(async () => {
  server = await startServer('--requests-max', '4');
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none needed', maxRetries: 0 });
});
after(async () => assert.equal(await server.stop(), 0));

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

describe('chat completions', () => {
  test('answer with usage and timings', async () => {
    const answer = await client.chat.completions.create(ask);
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.model, MODEL);
    assert.equal(answer.choices.length, 1);
    assert.equal(answer.choices[0].message.role, 'assistant');
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.ok(['stop', 'length'].includes(answer.choices[0].finish_reason));
    const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = answer.usage;
    assert.ok(prompt_tokens > 0 && completion_tokens > 0);
    assert.equal(total_tokens, prompt_tokens + completion_tokens);
    assert.ok(prompt_tokens_details.cached_tokens < prompt_tokens);
    assert.equal(answer.timings.prompt_n + answer.timings.cache_n, prompt_tokens);
    assert.equal(answer.timings.predicted_n, completion_tokens);
    assert.ok(answer.timings.predicted_ms > 0 && answer.timings.prompt_per_second > 0);
  });

  test('stream the same text, with a role first and the usage last', async () => {
    const whole = await client.chat.completions.create(ask);
    const chunks = await collect(await client.chat.completions.create(
      { ...ask, stream: true, stream_options: { include_usage: true } }));
    assert.equal(textOf(chunks), whole.choices[0].message.content);
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk'));
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.completion_tokens, whole.usage.completion_tokens);
    assert.equal(chunks.at(-2).choices[0].finish_reason, whole.choices[0].finish_reason);
    assert.ok(last.timings.predicted_per_second > 0);
  });

  test('the streaming helper puts a message together', async () => {
    const runner = client.chat.completions.stream(ask);
    const events = [];
    runner.on('content', (delta) => events.push(delta));
    const final = await runner.finalChatCompletion();
    assert.equal(events.join(''), final.choices[0].message.content);
  });

  test('a seed repeats itself, whatever else runs', async () => {
    const hot = { ...ask, temperature: 1.5, top_p: 1, seed: 77, max_tokens: 40 };
    const alone = await client.chat.completions.create(hot);
    const together = await Promise.all([hot, { ...hot, seed: 5 }, { ...hot, messages: [
      { role: 'user', content: 'What a day!' }] }].map((one) => client.chat.completions.create(one)));
    assert.equal(together[0].choices[0].message.content, alone.choices[0].message.content);
    assert.notEqual(together[1].choices[0].message.content, alone.choices[0].message.content);
  });

  test('a repeated beginning comes from the cache', async () => {
    const messages = [{ role: 'system', content: 'You are a helpful assistant. '.repeat(8) },
      ...HELLO];
    await client.chat.completions.create({ ...ask, messages });
    const again = await client.chat.completions.create(
      { ...ask, messages: [...messages, { role: 'assistant', content: '你好!' }, ...HELLO] });
    assert.ok(again.usage.prompt_tokens_details.cached_tokens >= 32, JSON.stringify(again.usage));
    assert.equal(again.timings.cache_n, again.usage.prompt_tokens_details.cached_tokens);
  });

  test('stop ends the text before the stop string', async () => {
    const { content } = (await client.chat.completions.create(ask)).choices[0].message;
    const letters = Array.from(content);
    assert.ok(letters.length > 3, content);
    const stop = letters.slice(2, 4).join('');
    for (const given of [stop, [stop, 'never said']]) {
      const stopped = await client.chat.completions.create({ ...ask, stop: given });
      assert.equal(stopped.choices[0].message.content, content.slice(0, content.indexOf(stop)));
      assert.equal(stopped.choices[0].finish_reason, 'stop');
    }
  });

  test('max_tokens, max_completion_tokens and ignore_eos bound the length', async () => {
    const short = await client.chat.completions.create({ ...ask, max_tokens: 1 });
    assert.equal(short.usage.completion_tokens, 1);
    assert.equal(short.choices[0].finish_reason, 'length');
    const { max_tokens, ...unbounded } = ask;
    const named = await client.chat.completions.create({ ...unbounded, max_completion_tokens: 2 });
    assert.equal(named.usage.completion_tokens, 2);
    const exact = await client.chat.completions.create({ ...ask, max_tokens: 100, ignore_eos: true });
    assert.equal(exact.usage.completion_tokens, 100);
    assert.ok((await client.chat.completions.create(unbounded)).choices[0].message.content);
  });

  test('logprobs name every token of the text', async () => {
    const answer = await client.chat.completions.create(
      { ...ask, temperature: 0, logprobs: true, top_logprobs: 3 });
    const tokens = answer.choices[0].logprobs.content;
    const bytes = Buffer.from(tokens.flatMap((token) => token.bytes));
    assert.equal(bytes.toString(), answer.choices[0].message.content);
    for (const token of tokens) {
      assert.ok(token.logprob <= 0);
      assert.equal(token.top_logprobs.length, 3);
      assert.equal(token.top_logprobs[0].token, token.token);  // greedy: the likeliest
      const mass = token.top_logprobs.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
      assert.ok(mass > 0 && mass < 1.0001);
    }
    const chunks = await collect(await client.chat.completions.create(
      { ...ask, temperature: 0, logprobs: true, stream: true }));
    const streamed = chunks.flatMap((chunk) => chunk.choices[0].logprobs?.content ?? []);
    assert.deepEqual(streamed.map(({ token }) => token), tokens.map(({ token }) => token));
  });

  test('sampling parameters reach the sampler', async () => {
    const greedy = await client.chat.completions.create({ ...ask, temperature: 0 });
    const same = await client.chat.completions.create({ ...ask, temperature: 2, top_k: 1 });
    assert.equal(same.choices[0].message.content, greedy.choices[0].message.content);
    const first = await client.chat.completions.create(
      { ...ask, temperature: 0, max_tokens: 1, logprobs: true });
    const { tokens: [id] } = await (await fetch(`${server.url}/tokenize`, {
      method: 'POST',
      body: JSON.stringify({ content: first.choices[0].logprobs.content[0].token }),
    })).json();
    const barred = await client.chat.completions.create(
      { ...ask, temperature: 0, max_tokens: 1, logprobs: true, logit_bias: { [id]: -100 } });
    assert.notEqual(barred.choices[0].logprobs.content[0].token,
                    first.choices[0].logprobs.content[0].token);
    const fresh = await client.chat.completions.create({ ...ask, temperature: 0, max_tokens: 60,
      ignore_eos: true, presence_penalty: 2, frequency_penalty: 2, repetition_penalty: 1.5,
      min_p: 0.01 });
    assert.equal(fresh.usage.completion_tokens, 60);
  });

  test('content may come in parts and with every role', async () => {
    const answer = await client.chat.completions.create({ ...ask, messages: [
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: [{ type: 'text', text: '你' }, { type: 'text', text: '好' }] },
      { role: 'assistant', content: '你好!', refusal: null },
      { role: 'user', content: 'And you?' }] });
    assert.ok(answer.choices[0].message.content);
  });
});

describe('guided_choice', () => {
  const sentiment = (text) => client.chat.completions.create({
    model: MODEL,
    messages: [
      { role: 'system', content: '你是一个冷静的情感分析师。判断用户这句话的情感,只回答“正面”或“负面”。' },
      { role: 'user', content: text }],
    guided_choice: ['正面', '负面'],
  });

  test('is one of the choices, with probabilities', async () => {
    for (const [text, label] of [['今天被领导表扬了,心情超好!', '正面'],
      ['排队两小时还卖完了,气死我了', '负面']]) {
      const { choices: [choice] } = await sentiment(text);
      assert.equal(choice.message.content, label);
      assert.ok(choice.scores[label] > 0.5);
      assert.ok(Math.abs(choice.scores['正面'] + choice.scores['负面'] - 1) < 1e-4);
    }
  });

  test('agrees with the task of the same prompt', async () => {
    const text = 'The train was late again.';
    const task = await (await fetch(`${server.url}/v1/tasks/sentiment`, {
      method: 'POST', body: JSON.stringify({ input: text }),
    })).json();
    const { choices: [choice] } = await sentiment(text);
    assert.deepEqual(choice.scores, task.scores);
  });
});

describe('completions and models', () => {
  test('a text is continued, whole and streamed', async () => {
    const prompt = '<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n';
    const request = { model: MODEL, prompt, max_tokens: 12, seed: 3, logprobs: 2 };
    const whole = await client.completions.create(request);
    assert.equal(whole.object, 'text_completion');
    assert.ok(whole.choices[0].text.length > 0);
    const { tokens, token_logprobs, top_logprobs, text_offset } = whole.choices[0].logprobs;
    assert.equal(tokens.length, token_logprobs.length);
    assert.ok(Object.keys(top_logprobs[0]).length <= 3);  // the chosen one may be another
    assert.ok(tokens[0] in top_logprobs[0]);
    assert.equal(text_offset[0], 0);
    const chunks = await collect(await client.completions.create({ ...request, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0].text).join(''), whole.choices[0].text);
  });

  test('models are listed and found', async () => {
    const models = await collect(await client.models.list());
    assert.deepEqual(models.map(({ id }) => id), [MODEL]);
    assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
    await assert.rejects(client.models.retrieve('org/other'), NotFoundError);
  });
});

describe('errors', () => {
  const refused = (request, kind, param) =>
    assert.rejects(client.chat.completions.create({ ...ask, ...request }), (error) => {
      assert.ok(error instanceof kind, `${error}`);
      assert.equal(error.type, kind === InternalServerError ? 'server_error' : 'invalid_request_error');
      assert.equal(error.param, param);
      assert.ok(error.code && error.message.length > 20, `${error}`);
      assert.match(error.requestID, /^\w+$/);
      return true;
    });

  test('name the parameter', async () => {
    await refused({ temperature: 'hot' }, BadRequestError, 'temperature');
    await refused({ messages: [] }, BadRequestError, 'messages');
    await refused({ messages: [{ role: 'user', content: 5 }] }, BadRequestError,
                  'messages[0].content');
    await refused({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: '' } }] }] },
                  BadRequestError, 'messages[0].content[0].type');
    await refused({ n: 2 }, BadRequestError, 'n');
    await refused({ tools: [{ type: 'function', function: { name: 'f' } }] }, BadRequestError, 'tools');
    await refused({ stop: [''] }, BadRequestError, 'stop');
    await refused({ guided_choice: ['one'] }, BadRequestError, 'guided_choice');
    await refused({ messages: [{ role: 'user', content: '长 '.repeat(50_000) }] }, BadRequestError,
                  'messages');
    await refused({ model: 'gpt-5' }, NotFoundError, 'model');
  });

  test('tell that a conversation is too long as OpenAI does', async () => {
    await assert.rejects(
      client.chat.completions.create(
        { ...ask, messages: [{ role: 'user', content: 'long '.repeat(50_000) }] }),
      (error) => error.code === 'context_length_exceeded' &&
                 /maximum context length/.test(error.message));
  });

  test('come before a stream begins', async () => {
    await refused({ stream: true, top_p: 7 }, BadRequestError, 'top_p');
  });

  test('past the limit are 503 with Retry-After, which the client follows', async () => {
    const long = { ...ask, max_tokens: 300, ignore_eos: true };
    const controller = new AbortController();
    const busy = [];
    for (let i = 0; i < 4; ++i) {
      const stream = await client.chat.completions.create({ ...long, stream: true },
                                                          { signal: controller.signal });
      await stream[Symbol.asyncIterator]().next();
      busy.push(stream);
    }
    await refused({}, InternalServerError, null);
    await assert.rejects(client.chat.completions.create(ask),
                         (error) => error.status === 503 && error.headers.get('retry-after') === '1');
    const patient = client.withOptions({ maxRetries: 5 }).chat.completions.create(ask);
    setTimeout(() => controller.abort(), 200);
    assert.ok((await patient).choices[0].message.content);
  });
});

describe('a client that leaves', () => {
  const records = () => server.log.filter((line) => line.includes('status=499'));
  const long = { ...ask, max_tokens: 2000, ignore_eos: true };

  test('mid-stream frees its sequence', async () => {
    const before = records().length;
    const stream = await client.chat.completions.create({ ...long, stream: true });
    let pieces = 0;
    for await (const chunk of stream) {
      assert.ok(chunk.choices.length === 1);
      if (++pieces === 5) break;  // the client's iterator aborts the request
    }
    await eventually(() => records().length > before);
    assert.match(records().at(-1), /tokens=(?!2000 )\d+ /);
  });

  test('while it waits for a whole answer, too', async () => {
    const before = records().length;
    const controller = new AbortController();
    const answer = client.chat.completions.create(long, { signal: controller.signal });
    const rejected = assert.rejects(answer, APIError);
    await eventually(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return metrics.includes('\nqaio_sequences_running 1\n');
    });
    controller.abort();
    await rejected;
    await eventually(() => records().length > before);
    assert.ok(await client.chat.completions.create(ask));
  });
});
