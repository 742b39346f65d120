// The official OpenAI client's decisions.create against a real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { assertDistribution, assertScore, recordsOf, refusedOnce } from './records.mjs';
import { startServer } from './server.mjs';

const MODEL = 'demo';
const PRAISE = '今天被领导表扬了，心情超好！';
const COMPLAINT = 'The train was late again and nobody told us why.';
const LATE = { type: 'predicate', instructions: 'The text is about a delay.', name: 'late' };
const MOOD = { type: 'choice', instructions: '这句话是什么情感？', name: 'mood', choices: [
  { value: '正面' }, { value: '负面', description: '抱怨、生气或失望' }, { value: '中性' }] };
const URGENCY = { type: 'score', instructions: 'How urgent is it?', levels: [
  { label: 'low' }, { label: 'normal', description: 'this week' }, { label: 'high' }] };

let server;
let client;
before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none needed' });
});
after(async () => assert.equal(await server.stop(), 0));

const decide = (input, questions, more = {}) =>
  client.decisions.create({ model: MODEL, input, questions, ...more });
const answersTo = async (input, questions = [LATE, MOOD, URGENCY]) =>
  (await decide(input, questions)).answers;
const message = (content, role = 'user') => ({ role, content });

describe('answers', () => {
  test('come for every type of question, in their order, with usage', async () => {
    for (const input of [PRAISE, COMPLAINT]) {
      const decision = await decide(input, [LATE, MOOD, URGENCY]);
      assert.equal(decision.model, MODEL);
      const [late, mood, urgency] = decision.answers;
      assert.deepEqual(Object.keys(late).sort(), ['name', 'probability', 'type']);
      assert.equal(late.type, 'predicate');
      assert.equal(late.name, 'late');
      assert.ok(late.probability > 0 && late.probability < 1);

      assert.equal(mood.type, 'choice');
      assert.equal(mood.name, 'mood');
      assert.deepEqual(mood.probabilities.map(({ value }) => value), ['正面', '负面', '中性']);
      const chances = mood.probabilities.map(({ probability }) => probability);
      assertDistribution(chances);
      const best = Math.max(...chances);
      assert.equal(mood.choice, mood.probabilities[chances.indexOf(best)].value);
      assert.ok(Math.abs(mood.confidence - Math.max(0, (best - 1 / 3) / (2 / 3))) < 1e-9);

      assert.equal(urgency.type, 'score');
      assert.equal(urgency.name, null);
      assert.deepEqual(urgency.probabilities.map(({ value, label }) => [value, label]),
                       [[0, 'low'], [1, 'normal'], [2, 'high']]);
      const levels = urgency.probabilities.map(({ probability }) => probability);
      assertDistribution(levels);
      assertScore(urgency.score, levels);
      assert.ok(urgency.confidence >= 0 && urgency.confidence <= 1);

      const { usage } = decision;
      assert.ok(usage.input_tokens > 60);
      assert.ok(usage.input_tokens_details.cached_tokens < usage.input_tokens);
      assert.equal(usage.input_tokens_details.cache_write_tokens, 0);
      assert.equal(usage.output_tokens, 0);
      assert.equal(usage.output_tokens_details.reasoning_tokens, 0);
      assert.equal(usage.total_tokens, usage.input_tokens);
    }
  });

  test('are the same bits alone and with others', async () => {
    const together = await answersTo(COMPLAINT);
    const alone = await Promise.all([LATE, MOOD, URGENCY].map((one) => answersTo(COMPLAINT, [one])));
    assert.deepEqual(alone.map(([answer]) => answer), together);
    assert.notDeepEqual(await answersTo(PRAISE), together);
  });

  test('of a choice among values of both types keep the types', async () => {
    const [answer] = await answersTo(COMPLAINT, [{ type: 'choice', instructions: 'Is it late?',
      choices: [{ value: true }, { value: false }, { value: 'unclear' }] }]);
    assert.deepEqual(answer.probabilities.map(({ value }) => value), [true, false, 'unclear']);
    assert.ok([true, false, 'unclear'].includes(answer.choice));
  });

  test('carry the id of their request', async () => {
    const { data, request_id: id } = await client.decisions.create(
      { model: MODEL, input: PRAISE, questions: [LATE] }).withResponse();
    assert.equal(data.answers.length, 1);
    const record = await (await fetch(`${server.url}/requests/${id}`)).json();
    assert.equal(record.path, '/v1/decisions');
  });
});

