// TypeSafe's SDK against a real server that speaks its System One API.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { APIError, choice, noul, score, TypeSafeClient } from '@typesafe-ai/sdk';
import { assertDistribution, assertScore, recordsOf, refusedOnce } from './records.mjs';
import { startServer } from './server.mjs';

const COMPLAINT = 'I was charged twice. Please help, this is the third time I ask.';
const PRAISE = '服务员很热情，菜也好吃，下次还来。';
const QUESTIONS = {
  billing: noul('Is this about billing?', { true: 'money was taken' }),
  mood: choice('客人的情绪如何？',
    { 满意: null, 不满: '抱怨或生气', neutral: { note: 'neither' } }),
  urgency: score('How urgent is it?', ['can wait', 'this week', 'now']),
};

let server;
let client;
before(async () => {
  server = await startServer();
  client = new TypeSafeClient({ baseURL: server.url, apiKey: 'none needed', logLevel: 'off' });
});
after(async () => assert.equal(await server.stop(), 0));

const ask = (state, questions = QUESTIONS, more = {}) =>
  client.systemOne({ state, questions, ...more });
const answersTo = async (...given) => (await ask(...given)).answers;

describe('answers', () => {
  test('come for every type of question, by name and in order, with usage', async () => {
    for (const state of [COMPLAINT, PRAISE]) {
      const { model, answers, usage } = await ask(state);
      assert.equal(model, 'demo');  // whatever was asked for: the SDK always names one
      assert.deepEqual(Object.keys(answers), ['billing', 'mood', 'urgency']);
      assert.deepEqual(Object.keys(answers.billing).sort(), ['noul', 'type']);
      assert.equal(answers.billing.type, 'noul');
      assert.ok(answers.billing.noul > 0 && answers.billing.noul < 1);

      const { mood, urgency } = answers;
      assert.equal(mood.type, 'choice');
      assert.deepEqual(Object.keys(mood.probabilities), ['满意', '不满', 'neutral']);
      assertDistribution(Object.values(mood.probabilities));
      const best = Math.max(...Object.values(mood.probabilities));
      assert.equal(mood.probabilities[mood.choice], best);
      assert.ok(Math.abs(mood.confidence - Math.max(0, (best - 1 / 3) / (2 / 3))) < 1e-9);

      assert.equal(urgency.type, 'score');
      assert.deepEqual(urgency.legend, { 0: 'can wait', 1: 'this week', 2: 'now' });
      assert.deepEqual(Object.keys(urgency.probabilities), ['0', '1', '2']);
      assertDistribution(Object.values(urgency.probabilities));
      assertScore(urgency.score, Object.values(urgency.probabilities));
      assert.ok(urgency.confidence >= 0 && urgency.confidence <= 1);

      assert.ok(usage.input_tokens > 60);
      assert.equal(usage.output_tokens, 0);
    }
  });

  test('are the same bits alone and with others', async () => {
    const together = await answersTo(COMPLAINT);
    for (const [name, question] of Object.entries(QUESTIONS)) {
      assert.deepEqual(await answersTo(COMPLAINT, { [name]: question }), { [name]: together[name] });
    }
    assert.notDeepEqual(await answersTo(PRAISE), together);
  });

  test('tell on request how much of its mind the model said', async () => {
    const answers = await answersTo(COMPLAINT, QUESTIONS, { label_mass: true });
    for (const answer of Object.values(answers)) {
      assert.ok(answer.x_label_mass > 0 && answer.x_label_mass <= 1, JSON.stringify(answer));
    }
    const without = await answersTo(COMPLAINT);
    assert.ok(!('x_label_mass' in without.mood));
    assert.equal(answers.billing.noul, without.billing.noul);
  });

  test('may be averaged over orders of the options', async () => {
    const mood = async (more) => (await answersTo(COMPLAINT, { mood: QUESTIONS.mood }, more)).mood;
    const averaged = await mood({ permutations: 3 });
    assertDistribution(Object.values(averaged.probabilities));
    assert.notDeepEqual(averaged.probabilities, (await mood()).probabilities);
  });
});

