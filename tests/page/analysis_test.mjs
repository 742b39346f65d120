// The view Analysis: findings, charts, the form, comparisons; nothing there yet; what goes wrong.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  assertAccessible, assertFitsWidth, closePage, launchBrowser, openPage, phone, screenshot,
  startServer,
} from "./page.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer("--records-kept", "500"), launchBrowser()]);
  for (let i = 0; i < 90; ++i) await chat(server, i);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A request whose length, and with it its time, depends on `i`. */
async function chat(to, i, id = `r${i}`) {
  const response = await fetch(`${to.url}/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Request-Id": id },
    body: JSON.stringify({
      input: "今天的服务真的很好。".repeat(1 + (i % 8)), seed: i, max_new_tokens: 4 + (i % 13),
    }),
  });
  assert.equal(response.status, 200, await response.text());
}

async function shown(page) {
  await page.locator(".figure svg").first().waitFor();
  await page.locator("[aria-busy=false]").waitFor();
}

test("findings begin with what they mean; the evidence folds out by keyboard", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis`);
  await shown(page);
  const first = page.locator(".findings li").first();
  assert.ok((await first.locator(".meaning").innerText()).length > 20);
  const evidence = first.locator("details p").first();
  assert.equal(await evidence.isVisible(), false);
  await first.locator("summary").focus();
  await page.keyboard.press("Enter");
  await evidence.waitFor({ state: "visible" });
  const report = await (await fetch(`${server.url}/report?last=100`)).json();
  assert.equal(await page.locator("[data-finding]").count(), report.findings.length);
  assert.equal(await first.locator(".meaning").innerText(), report.findings[0].meaning);
  await screenshot(page, "analysis");
  await closePage(page);
});

test("charts are drawn with the page's colours, outliers and slow requests link to their records", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis`);
  await shown(page);
  const names = await page.locator("[data-chart]").evaluateAll((all) => all.map((one) => one.dataset.chart));
  for (const name of ["shares", "timeline", "stages", "slowest.1", "length.chat.decode"])
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  const colours = () => page.evaluate(() => getComputedStyle(document.querySelector(".svg-chart .stage-decode")).fill);
  const light = await colours();
  await page.emulateMedia({ colorScheme: "dark" });
  assert.notEqual(await colours(), light);
  const link = page.locator('[data-chart="slowest.1"] a');
  const id = await link.innerText();
  assert.equal(await link.getAttribute("href"), `#/requests/${id}`);
  await closePage(page);
});

test("the form chooses requests, and the address keeps the choice", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis`);
  await shown(page);
  await page.getByLabel("Trend").selectOption("day");
  await page.locator('[data-chart="trend"] svg').waitFor();
  await page.getByLabel("Task").selectOption("sentiment");
  await page.waitForURL(/task=sentiment/);
  await page.reload();
  await page.locator('[data-chart="trend"] svg').waitFor();
  assert.equal(await page.getByLabel("Task").inputValue(), "sentiment");
  assert.equal(await page.getByLabel("Requests").inputValue(), "last=100");
  await page.getByLabel("Requests").selectOption("custom");
  await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
  await page.getByText("No requests match this choice.").waitFor();
  await page.getByLabel("Requests").selectOption("last=1000");
  await shown(page);
  await closePage(page);
});

test("two time spans are compared, with intervals and a verdict", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis`);
  await page.getByRole("button", { name: "Comparison" }).click();
  await page.locator('[data-chart="comparison"] svg .median').first().waitFor();
  assert.match(await page.locator(".verdict").innerText(), /No difference|slower|faster/);
  await page.getByText("All figures").click();
  await page.getByRole("rowheader", { name: "chat.decode" }).waitFor();
  await screenshot(page, "analysis_compare");
  await page.getByLabel("A, before").selectOption({ label: "until a day ago" });
  await page.getByText("Too few requests to compare times: 0 of A").waitFor();
  await page.getByLabel("A, before").selectOption("custom");
  await page.locator("#compare-a-since").fill("2020-01-01T00:00");
  await page.locator("#compare-a-until").fill("2021-01-01T00:00");
  await page.waitForURL(/a=since%3D\d+%26until%3D\d+/);
  await page.getByText("Too few requests to compare times: 0 of A").waitFor();
  await page.reload();
  assert.equal(await page.locator("#compare-a-until").inputValue(), "2021-01-01T00:00");
  await page.getByLabel("A, before").selectOption({ label: "last hour" });
  await page.getByLabel("B, after").selectOption({ label: "last hour" });
  await page.getByText("Both sides are the same choice.").waitFor();
  await closePage(page);
});

