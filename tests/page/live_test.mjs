// The live view against a real server under load: charts, one stream for all tabs, objectives, restarts, zoom.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  assertAccessible, assertFitsWidth, closePage, launchBrowser, openPage, phone, screenshot,
  startServer, temporaryFolder, until, watch,
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

const folder = temporaryFolder();
let server;
let browser;
before(async () => {
  writeFileSync(join(folder, "qaio.toml"), config);
  [server, browser] = await Promise.all([startServer("--config", join(folder, "qaio.toml")), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
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

async function untilItMoves(page, chart) {
  const before = await picture(page, chart);
  await until(async () => (await picture(page, chart)) !== before, `${chart} moves`);
}

/** Lets a page count the event streams that it holds open. */
function countStreams() {
  globalThis.openStreams = 0;
  const { fetch } = globalThis;
  globalThis.fetch = (path, init) => {
    if (path === "/live/events") {
      ++globalThis.openStreams;
      init.signal.addEventListener("abort", () => --globalThis.openStreams); // the feed ends each of them so
    }
    return fetch(path, init);
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

test("charts move under load and show what the server counted", async (t) => {
  t.after(startLoad());
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
  // A finger that moves sideways zooms; what is zoomed leads to its requests.
  await page.locator("[data-chart=latency] .u-over").evaluate((over) => {
    const { left, top, width, height } = over.getBoundingClientRect();
    const touch = (type, share) => over.dispatchEvent(new PointerEvent(type, {
      pointerType: "touch", bubbles: true, clientX: left + width * share, clientY: top + height / 2,
    }));
    touch("pointerdown", 0.2);
    touch("pointermove", 0.8);
    touch("pointerup", 0.8);
  });
  const requests = await page.getByRole("link", { name: "Requests of this time" }).getAttribute("href");
  const [, since, before] = requests.match(/^#\/requests\?since=(\d+)&until=(\d+)$/);
  const seen = points.at(-1).t - (points[0].t - points[0].s * 1000);
  assert.ok(before - since > 0.4 * Math.min(seen, 60_000), requests);
  await page.getByRole("button", { name: "Reset zoom" }).click();
  // The stages of a task, as many as it has.
  await page.getByRole("combobox", { name: /^Mean time by stage/ }).selectOption("sentiment");
  await page.locator("[data-chart=stages]").getByText("score labels").waitFor();
  await page.getByRole("combobox", { name: /^Latency/ }).selectOption("chat");
  for (const [range, asked] of [["2 h", "2h"], ["1 day", "1d"]]) {
    const answer = page.waitForResponse((response) => response.url().endsWith(`/live?range=${asked}`));
    await page.getByRole("button", { name: range, exact: true }).click();
    assert.equal((await answer).status(), 200);
    await until(async () => (await page.getByRole("button", { name: range, exact: true }).getAttribute("aria-pressed")) === "true", range);
    await page.locator("[data-chart=latency] canvas").waitFor();
  }
  await closePage(page);
});

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
    await closePage(page);
  });
}

// Mostly waiting for the next second, so side by side.
describe("the stream", { concurrency: true }, () => {
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
      // Out of sight it hands over, and the other one goes on.
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

  test("who is not let in to watch is told so, and tries again; a server without a past fills the charts", async () => {
    const page = await openPage(browser, server.url, { allowed: [/status of 503/] });
    await page.route("**/live/events", (route) => route.fulfill({ status: 503 }), { times: 2 });
    const answer = await (await fetch(`${server.url}/live?range=10m`)).json();
    await page.route("**/live?range=10m", (route) => route.fulfill({ json: { ...answer, points: [] } }));
    await page.goto(`${server.url}/#/live`);
    await page.getByText("The server refuses to be watched").waitFor();
    await page.locator(".feed-state.live").waitFor();
    await page.locator("[data-chart=machine] canvas").waitFor();
    await closePage(page);
  });

  test("a restart is said in words, and the charts go on", async (t) => {
    const short = await startServer();
    t.after(() => short.stop());
    const page = await openPage(browser, `${short.url}/#/live`, { allowed: [/Failed to load resource/] });
    await page.locator(".feed-state.live").waitFor();
    await untilItMoves(page, "machine");
    await short.stop();
    await page.getByText("The server cannot be reached. Trying again").waitFor();
    const again = await startServer("--port", String(short.port));
    t.after(() => again.stop());
    await page.getByText(/The server was restarted at \d\d:\d\d:\d\d/).waitFor({ timeout: 60_000 });
    await page.locator(".feed-state.live").waitFor();
    await untilItMoves(page, "machine");
    await closePage(page);
  });
});

/** A point in which everything that is drawn has a value. */
function fullPoint(t, s) {
  const some = (most) => most * Math.random();
  const ranks = () => ({ count: 40, p50: 20 + some(5), p95: 60 + some(60), p99: 120 + some(200), max: 400 });
  const stages = { prompt_build: 0.1, tokenize: 0.1, queue: some(5), prefill: 4, decode: some(20), output_parse: 0.1, unattributed: 0 };
  return {
    t, s, requests: 40, answered: 36, client_error: 1, refused: 1, failed: 1, cancelled: 1,
    prompt_tokens: 4000, cached_tokens: 1000, completion_tokens: some(400), total: ranks(), ttft: ranks(), tpot: ranks(),
    stages: { http_read: 0.1, parse: 0.1, tasks: 30, serialize: 0.1, http_write: 0.1, unattributed: 0 },
    heat: Array.from({ length: 10 }, (_, i) => [14 + i, 1 + Math.floor(some(10))]),
    tasks: { chat: { ...ranks(), stages }, sentiment: { ...ranks(), stages } }, client: { count: 4, network: 1, rendering: 8 },
    running: some(4), waiting: 2, kv_blocks_used: 30, kv_blocks_cached: 100, kv_blocks_total: 256,
    cpu_cores: some(2), resident_mib: 800, records_dropped: 0, dropped_total: 0, lost_total: 0,
  };
}

/**
 * How long the longest task of the page's main thread computed, in ms, while `act` ran. It is the
 * thread's own time: what others do on this machine is not counted.
 */
async function longestTask(page, act) {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const thread = ({ pid, tid }) => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(thread));
  const tasks = traceEvents.filter((event) => /RunTask$/.test(event.name) && event.tdur !== undefined && main.has(thread(event)));
  assert.ok(tasks.length > 100, "the tasks of the page were traced");
  return tasks.reduce((most, { tdur }) => Math.max(most, tdur), 0) / 1000;
}

test("10,000 points are zoomed and reset, and no frame computes for 50 ms", async () => {
  const answer = await (await fetch(`${server.url}/live?range=1d`)).json();
  const points = Array.from({ length: 10_000 }, (_, i) => fullPoint(answer.now_unix_ms - (9_999 - i) * 8_000, 8));
  const page = await openPage(browser, server.url);
  await page.route("**/live?range=1d", (route) => route.fulfill({ json: { ...answer, points } }));
  await page.goto(`${server.url}/#/live`);
  await page.getByRole("button", { name: "1 day", exact: true }).click();
  await page.locator("[data-chart=browser] canvas").waitFor(); // only these points have something for it
  const plot = page.locator("[data-chart=latency] .u-over");
  await plot.hover();
  const { x, y, width, height } = await plot.boundingBox();
  const reset = page.getByRole("button", { name: "Reset zoom" });
  const readout = page.locator("[data-chart=browser] figcaption .mono");
  await page.mouse.move(x + width * 0.4, y + height / 2);
  await readout.filter({ hasText: /:/ }).waitFor(); // the last chart is drawn
  const longest = await longestTask(page, async () => {
    for (const [from, to] of [[0.2, 0.9], [0.3, 0.5]]) {
      const whole = await picture(page, "latency");
      await page.mouse.move(x + width * from, y + height / 2);
      await page.mouse.down();
      await page.mouse.move(x + width * to, y + height / 2, { steps: 5 });
      await page.mouse.up();
      await reset.waitFor();
      await until(async () => (await picture(page, "latency")) !== whole, "it is zoomed");
      await page.mouse.dblclick(x + width * 0.4, y + height / 2);
      await reset.waitFor({ state: "detached" });
    }
  });
  assert.ok(longest < 50, `a task of ${longest} ms`);
  // By keyboard, too.
  const keys = page.getByRole("application", { name: "CPU and memory" });
  await keys.press("ArrowLeft");
  await keys.press("+");
  await reset.waitFor();
  await keys.press("Escape");
  await reset.waitFor({ state: "detached" });
  await closePage(page);
});
