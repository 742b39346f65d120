// What judges times, for `./dev test-timing`: the first paint, and that a page left open does not grow.
// QAIO_TEST_MINUTES=30 leaves it open for half an hour.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { closePage, launchBrowser, openPage, startServer } from "./page.mjs";

const minutes = Number(process.env.QAIO_TEST_MINUTES ?? 1);
const growthMax = 10 * 2 ** 20;
let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the first paint comes within 300 ms", async () => {
  const times = [];
  for (let i = 0; i < 5; ++i) {
    const page = await openPage(browser, server.url); // nothing is cached: a profile of its own
    await page.locator("main :not(.notice)").first().waitFor();
    times.push(await page.evaluate(() =>
      performance.getEntriesByName("first-contentful-paint")[0].startTime));
    await page.context().close();
  }
  times.sort((a, b) => a - b);
  console.log(`first contentful paint, five times: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  assert.ok(times[2] < 300, `${times[2]} ms`);
});

/** Bytes of JavaScript's heap, nodes of documents and listeners of events, after a collection. */
async function held(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes, listeners: jsEventListeners };
}

test(`the live view under load does not grow in ${minutes} min`, { timeout: (minutes + 5) * 60_000 }, async () => {
  const load = spawn(process.env.QAIO_BINARY, ["load", "--url", server.url, "--rate", "5",
    "--output-tokens", "8", "--duration", String((minutes + 1) * 60)], { stdio: "ignore" });
  try {
    const page = await openPage(browser, `${server.url}/#/live`);
    const session = await page.context().newCDPSession(page);
    await page.locator("canvas").first().waitFor();
    await page.waitForTimeout(Math.min(60_000, minutes * 30_000)); // what is compiled and cached once
    const first = await held(session);
    let last = first;
    for (let i = 0; i < Math.max(2, minutes); ++i) {
      await page.waitForTimeout((minutes * 60_000) / Math.max(2, minutes));
      last = await held(session);
      console.log(JSON.stringify(last));
    }
    console.log(`${first.bytes} bytes and ${first.nodes} nodes, then ${last.bytes} and ${last.nodes}`);
    assert.ok(last.bytes - first.bytes < growthMax, `${last.bytes - first.bytes} bytes more`);
    assert.ok(last.nodes < first.nodes * 1.5 + 500, `${first.nodes} nodes became ${last.nodes}`);
    assert.ok(last.listeners < first.listeners * 1.5 + 100, `${first.listeners} listeners became ${last.listeners}`);
    await closePage(page);
  } finally {
    load.kill("SIGTERM");
    await once(load, "exit");
  }
});
