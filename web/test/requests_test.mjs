import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { addressOf, filtersOf, fromLocalInput, queryOf, toLocalInput } = await source("views/requests/filters.ts");
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
});

test("outcomes are those of docs/tracing.md", () => {
  const cases = [[200, null, "answered"], [200, "deadline_exceeded", "failed"], [404, "not_found", "client_error"], [429, "x", "refused"],
    [499, "cancelled", "cancelled"], [500, "internal", "failed"], [503, "resource_exhausted", "refused"], [504, "x", "failed"]];
  for (const [status, error, outcome] of cases) assert.equal(outcomeOf(status, error), outcome, `${status} ${error}`);
});
