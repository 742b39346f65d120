// The live view against a real server under load: charts, one stream for all tabs, objectives, restarts, zoom.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  assertAccessible, assertFitsWidth, launchBrowser, openPage, phone, screenshot, startServer, watch,
} from "./page.mjs";

// One objective that the first request breaks, and one that is kept.
const config = `
[[sla]]
name = "fine"
threshold_ms = 600000

[[sla]]
name = "impossible"
threshold_ms = 0.01
min_samples = 1
for = "0s"
`;

let folder;
let server;
let browser;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "qaio-page-"));
  writeFileSync(join(folder, "qaio.toml"), config);
  [server, browser] = await Promise.all([startServer("--config", join(folder, "qaio.toml")), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `qaio load` against the server; ends when `stop` is called. */
function startLoad() {
  const child = spawn(process.env.QAIO_BINARY,
    ["load", "--url", server.url, "--rate", "8", "--output-tokens", "8", "--duration", "600"], { stdio: "ignore" });
  return async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
}

function picture(page, chart) {
  return page.locator(`[data-chart=${chart}] canvas`).evaluate((canvas) => canvas.toDataURL());
}

async function until(condition, what) {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function untilItMoves(page, chart) {
  const before = await picture(page, chart);
  await until(async () => (await picture(page, chart)) !== before, `${chart} moves`);
}

/** Lets a page count the event streams that it holds open. */
function countStreams() {
  globalThis.openStreams = 0;
  globalThis.EventSource = class extends EventSource {
    constructor(...options) {
      super(...options);
      ++globalThis.openStreams;
    }
    close() {
      if (this.readyState !== EventSource.CLOSED) --globalThis.openStreams;
      super.close();
    }
  };
}

function streamsOf(pages) {
  return Promise.all(pages.map((page) => page.evaluate(() => globalThis.openStreams)));
}

/** As if another tab of the window were shown, which headless browsers do not do. */
function hide(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("charts move under load and show what the server counted", async () => {
  const stopLoad = startLoad();
  const page = await openPage(browser, `${server.url}/#/live`);
  const tile = page.locator(".tile").filter({ hasText: "Requests" }).locator("b");
  await until(async () => /^[1-9]/.test(await tile.textContent()), "requests per second are shown");
  for (const chart of ["throughput", "latency", "stages", "tokens", "heat", "token-rate", "machine"]) await untilItMoves(page, chart);
  // With the cursor on a step, the legend has the figures of that step.
  await page.getByRole("button", { name: "Pause" }).click();
  const plot = page.getByRole("application", { name: "Requests per second" });
  await plot.press("ArrowLeft");
  await plot.press("ArrowLeft");
  const shown = await page.locator("[data-chart=throughput] figcaption .mono").textContent();
  assert.match(shown, /^\d\d:\d\d:\d\d$/);
  const { points } = await (await fetch(`${server.url}/live?range=10m`)).json();
  const point = points.find(({ t }) => new Date(t).toLocaleTimeString("en-GB") === shown);
  const answered = await page.locator("[data-chart=throughput] li").first().locator("b").textContent();
  assert.equal(Number.parseFloat(answered), point.answered / point.s);
  const p50 = await page.locator("[data-chart=latency] li").first().locator("b").textContent();
  assert.equal(p50 === "–", point.total === undefined);
  // The cursors of all charts are at the same moment.
  assert.equal(await page.locator("[data-chart=machine] figcaption .mono").textContent(), shown);
  const paused = await picture(page, "throughput");
  await page.getByRole("button", { name: "Continue" }).click();
  await until(async () => (await picture(page, "throughput")) !== paused, "it goes on");
  // The stages of a task, as many as it has.
  await page.getByRole("combobox", { name: /^Mean time by stage/ }).selectOption("sentiment");
  await page.locator("[data-chart=stages]").getByText("score labels").waitFor();
  await page.getByRole("combobox", { name: /^Latency/ }).selectOption("chat");
  for (const range of ["2 h", "1 day"]) {
    await page.getByRole("button", { name: range, exact: true }).click();
    await until(async () => (await page.getByRole("button", { name: range, exact: true }).getAttribute("aria-pressed")) === "true", range);
    await page.locator("[data-chart=latency] canvas").waitFor();
  }
  await stopLoad();
  page.quiet();
  await page.context().close();
});

for (const locks of [true, false]) {
  test(`two tabs share one stream, ${locks ? "by a lock" : "where the browser has no locks"}; a hidden tab has none`, async () => {
    const context = await browser.newContext({ locale: "en-US" });
    await context.addInitScript(countStreams);
    if (!locks) await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
    const pages = [await context.newPage(), await context.newPage()];
    for (const page of pages) {
      watch(page);
      await page.goto(`${server.url}/#/live`);
      await page.locator("[data-chart=machine] canvas").waitFor();
    }
    const [leader, follower] = pages;
    await until(async () => (await streamsOf(pages)).join() === "1,0", "the first tab alone has a stream");
    for (const page of pages) {
      await page.locator(".feed-state.live").waitFor();
      await untilItMoves(page, "machine");
    }
    assert.equal((await streamsOf(pages)).join(), "1,0");
    // Out of sight it hands over; the other one goes on without a hole.
    await hide(leader, true);
    await until(async () => (await streamsOf(pages)).join() === "0,1", "the other tab takes over");
    await untilItMoves(follower, "machine");
    await hide(follower, true);
    await until(async () => (await streamsOf(pages)).join() === "0,0", "nobody looks, no stream");
    await hide(leader, false);
    await until(async () => (await streamsOf(pages)).join() === "1,0", "who is seen again has one");
    await untilItMoves(leader, "machine");
    await hide(follower, false);
    await untilItMoves(follower, "machine");
    await leader.close();
    await until(async () => (await streamsOf([follower])).join() === "1", "the tab that is left takes over");
    await follower.evaluate(() => { location.hash = "#/requests"; });
    await until(async () => (await streamsOf([follower])).join() === "0", "another view needs no stream");
    follower.quiet();
    await context.close();
  });
}

for (const [theme, language, said] of [["light", "en-US", "impossible is firing"], ["dark", "zh-CN", "impossible 自"]]) {
  test(`an objective that fires stands first; accessible, ${theme}, ${language}`, async () => {
    const answer = await fetch(`${server.url}/v1/tasks/sentiment`, { method: "POST", body: JSON.stringify({ input: "好" }) });
    assert.equal(answer.status, 200);
    const page = await openPage(browser, `${server.url}/#/live`, { theme, language });
    await page.getByRole("alert").filter({ hasText: said }).waitFor();
    await until(async () => /impossible/.test(await page.locator(".slo").first().textContent()), "it is the first");
    await page.locator(".slo.firing").waitFor();
    assert.equal(await page.locator(".slo").count(), 2);
    await assertAccessible(page);
    await page.setViewportSize(phone);
    await assertFitsWidth(page);
    await screenshot(page, `live-phone-${theme}-${language}`);
    // A canvas has no style sheet: it is drawn again.
    await page.locator(".live-head button").first().click(); // paused: nothing else changes it
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const before = await picture(page, "heat");
    await page.emulateMedia({ colorScheme: theme === "dark" ? "light" : "dark" });
    await until(async () => (await picture(page, "heat")) !== before, "the heat map has other colours");
    page.quiet();
    await page.context().close();
  });
}

test("a restart is said in words, and the charts go on", async () => {
  const short = await startServer();
  const page = await openPage(browser, `${short.url}/#/live`, { allowed: [/Failed to load resource/] });
  await page.locator(".feed-state.live").waitFor();
  await untilItMoves(page, "machine");
  await short.stop();
  await page.getByText("The server cannot be reached. Trying again").waitFor();
  const again = await startServer("--port", String(short.port));
  await page.getByText(/The server was restarted at \d\d:\d\d:\d\d/).waitFor({ timeout: 60_000 });
  await page.locator(".feed-state.live").waitFor();
  await untilItMoves(page, "machine");
  await again.stop();
  page.quiet();
  await page.context().close();
});

test("10,000 points are zoomed and reset with little work", async () => {
  const { points, ...rest } = await (await fetch(`${server.url}/live?range=10m`)).json();
  const last = points.findLast((point) => point.total) ?? points.at(-1);
  const many = Array.from({ length: 10_000 }, (_, i) => ({ ...last, t: last.t - (9_999 - i) * 8_000, s: 8, cpu_cores: Math.random() }));
  const page = await openPage(browser, server.url);
  await page.route("**/live?range=1d", (route) => route.fulfill({ json: { ...rest, range: "1d", step_s: 8, points: many } }));
  await page.goto(`${server.url}/#/live`);
  const plot = page.locator("[data-chart=machine] .u-over");
  await plot.scrollIntoViewIfNeeded();
  await page.getByRole("button", { name: "1 day", exact: true }).click();
  await page.locator("[data-chart=machine] figcaption").hover(); // nothing under the cursor: the last values
  await until(async () => (await page.locator("[data-chart=machine] b").first().textContent()) === many.at(-1).cpu_cores.toFixed(2),
    "the day's points are drawn");
  const session = await page.context().newCDPSession(page);
  // Time of the page's own thread: what others do on this machine is not counted.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const scripted = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ScriptDuration").value * 1000;
  };
  await plot.hover();
  const whole = await picture(page, "machine");
  const { x, y, width, height } = await plot.boundingBox();
  const begin = await scripted();
  await page.mouse.move(x + width * 0.3, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.5, y + height / 2, { steps: 5 });
  await page.mouse.up();
  const reset = page.getByRole("button", { name: "Reset zoom" });
  await reset.waitFor();
  await until(async () => (await picture(page, "machine")) !== whole, "it is zoomed");
  await page.mouse.dblclick(x + width * 0.4, y + height / 2);
  await reset.waitFor({ state: "detached" });
  const spent = (await scripted()) - begin;
  // Nine charts, twice, and whatever came from the server meanwhile; single frames: live.timing.mjs.
  assert.ok(spent < 600, `${spent} ms of script`);
  // By keyboard, too.
  const keys = page.getByRole("application", { name: "CPU and memory" });
  await keys.press("ArrowLeft");
  await keys.press("+");
  await reset.waitFor();
  await keys.press("Escape");
  await reset.waitFor({ state: "detached" });
  page.quiet();
  await page.context().close();
});
