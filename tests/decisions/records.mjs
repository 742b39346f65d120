// What a server recorded of the requests that a client made.
import assert from 'node:assert/strict';
import { eventually } from './server.mjs';

async function recorded(server) {
  const answer = await fetch(`${server.url}/requests?limit=1000`);
  return (await answer.json()).requests;
}

// The records of the `least` or more requests that came while `work` ran, oldest first. A client that
// tries again does so before it gives up: all that it sent is there.
export async function recordsOf(server, work, least = 1) {
  const earlier = new Set((await recorded(server)).map(({ request_id: id }) => id));
  const begin = Date.now();  // the record of an answer before may come only after it
  await work();
  let records;
  await eventually(async () => {
    records = (await recorded(server)).filter(
      ({ request_id: id, arrived_unix_ms: arrived }) => !earlier.has(id) && arrived >= begin);
    return records.length >= least;
  });
  return records.reverse();
}

// The client is told why, in a sentence that matches `message`, and does not try again.
export async function refusedOnce(server, call, kind, message) {
  let error;
  const records = await recordsOf(server, async () => {
    error = await call().then(() => assert.fail('was answered'), (thrown) => thrown);
  });
  assert.equal(records.length, 1, `asked ${records.length} times`);
  assert.ok(error instanceof kind, `${error}`);
  assert.match(error.message, message);
  assert.ok(error.message.length > 20, error.message);
  assert.ok(records[0].status >= 400 && records[0].status < 500, records[0].status);
  return error;
}

// A distribution as strict clients check it.
export function assertDistribution(probabilities) {
  assert.ok(probabilities.length > 0);
  assert.ok(probabilities.every((value) => value >= 0 && value <= 1), `${probabilities}`);
  const sum = probabilities.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum - 1) < 1e-9, `the sum is ${sum}`);
}

export function assertScore(score, probabilities) {
  const mean = probabilities.reduce((total, value, level) => total + level * value, 0);
  assert.ok(Math.abs(mean - score) < 1e-9, `${score} is not the mean ${mean}`);
}
