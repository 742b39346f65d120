// The requests view against a real server: filters, drill-down, downloads, what comes while one reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  assertAccessible, assertFitsWidth, closePage, launchBrowser, openPage, phone, screenshot,
  startServer,
} from "./page.mjs";

const trickyId = "../a//b:c=d+e@f~g,h|i"; // as far as an id may go
let server;
let browser;

/** Resolves to the answer's id. */
async function send(path, body, headers = {}) {
  const answer = await fetch(server.url + path, { method: "POST", body: JSON.stringify(body), headers });
  await answer.text();
  return answer.headers.get("x-request-id");
}

before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  await send("/chat", { input: "今天天气真好", max_new_tokens: 4 });
  await send("/v1/tasks/sentiment", { input: "This was a terrible day. ".repeat(8) });
  await send("/v1/tasks/sentiment", { input: "好" }, { "X-Request-Id": trickyId });
  await send("/chat", { input: 1 }, { "X-Request-Id": "wrong-field" });
  await send("/chat", { input: "too slow", timeout_ms: 1, max_new_tokens: 100 }, { "X-Request-Id": "out-of-time" });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function openRequests(hash = "#/requests", options = {}) {
  const page = await openPage(browser, `${server.url}/${hash}`, options);
  await page.locator(".requests-table, .empty, .request h1").first().waitFor();
  return page;
}

function rows(page) {
  return page.locator(".requests-table tbody tr");
}

/** The table has so many rows; it is asked for after a change of the filters. */
async function untilRows(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".requests-table tbody tr").length === wanted, count);
}

async function downloaded(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

test("filters choose, stay in the address, and a link shows the same", async () => {
  const page = await openRequests();
  await untilRows(page, 5);
  const filters = page.getByRole("form", { name: "Filters" });
  const field = (name) => filters.getByRole("combobox", { name, exact: true });
  await field("Task").selectOption("sentiment");
  await field("Result").selectOption("answered");
  await untilRows(page, 3);
  await filters.getByLabel("Length (characters) at least").fill("100");
  await filters.getByLabel("Length (characters) at least").press("Enter");
  await untilRows(page, 1);
  assert.match(page.url(), /#\/requests\?task=sentiment&status=answered&min_chars=100$/);
  await page.reload();
  await untilRows(page, 1);
  assert.equal(await field("Task").inputValue(), "sentiment");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await untilRows(page, 5);
  await field("Result").selectOption("failed");
  await untilRows(page, 1);
  assert.match(await rows(page).first().textContent(), /504.*deadline_exceeded/);
  await page.goto(`${server.url}/#/requests?status=400,504&sort=slowest`);
  await untilRows(page, 2);
  // Which of the two took longer is the machine's affair.
  const answer = await fetch(`${server.url}/requests?status=400,504&sort=slowest`);
  const slowest = (await answer.json()).requests[0].request_id;
  const link = rows(page).first().getByRole("link").first();
  assert.ok((await link.getAttribute("href")).includes(slowest));
  assert.equal(await field("Order").inputValue(), "slowest");
  await filters.getByLabel("Slower than (ms)").fill("1000000");
  await filters.getByLabel("Slower than (ms)").press("Enter");
  await page.getByText("No request matches these filters.").waitFor();
  await page.goto(`${server.url}/#/requests?since=${Date.now() + 60_000}`);
  await page.getByText("No request matches these filters.").waitFor();
  assert.notEqual(await filters.getByLabel("From", { exact: true }).inputValue(), "");
  await field("Time").selectOption("1h");
  await untilRows(page, 5);
  await closePage(page);
});

test("a time that is none leaves the field empty, and the server says why", async () => {
  const page = await openRequests("#/requests", { allowed: [/Failed to load resource/] });
  for (const query of ["since=1e20", "since=8640000000000001", "until=-1e300", "since=constructor", "since=0x10"]) {
    await page.goto(`${server.url}/#/requests`);
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.goto(`${server.url}/#/requests?${query}`);
    await page.getByRole("alert").filter({ hasText: "is no time" }).waitFor();
    assert.equal(await page.getByLabel("From", { exact: true }).inputValue(), "", query);
    assert.equal(await page.getByLabel("To", { exact: true }).inputValue(), "", query);
  }
  await closePage(page);
});

/** The lists that `page` asks for from now on, by what is behind the "?" of their addresses. */
function asked(page) {
  const queries = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === "/requests") queries.push(search);
  });
  return queries;
}