describe('input', () => {
  test('is the same as a text, a message and a part of one', async () => {
    const expected = await answersTo(COMPLAINT);
    for (const input of [[message(COMPLAINT)], [{ type: 'message', ...message(COMPLAINT) }],
      [message([{ type: 'input_text', text: COMPLAINT }])]]) {
      assert.deepEqual(await answersTo(input), expected);
    }
  });

  test('may be JSON, which is read as its text', async () => {
    const data = { order: 7, 'lines': [{ item: '咖啡', count: 2 }, { item: 'tea', count: null }] };
    const json = (value) => answersTo([message([{ type: 'input_json', data: value }])]);
    const expected = await answersTo(JSON.stringify(data));
    assert.deepEqual(await json(data), expected);
    assert.deepEqual(await json([data]), await answersTo(JSON.stringify([data])));
    assert.notDeepEqual(await json({ lines: data.lines, order: 7 }), expected);  // another order
  });

  test('may be a conversation of every role with calls of tools', async () => {
    const conversation = [
      message('You sort complaints.', 'developer'),
      message([{ type: 'input_text', text: 'Where is my parcel?' }]),
      message([{ type: 'output_text', text: 'I shall look.' }], 'assistant'),
      { type: 'function_call', call_id: 'c1', name: 'track', arguments: '{"id":5}' },
      { type: 'function_call_output', call_id: 'c1', output: 'lost' },
      message([{ type: 'refusal', refusal: 'I cannot say.' }], 'assistant'),
      message('真让人失望。')];
    const answers = await answersTo(conversation);
    assert.equal(answers.length, 3);
    assert.notDeepEqual(answers, await answersTo(conversation.slice(1)));
    assert.notDeepEqual(answers, await answersTo(conversation.slice(0, -1)));
    assert.deepEqual(answers, await answersTo(
      [message('You sort complaints.', 'system'), ...conversation.slice(1)]));
  });

  test('may come with what is for other servers', async () => {
    assert.deepEqual((await decide(COMPLAINT, [LATE], { prompt_cache_key: 'a',
      prompt_cache_options: { mode: 'explicit' }, safety_identifier: 'me' })).answers,
                     await answersTo(COMPLAINT, [LATE]));
  });

  test('comes from the cache where it came before', async () => {
    const input = '我们等了很久。'.repeat(20);
    const first = await decide(input, [LATE]);
    const second = await decide(input, [URGENCY]);
    assert.ok(second.usage.input_tokens_details.cached_tokens >= 64, JSON.stringify(second.usage));
    assert.ok(first.usage.input_tokens_details.cached_tokens < 64);
    const both = await decide(input + '！', [LATE, URGENCY]);  // the text counts twice, read once
    assert.ok(both.usage.input_tokens > first.usage.input_tokens * 1.8);
  });
});

describe('questions', () => {
  test('may be made of parts', async () => {
    const parts = { ...LATE, instructions: [{ type: 'input_text', text: 'Does this apply?' },
      { type: 'input_json', data: { topic: 'delay' } }] };
    const [answer] = await answersTo(COMPLAINT, [parts]);
    assert.ok(answer.probability > 0 && answer.probability < 1);
  });

  test('may be asked in several orders of their options', async () => {
    const once = (await decide(COMPLAINT, [MOOD])).answers[0];
    const thrice = (await decide(COMPLAINT, [MOOD], { permutations: 3 })).answers[0];
    assertDistribution(thrice.probabilities.map(({ probability }) => probability));
    assert.notDeepEqual(thrice, once);
  });
});

describe('what cannot succeed', () => {
  const refused = async (body, param, says = /./, kind = BadRequestError) => {
    const error = await refusedOnce(
      server, () => client.decisions.create({ model: MODEL, input: PRAISE, questions: [LATE], ...body }),
      kind, says);
    assert.equal(error.type, 'invalid_request_error');
    assert.ok(error.code);
    assert.equal(error.param, param);
    assert.match(error.requestID, /^\w+$/);
  };
  const choices = (count) => Array.from({ length: count }, (_, i) => ({ value: `option ${i}` }));

  test('is refused once, with the field and a sentence', async () => {
    await refused({ questions: [] }, 'questions');
    await refused({ questions: Array(65).fill(LATE) }, 'questions', /64/);
    await refused({ questions: [LATE, { ...MOOD, choices: choices(256) }] }, 'questions[1].choices',
                  /255/);
    await refused({ questions: [{ ...MOOD, choices: [...choices(2), ...choices(1)] }] },
                  'questions[0].choices', /option 0/);
    await refused({ questions: [{ ...URGENCY, levels: Array(11).fill({ label: 'x' }) }] },
                  'questions[0].levels', /10/);
    await refused({ questions: [{ type: 'mood', instructions: 'x' }] }, 'questions[0].type');
    await refused({ input: '' }, 'input');
    await refused({ input: 'long '.repeat(5000) }, 'input');
  });

  test('is told of images', async () => {
    await refused({ input: [message([{ type: 'input_image', image_url: 'data:image/png;base64,AA==' }])] },
                  'input[0].content[0].type', /reads text only/);
  });

  test('is told of the API of another server at this path', async () => {
    await refused({ questions: [{ id: 'a', question: 'Is it late?', type: 'yes_no' }] },
                  'questions', /SGLang/);
  });

  test('is told of a model that is not there', async () => {
    await refused({ model: 'gpt-6-luna' }, 'model', /gpt-6-luna/, NotFoundError);
  });
});

test('a record of kind and count is left', async () => {
  const [record] = await recordsOf(server, () => answersTo(PRAISE));
  assert.equal(record.path, '/v1/decisions');
  const [{ task, counters }] = record.tasks;
  assert.equal(task, 'decision');
  assert.equal(counters.questions, 3);
});