describe('states and questions', () => {
  test('may be JSON, which is read as its text', async () => {
    for (const state of [{ b: 1, a: ['长', { deep: null }] }, [COMPLAINT, { at: '10:30' }],
      [{ role: 'user', content: 'Where is it?' }, { role: 'assistant', content: '在路上。' }]]) {
      assert.deepEqual(await answersTo(state), await answersTo(JSON.stringify(state)));
    }
    assert.notDeepEqual(await answersTo({ b: 1, a: 2 }), await answersTo({ a: 2, b: 1 }));
  });

  test('may have instructions and descriptions in JSON, or few of them', async () => {
    const answers = await answersTo({ text: PRAISE }, {
      json: noul({ ask: 'Is it praise?', scale: [0, 1] }),
      described: noul(null, { true: { is: 'praise' }, false: 'anything else' }),
      bare: choice(null, { yes: null, no: null }),
      is_praise: noul(),  // its name asks
      undescribed: score(null, [null, 'fair', null]),
      levels: score(['How good?'], [{ is: 'bad' }, ['good', 'very good']]),
    });
    assert.ok(answers.json.noul > 0 && answers.json.noul < 1);
    assert.ok(answers.described.noul > 0 && answers.described.noul < 1);
    assertDistribution(Object.values(answers.bare.probabilities));
    const asked = await answersTo({ text: PRAISE }, { other: noul('is_praise') });
    assert.deepEqual(answers.is_praise, asked.other);
    assert.deepEqual(answers.undescribed.legend, { 0: null, 1: 'fair', 2: null });
    assert.deepEqual(answers.levels.legend, { 0: { is: 'bad' }, 1: ['good', 'very good'] });
  });

  test('may be as many as a request holds', async () => {
    const questions = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [`q${i}`, noul(`Does it say the number ${i}?`)]));
    const answers = await answersTo(COMPLAINT, questions);
    assert.deepEqual(Object.keys(answers), Object.keys(questions));
  });
});

describe('what cannot succeed', () => {
  const refused = async (request, says) => {
    const error = await refusedOnce(
      server, () => client.systemOne({ state: PRAISE, questions: QUESTIONS, ...request }), APIError, says);
    assert.ok([400, 413, 422].includes(error.status), error.status);
  };
  const options = (count) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`option ${i}`, null]));

  test('is refused once, with the question and a sentence', async () => {
    await refused({ questions: { mood: choice('Which?', options(256)) } }, /mood.*255/);
    await refused({ questions: { mood: choice('Which?', {}) } }, /mood/);
    await refused({ questions: { mood: choice('Which?', { ' ': null, b: null }) } }, /mood/);
    await refused({ questions: { level: score('How?', Array(11).fill('x')) } }, /level.*10/);
    await refused({ questions: { odd: { type: 'boolean', instructions: 'Is it?' } } }, /odd.*noul/);
    await refused({ questions: { odd: noul('Is it?', { yes: 'x' }) } }, /odd.*yes/);
    await refused({ state: '' }, /state/);
    await refused({ state: null }, /state/);
    await refused({ state: 'long '.repeat(5000) }, /state/);
    await refused({ questions: Object.fromEntries(
      Array.from({ length: 65 }, (_, i) => [`q${i}`, noul('Is it?')])) }, /64/);
  });

  test('is told of images', async () => {
    await refused({ images: ['data:image/png;base64,AA=='] }, /images.*reads text only/);
  });
});

test('models are listed as the SDK wants them', async () => {
  const models = await client.models.list();
  assert.equal(models[0].name, 'demo');
  assert.ok(models[0].description.length > 0);
  assert.match(models[0].release_date, /^\d{4}-\d\d-\d\d$/);
});

test('a record of kind and count is left', async () => {
  const [record] = await recordsOf(server, () => ask(PRAISE));
  assert.equal(record.path, '/v1/systemone');
  const [{ task, counters }] = record.tasks;
  assert.equal(task, 'decision');
  assert.equal(counters.questions, 3);
});