test("fields of time stay while they are edited, and are asked for when they are whole", async () => {
  const page = await openRequests();
  await untilRows(page, 5);
  await page.getByLabel("Refresh by itself").uncheck();
  await page.getByRole("combobox", { name: "Time", exact: true }).selectOption("custom");
  await page.waitForURL(/since=\d+$/);
  const from = page.getByLabel("From", { exact: true });
  const to = page.getByLabel("To", { exact: true });
  await untilRows(page, 5);
  const queries = asked(page);
  await from.focus();
  await page.keyboard.press("Backspace"); // a part of it: there is no value any more
  assert.equal(await from.inputValue(), "");
  await page.keyboard.press("Tab"); // to the next part
  assert.ok(await from.evaluate((field) => field === document.activeElement));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Fill in the date" }).waitFor();
  assert.match(page.url(), /since=\d+$/);
  assert.deepEqual(queries, []);

  await from.fill(""); // as the picker's "Clear" does
  await page.waitForURL(/#\/requests$/); // after a pause
  await from.waitFor();
  assert.ok(await from.evaluate((field) => field === document.activeElement));
  await to.fill("2020-01-01T00:00");
  await to.press("Enter");
  await page.waitForURL(/#\/requests\?until=\d+$/); // without a "from"
  await page.getByText("No request matches these filters.").waitFor();

  queries.length = 0;
  await to.focus();
  for (const key of ["0", "1", "0", "1", "2", "0", "3", "1"]) await page.keyboard.press(key);
  assert.equal(await to.inputValue(), "2031-01-01T00:00");
  await from.focus(); // the field is left
  await untilRows(page, 5);
  assert.deepEqual(queries, [`?until=${new Date(2031, 0, 1).getTime()}`]);
  await to.fill("0002-01-01T00:00");
  await from.focus();
  await page.getByRole("alert").filter({ hasText: "From the year 1971" }).waitFor();
  assert.match(page.url(), new RegExp(`until=${new Date(2031, 0, 1).getTime()}$`));
  await assertAccessible(page);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await to.waitFor({ state: "detached" });
  await closePage(page);
});

test("numbers that cannot be are not asked for; what is typed outlives a refresh", async () => {
  const page = await openRequests("#/requests", { language: "zh-CN" });
  await untilRows(page, 5);
  const queries = asked(page);
  const least = page.getByLabel("长度（字符） 至少");
  const most = page.getByLabel("长度（字符） 至多");
  const alert = (text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
  for (const [text, said] of [["-5", "不能小于 0。"], ["1.5", "请输入整数。"], ["1e30", "不能大于"]]) {
    await least.fill(text);
    await least.press("Enter");
    await alert(said);
  }
  await page.waitForResponse(/\/requests$/); // the table is drawn anew
  await page.waitForResponse(/\/requests$/);
  assert.equal(await least.inputValue(), "1e30");
  assert.ok(queries.every((query) => query === ""), String(queries));
  await least.fill("1e2");
  await least.press("Enter");
  await page.waitForURL(/#\/requests\?min_chars=100$/);
  await untilRows(page, 1);
  await most.fill("50");
  await most.press("Enter");
  await alert("不能小于 100。");
  await page.getByLabel("慢于（毫秒）").pressSequentially("-");
  await most.focus();
  await alert("请输入数字。");
  await page.getByLabel("慢于（毫秒）").fill("0.5");
  await page.waitForURL(/slow=0\.5$/); // after a pause
  await closePage(page);
});

test("what the server refuses of a filter is said in its words", async () => {
  const page = await openRequests("#/requests", { allowed: [/Failed to load resource/] });
  await page.goto(`${server.url}/#/requests?status=perhaps`);
  await page.getByRole("alert").filter({ hasText: "status" }).waitFor();
  await closePage(page);
});

test("a row leads to its waterfall, by keyboard, and back to the same list", async () => {
  const page = await openRequests("#/requests?task=chat&status=answered");
  await untilRows(page, 1);
  await rows(page).getByRole("link").focus();
  await page.keyboard.press("Enter");
  await page.locator(".waterfall").waitFor();
  assert.match(page.url(), /#\/requests\/[^/?]+\?task=chat&status=answered$/);
  const id = await page.getByRole("heading", { level: 1 }).textContent();
  const record = await (await fetch(`${server.url}/requests/${id}`)).json();
  const text = await page.locator("main").textContent();
  for (const task of record.tasks) assert.ok(text.includes(task.task));
  const chat = record.tasks.find(({ task }) => task === "chat");
  const generated = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "generated tokens" }) });
  assert.match(await generated.textContent(), new RegExp(`${chat.counters.completion_tokens}$`));
  await assertAccessible(page);
  await screenshot(page, "request");
  await page.getByRole("link", { name: "All requests" }).click();
  await untilRows(page, 1);
  await closePage(page);
});

test("errors are said in words, ids are text whatever is in them", async () => {
  const page = await openRequests("#/requests/wrong-field", { allowed: [/Failed to load resource/] });
  await page.getByText("a field is missing, unknown or out of range").waitFor();
  await page.goto(`${server.url}/#/requests/out-of-time`);
  await page.getByText("Its time ran out.").waitFor();
  await page.goto(`${server.url}/#/requests?task=sentiment&max_chars=1`);
  await untilRows(page, 1);
  await rows(page).first().click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: trickyId }).waitFor();
  await page.locator(".waterfall").waitFor();
  const { name, text } = await downloaded(page, "JSON");
  assert.equal(name, "qaio-requests.json");
  assert.deepEqual(JSON.parse(text).requests.map((record) => record.request_id), [trickyId]);
  await page.goto(`${server.url}/#/requests/nobody-knows-it`);
  await page.getByRole("alert").filter({ hasText: "no longer kept" }).waitFor();
  await closePage(page);
});

