import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { addressOf, filtersOf, queryOf } = await source("views/requests/filters.ts");
const { fromLocalInput, isMoment, toLocalInput } = await source("parts/local_time.ts");
const { clockTime, count, dateTime, percent } = await source("format.ts");
const { reportQuery } = await source("views/analysis/address.ts");
const { outcomeOf } = await source("parts/outcomes.ts");

test("filters survive the address, unknown and empty ones do not", () => {
  const filters = filtersOf(new URLSearchParams("task=%E4%BB%BB&status=4xx,failed&min_chars=%20&color=red"));
  assert.deepEqual(filters, { task: "任", status: "4xx,failed" });
  const address = addressOf(filters);
  assert.deepEqual(filtersOf(new URLSearchParams(address.split("?")[1])), filters);
  assert.equal(addressOf({}), "#/requests");
  assert.equal(queryOf({ sort: "slowest", task: "" }, { format: "csv" }), "?sort=slowest&format=csv");
});

test("an id is one part of the address, whatever is in it", () => {
  const address = addressOf({ task: "chat" }, "a/b?c#d%20 e");
  assert.equal(address, "#/requests/a%2Fb%3Fc%23d%2520%20e?task=chat");
});

test("a field of local time gives back the moment it was given", () => {
  const now = 1_800_000_000_000;
  assert.equal(fromLocalInput(toLocalInput(String(now))), String(now));
  assert.equal(toLocalInput("15m"), "");
  assert.equal(toLocalInput(undefined), "");
  assert.equal(fromLocalInput(""), undefined);
  assert.equal(fromLocalInput("0002-01-01T00:00"), undefined);
});

test("what is no moment, or one of no calendar, leaves a field of time empty", () => {
  const no = ["1e20", "8640000000000001", "-1e300", "-1", "5", "0x10", "1e12", "", "constructor", "6h", "NaN", "Infinity", null, undefined];
  for (const text of no) {
    assert.equal(toLocalInput(text), "", String(text));
    assert.equal(isMoment(text), false, String(text));
  }
  assert.equal(toLocalInput("999999999999999"), ""); // the year 33658
  const minute = toLocalInput("1800000000000");
  assert.match(minute, /^2027-01-15T\d\d:\d\d$/);
  assert.match(toLocalInput("1800000001000"), /:01$/);
});

test("numbers that nobody can read are a dash", () => {
  for (const ms of [NaN, Infinity, 8.64e15 + 1, -1e300, undefined]) {
    assert.equal(dateTime(ms), "–");
    assert.equal(clockTime(ms), "–");
  }
  assert.equal(percent(NaN), "–");
  assert.equal(count(NaN), "–");
  assert.equal(percent(0.5), "50 %");
  assert.match(dateTime(1_800_000_000_000), /^2027-01-15 \d\d:\d\d:\d\d$/);
});

test("the report is asked for with its own parameters only", () => {
  const asked = (text) => reportQuery(new URLSearchParams(text)).toString();
  assert.equal(asked("x=y&a_since=1h&mode=report&format=html&lang=zh&charts=0"), "");
  assert.equal(asked("trend=day&task=chat&since=6h&until=%20&x=1&last=5&last=6"), "last=5&since=6h&task=chat&trend=day");
});

test("outcomes are those of docs/tracing.md", () => {
  const cases = [[200, null, "answered"], [200, "deadline_exceeded", "failed"], [404, "not_found", "client_error"], [429, "x", "refused"],
    [499, "cancelled", "cancelled"], [500, "internal", "failed"], [503, "resource_exhausted", "refused"], [504, "x", "failed"]];
  for (const [status, error, outcome] of cases) assert.equal(outcomeOf(status, error), outcome, `${status} ${error}`);
});
