import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { shownLanes, summarize, ticks } = await source("parts/waterfall_model.ts");
const { withClientTimes } = await source("api/requests.ts");

const counters = {
  prompt_tokens: 60, cached_tokens: 32, completion_tokens: 11, first_token_ms: 40, last_token_ms: 140, prefill_steps: 1, decode_steps: 10,
};
const record = {
  request_id: "a", total_response_time_ms: 150, metrics: { ttft: 40 }, client: null,
  tasks: [{ task: "chat", counters }, { task: "sentiment", counters: { ...counters, completion_tokens: 0, first_token_ms: null, last_token_ms: null } }],
  lanes: [
    { lane: "request", begin_ms: 0, end_ms: 150, dropped_intervals: 0, intervals: [{ stage: "tasks", begin_ms: 1, end_ms: 149 }] },
    { lane: "chat", begin_ms: 1, end_ms: 149, dropped_intervals: 0, intervals: [{ stage: "decode", begin_ms: 30, end_ms: 140 }] },
  ],
};
const stamps = { first_byte_ms: 4, first_token_ms: 60, last_byte_ms: 160, done_ms: 170 };

test("without the browser's times the axis is the server's", () => {
  const { lanes, end_ms } = shownLanes(record);
  assert.deepEqual(lanes.map(({ name }) => name), ["request", "chat"]);
  assert.equal(end_ms, 150);
});

test("the browser's lane adds up, and the server's lie within it", () => {
  const { lanes, end_ms } = shownLanes(withClientTimes(record, stamps));
  const [client, request] = lanes;
  assert.equal(end_ms, 170);
  assert.equal(client.intervals.reduce((sum, { begin_ms, end_ms: end }) => sum + end - begin_ms, 0), 170);
  assert.ok(request.begin_ms >= 0 && request.begin_ms <= stamps.first_byte_ms, "the answer cannot come before the request");
  assert.equal(request.end_ms - request.begin_ms, 150);
  assert.ok(request.end_ms <= stamps.last_byte_ms);
});

test("a clock so coarse that the server seems to take longer", () => {
  const { lanes } = shownLanes(withClientTimes(record, { ...stamps, last_byte_ms: 145, done_ms: 155 }));
  for (const { intervals } of lanes) {
    for (const { begin_ms, end_ms } of intervals) assert.ok(begin_ms <= end_ms);
  }
});

test("the summary's shares are of the time that the user waited", () => {
  const { wall_ms, server_ms, network_ms, rendering_ms, tokens_per_s, cached_tokens, first_token_ms } = summarize(withClientTimes(record, stamps));
  assert.equal(network_ms + server_ms + rendering_ms, wall_ms);
  assert.equal(wall_ms, 170);
  assert.equal(tokens_per_s, 100);
  assert.equal(cached_tokens, 64);
  assert.equal(first_token_ms, 60);
  assert.equal(summarize(record).first_token_ms, 40);
});

test("a stopped request has no shares: the server ends after the browser", () => {
  const stopped = summarize(withClientTimes(record, { first_byte_ms: 3, first_token_ms: 50, last_byte_ms: 80, done_ms: 90 }));
  assert.equal(stopped.wall_ms, 90);
  assert.equal(stopped.network_ms, null);
});

test("ticks are round and few", () => {
  assert.deepEqual(ticks(217, 5), [0, 50, 100, 150, 200]);
  assert.deepEqual(ticks(0.9, 5), [0, 0.2, 0.4, 0.6000000000000001, 0.8]);
  for (const end of [0.001, 0.7, 3, 99, 1234, 600_000]) assert.ok(ticks(end, 5).length <= 6, String(end));
});