test("ids that mean a folder in a path have their detail, too", async () => {
  for (const id of ["..", "."]) {
    await send("/chat", { input: 1 }, { "X-Request-Id": id });
    await send("/chat", { input: 1 }, { "X-Request-Id": id });
    const page = await openPage(browser, `${server.url}/#/requests?id=${id}`);
    await untilRows(page, 2);
    await rows(page).first().click();
    await page.locator(".waterfall").waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), id);
    await page.getByText("1 other request came").waitFor();
    await closePage(page);
  }
  const page = await openPage(browser, `${server.url}/#/requests/%2e%2e?task=none`);
  await page.locator(".waterfall").waitFor();
  await closePage(page);
});

test("an answer that is no JSON is said in words", async () => {
  for (const [language, said] of [["en-US", "Is this still the same server?"], ["zh-CN", "这还是同一个服务器吗？"]]) {
    const page = await openPage(browser, server.url, { language });
    await page.route(/:\d+\/requests/, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Sign in</h1>" }));
    await page.goto(`${server.url}/#/requests`);
    await page.getByRole("alert").filter({ hasText: said }).waitFor();
    await page.goto(`${server.url}/#/requests/wrong-field`);
    await page.getByRole("alert").filter({ hasText: said }).waitFor();
    await closePage(page);
  }
});

for (const language of ["en-US", "zh-CN"]) {
  test(`fits a window of 320 px, ${language}`, async () => {
    const page = await openRequests("#/requests?since=1800000000000&until=1900000000000&min_chars=5", {
      language, viewport: { width: 320, height: 700 } });
    await assertFitsWidth(page);
    await page.locator("#requests-min_chars").fill("1.5");
    await page.locator("#requests-min_chars").press("Enter");
    await page.getByRole("alert").waitFor();
    await assertFitsWidth(page);
    await screenshot(page, `requests-320-${language}`);
    for (const id of ["wrong-field", "out-of-time", trickyId]) {
      await page.goto(`${server.url}/#/requests/${encodeURIComponent(id)}`);
      await page.getByRole("heading", { level: 1 }).filter({ hasText: id }).waitFor();
      await page.locator(".waterfall").waitFor();
      await screenshot(page, `request-320-${language}-${id.slice(1, 4)}`);
      await assertFitsWidth(page);
    }
    await closePage(page);
  });
}

test("the list can be downloaded as it is filtered: CSV, JSON, timeline", async () => {
  const page = await openRequests("#/requests?task=sentiment&status=answered");
  await untilRows(page, 3);
  const csv = await downloaded(page, "CSV");
  assert.equal(csv.name, "qaio-requests.csv");
  const lines = csv.text.trim().split(/\r?\n/);
  assert.equal(lines.length, 4);
  assert.ok(lines[0].split(",").includes("request_id"));
  const json = JSON.parse((await downloaded(page, "JSON")).text);
  assert.equal(json.requests.length, 3);
  assert.ok(json.requests.every(({ tasks }) => tasks.some(({ task }) => task === "sentiment")));
  const timeline = JSON.parse((await downloaded(page, "Timeline")).text);
  assert.ok((timeline.traceEvents ?? timeline).length > 0);
  await closePage(page);
});

test("new requests come by themselves, but not under the reader's eyes", async () => {
  const page = await openRequests("#/requests?task=sentiment&status=answered");
  await untilRows(page, 3);
  await send("/v1/tasks/sentiment", { input: "不好" });
  await untilRows(page, 4);
  await rows(page).nth(2).hover();
  const before = await page.locator(".requests-table").textContent();
  await send("/v1/tasks/sentiment", { input: "很好" });
  const button = page.getByRole("button", { name: "Show 1 new" });
  await button.waitFor();
  assert.equal(await page.locator(".requests-table").textContent(), before);
  await button.click();
  await untilRows(page, 5);
  await page.getByLabel("Refresh by itself").uncheck();
  await closePage(page);
});

for (const [theme, language] of [["light", "en-US"], ["dark", "zh-CN"]]) {
  test(`accessible and as wide as a phone, ${theme}, ${language}`, async () => {
    const page = await openRequests("#/requests", { theme, language, viewport: phone });
    await rows(page).first().waitFor();
    await assertAccessible(page);
    await assertFitsWidth(page);
    await screenshot(page, `requests-phone-${theme}-${language}`);
    await page.goto(`${server.url}/#/requests/${encodeURIComponent(trickyId)}`);
    await page.locator(".waterfall").waitFor();
    await assertAccessible(page);
    await assertFitsWidth(page);
    await closePage(page);
  });
}

test("a server without requests says so", async () => {
  const fresh = await startServer();
  const page = await openPage(browser, `${fresh.url}/#/requests`);
  await page.getByText("No requests yet.").waitFor();
  await closePage(page);
  await fresh.stop();
});

test("a request with several questions says how many", async () => {
  const id = await send("/v1/systemone", {
    model: "any", state: "The delivery came late and the box was broken.",
    questions: {
      late: { type: "noul", instructions: "Was it late?" },
      mood: { type: "choice", instructions: "How does it sound?", criteria: { angry: null, happy: null, neutral: null } },
    },
  });
  const page = await openRequests();
  const row = rows(page).filter({ hasText: "decision" });
  await row.waitFor();
  assert.match(await row.textContent(), /2 questions, 7 labels/);
  await page.goto(`${server.url}/#/requests/${id}`);
  const tasks = page.getByRole("region", { name: "Tasks" });
  await tasks.waitFor();
  assert.match(await tasks.getByRole("row", { name: "wording" }).textContent(), /qaio-/);
  assert.match(await tasks.getByRole("row", { name: "labels scored" }).textContent(), /7$/);
  await closePage(page);
});