test("fields of time stay while they are edited; what is no parameter of the view has no effect", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis?x=y&a_since=1h&format=html&since=1000000000000`);
  await shown(page);
  const asked = [];
  page.on("request", (request) => request.url().includes("/report?") && asked.push(request.url()));
  const from = page.getByLabel("From", { exact: true });
  const to = page.getByLabel("To", { exact: true });
  assert.notEqual(await from.inputValue(), "");
  await from.focus();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Tab");
  assert.ok(await from.evaluate((field) => field === document.activeElement));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Fill in the date" }).waitFor();
  assert.deepEqual(asked, []);
  await from.fill("");
  await from.press("Enter");
  await page.waitForURL(/#\/analysis$/); // neither from nor to, nor what the view does not know
  await shown(page);
  await to.fill("0020-01-01T00:00");
  await from.focus();
  await page.getByRole("alert").filter({ hasText: "From the year 1971" }).waitFor();
  asked.length = 0;
  await to.focus();
  for (const key of ["0", "1", "0", "1", "2", "0", "2", "0"]) await page.keyboard.press(key);
  await from.focus();
  await page.getByText("No requests match this choice.").waitFor();
  assert.equal(asked.length, 1, String(asked));
  assert.match(page.url(), /#\/analysis\?until=\d+$/);

  await page.goto(`${server.url}/#/analysis?mode=compare&x=y&a=until%3D1600000000000&b=since%3D1h`);
  const until = page.locator("#compare-a-until");
  await page.getByText("Too few requests to compare times").waitFor();
  await until.fill(""); // a side is made of something
  await until.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Fill in the date" }).waitFor();
  assert.match(page.url(), /a=until%3D1600000000000/);
  await assertAccessible(page);
  await closePage(page);
});

test("a time that is none is refused in words, one of no calendar leaves the field empty", async () => {
  const page = await openPage(browser, `${server.url}/#/analysis?since=1e20`, { allowed: [/Failed to load resource/] });
  await page.getByRole("alert").filter({ hasText: "'1e20' is no time" }).waitFor();
  await page.goto(`${server.url}/#/analysis?until=-1e300`);
  await page.getByRole("alert").filter({ hasText: "'-1e300' is no time" }).waitFor();
  await page.goto(`${server.url}/#/analysis?since=999999999999999`); // the year 33658
  await page.getByText("No requests match this choice.").waitFor();
  assert.equal(await page.getByLabel("From", { exact: true }).inputValue(), "");
  await closePage(page);
});

for (const [language, theme] of [["en-US", "light"], ["zh-CN", "dark"]]) {
  test(`accessible and as wide as a phone: ${language}, ${theme}`, async () => {
    const page = await openPage(browser, `${server.url}/#/analysis?trend=day`, { language, theme, viewport: phone });
    await shown(page);
    await page.locator("summary").first().click();
    await assertAccessible(page);
    await assertFitsWidth(page);
    const said = await page.locator("main").innerText();
    assert.equal(/[\u4e00-\u9fff]/.test(said), language === "zh-CN");
    if (language === "zh-CN") assert.doesNotMatch(said, / the | requests/);
    await screenshot(page, `analysis_phone_${theme}`);
    await page.goto(`${server.url}/#/analysis?mode=compare`);
    await page.locator('[data-chart="comparison"] svg').waitFor();
    await assertAccessible(page);
    await assertFitsWidth(page);
    await closePage(page);
  });
}

test("what comes later is there after a refresh", async () => {
  const young = await startServer();
  await chat(young, 1);
  const page = await openPage(browser, `${young.url}/#/analysis`);
  await page.getByText("1 request, 1 answered").waitFor();
  await chat(young, 2);
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("2 requests, 2 answered").waitFor();
  await closePage(page);
  await young.stop();
});

for (const theme of ["light", "dark"]) {
  test(`the report of qaio report as a page of its own is accessible: ${theme}`, async () => {
    const page = await openPage(browser, `${server.url}/report?format=html&trend=day`, { theme });
    await page.locator("svg.svg-chart").first().waitFor();
    await page.locator("summary").first().click();
    await assertAccessible(page);
    await closePage(page);
  });
}

test("what is not there yet, and what is wrong, is said in words", async () => {
  const young = await startServer();
  const page = await openPage(browser, `${young.url}/#/analysis`, { allowed: [/Failed to load resource/] });
  await page.getByText("No requests yet.").waitFor();
  await assertAccessible(page);
  await page.getByRole("button", { name: "Comparison" }).click();
  await page.getByText("No requests yet.").waitFor();
  for (let i = 0; i < 3; ++i) await chat(young, i, `<img src=x onerror=alert(${i})>`.replaceAll(" ", "/"));
  await page.getByRole("button", { name: "Report" }).click();
  await page.getByText("Not enough requests yet: 3 answered.").waitFor();
  await shown(page);
  assert.equal(await page.locator("main img").count(), 0);
  await page.goto(`${young.url}/#/analysis?since=soon`);
  await page.getByRole("alert").filter({ hasText: "'soon' is no time" }).waitFor();
  await young.stop();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").filter({ hasText: "The server cannot be reached." }).waitFor();
  await closePage(page);
});
