// The AI SDK's experimental_decide, the strictest reader of /v1/decisions, against a real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, experimental_decide as ask } from 'ai';
import { assertDistribution, assertScore, refusedOnce } from './records.mjs';
import { startServer } from './server.mjs';

const COMPLAINT = 'The parcel came a week late and the box was open.';
const PRAISE = '孩子很喜欢这本书，故事有趣，画也漂亮。';
const QUESTIONS = {
  late: { type: 'boolean', instructions: 'Did something come late?',
    criteria: { true: 'after the promised day' } },
  心情: { type: 'choice', instructions: '作者的心情？',
    criteria: { 高兴: null, 生气: '抱怨', calm: { note: 'neither' } } },
  stars: { type: 'score', instructions: 'How good was it?',
    criteria: ['bad', 'fair', null, 'good', 'very good'] },
};

let server;
let model;
before(async () => {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  server = await startServer();
  model = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none needed' }).decisionModel('demo');
});
after(async () => assert.equal(await server.stop(), 0));

const decide = (state, questions = QUESTIONS, more = {}) => ask({ model, state, questions, ...more });
const answersTo = async (...given) => (await decide(...given)).answers;

describe('answers', () => {
  test('come for every type of question, by name', async () => {
    for (const state of [COMPLAINT, PRAISE]) {
      const { answers, usage, response, providerMetadata } = await decide(state);
      assert.deepEqual(Object.keys(answers), ['late', '心情', 'stars']);
      assert.ok(answers.late.probability > 0 && answers.late.probability < 1);
      const chances = answers.心情.probabilities;
      assert.deepEqual(Object.keys(chances), ['高兴', '生气', 'calm']);
      assertDistribution(Object.values(chances));
      assert.equal(chances[answers.心情.choice], Math.max(...Object.values(chances)));
      const levels = Object.values(answers.stars.probabilities);
      assert.equal(levels.length, 5);
      assertDistribution(levels);
      assertScore(answers.stars.score, levels);
      assert.equal(response.modelId, 'demo');
      assert.ok(usage.inputTokens > 60);
      assert.equal(usage.totalTokens, usage.inputTokens);
      assert.deepEqual(Object.keys(providerMetadata.openai.confidence), ['心情', 'stars']);
    }
  });

  test('are the same bits alone and with others', async () => {
    const together = await answersTo(COMPLAINT);
    for (const [name, question] of Object.entries(QUESTIONS)) {
      assert.deepEqual(await answersTo(COMPLAINT, { [name]: question }), { [name]: together[name] });
    }
    assert.notDeepEqual(await answersTo(PRAISE), together);
  });
});

describe('states and questions', () => {
  test('may be JSON, whatever way the SDK sends it', async () => {
    const order = { id: 5, items: ['茶', { name: 'cup', count: 2 }] };
    assert.deepEqual(await answersTo(order), await answersTo(JSON.stringify(order)));
    const numbers = [1, 2];  // no array of objects: the SDK sends its text
    assert.deepEqual(await answersTo([{ type: 'json', value: numbers }]), await answersTo('[1,2]'));
    const parts = [{ type: 'text', text: PRAISE }, { type: 'json', value: order }];
    assert.notDeepEqual(await answersTo(parts), await answersTo(parts.slice(1)));
    assert.notDeepEqual(await answersTo(parts), await answersTo([...parts].reverse()));
  });

  test('may have few words, or words in JSON', async () => {
    const answers = await answersTo(PRAISE, {
      bare: { type: 'choice', criteria: { yes: null, no: null } },
      described: { type: 'boolean', criteria: { true: { is: 'praise' }, false: ['other'] } },
      json: { type: 'boolean', instructions: { ask: 'Is it praise?' } },
      levels: { type: 'score', instructions: '几分？', criteria: [null, null, null] },
    });
    assertDistribution(Object.values(answers.bare.probabilities));
    assertDistribution(Object.values(answers.levels.probabilities));
  });

  test('may name options that look like numbers', async () => {
    const { which } = await answersTo('3 cups', { which: { type: 'choice', instructions: 'How many?',
      criteria: { 10: null, 3: null, none: null } } });
    assert.deepEqual(Object.keys(which.probabilities).sort(), ['10', '3', 'none']);
  });

  test('come with the options of OpenAI', async () => {
    const { warnings } = await decide(COMPLAINT, QUESTIONS, { providerOptions: { openai: {
      safetyIdentifier: 'me', promptCacheKey: 'a' } } });
    assert.deepEqual(warnings, []);
  });
});

describe('what cannot succeed', () => {
  const refused = (state, questions, says) =>
    refusedOnce(server, () => decide(state, questions), APICallError, says);
  const asked = (type, criteria) => ({ a: { type, instructions: 'Which?', criteria } });

  test('is refused once, with a sentence', async () => {
    const many = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`option ${i}`, null]));
    await refused(COMPLAINT, asked('choice', many), /255/);
    await refused(COMPLAINT, asked('score', Array(11).fill('x')), /10/);
    await refused(COMPLAINT, asked('score', ['x']), /2/);
    await refused(COMPLAINT, asked('choice', { only: null }), /choices.* 2 /);
    await refused('  ', QUESTIONS, /input/);
    await refused('long '.repeat(5000), QUESTIONS, /token/);
  });

  test('is told of images', async () => {
    const pixel = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
    await refused([{ type: 'file', mediaType: 'image/png', data: pixel }], QUESTIONS, /reads text only/);
  });
});
