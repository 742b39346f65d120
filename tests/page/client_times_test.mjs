// The browser's lane: what it reports adds up to the time that somebody outside of the page measures.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startProxy } from "./holding_proxy.mjs";
import { assertAddsUp, closePage, launchBrowser, openPage, say, startServer } from "./page.mjs";

const requests = 50;
const wayMs = 60; // what the proxy adds to each request, as a distant network would
let server;
let browser;
let proxy;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  proxy = await startProxy(server);
  proxy.delayMs = wayMs;
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

test(`network, server and rendering of ${requests} requests are the wall time, within 5 %`, async () => {
  const page = await openPage(browser, `${proxy.url}/#/chat`);
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  // From the call that sends the request to the painting of the last change, without the page's own
  // stamps, and before its own code goes on.
  await page.evaluate(() => {
    globalThis.seen = [];
    let begin = null;
    let drawn = false;
    const send = globalThis.fetch;
    globalThis.fetch = (path, init) => {
      if (path === "/chat") {
        begin = performance.now();
        drawn = false;
      }
      return send(path, init);
    };
    new MutationObserver(() => {
      if (document.querySelector(".exchange:last-child .reply-foot") !== null) drawn = true;
    }).observe(document.querySelector("main"), { childList: true, subtree: true });
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => globalThis.seen.push(performance.now() - data);
    const frame = () => {
      requestAnimationFrame(frame);
      if (begin === null || !drawn) return;
      port2.postMessage(begin); // arrives behind this frame's painting
      begin = null;
    };
    frame();
  });
  for (let i = 0; i < requests; ++i) {
    if (i % 10 === 0) {
      await page.getByRole("link", { name: "New conversation" }).click();
      await page.locator(".chat-empty").waitFor();
    }
    await say(page, i % 2 ? "Tell me a joke" : "排队两小时还卖完了，气死我了");
    await page.waitForFunction((wanted) => globalThis.seen.length === wanted &&
      document.querySelector(".exchange:last-child .summary-line") !== null, i + 1);
  }
  const seen = await page.evaluate(() => globalThis.seen);
  const records = (await (await fetch(`${server.url}/requests?limit=${requests}&task=chat`)).json()).requests.reverse();
  assert.equal(records.length, requests);
  let reported = 0;
  let network = 0;
  for (const [i, record] of records.entries()) {
    const { client, total_response_time_ms: total, tasks } = record;
    assert.ok(client, `request ${i} has the browser's times`);
    assertAddsUp(record);
    assert.ok(client.first_token_ms >= tasks.find(({ task }) => task === "chat").counters.first_token_ms - 1);
    reported += client.network_ms + total + client.rendering_ms;
    network += client.network_ms;
  }
  const wall = seen.reduce((all, ms) => all + ms, 0);
  assert.ok(Math.abs(reported - wall) < 0.05 * wall, `${reported} ms were reported of ${wall} ms`);
  assert.ok(network > 0.8 * wayMs * requests, `${network} ms of network in ${requests} requests`);
  await closePage(page);
});

test("times are refused from others, twice, and without a request", async () => {
  const headers = { "X-Client-Token": "0123456789abcdef" };
  const asked = await fetch(`${server.url}/chat`, { method: "POST", headers, body: '{"input":"Hello"}' });
  await asked.text();
  const path = `${server.url}/requests/${asked.headers.get("x-request-id")}/client`;
  const body = JSON.stringify({ first_byte_ms: 5000, first_token_ms: null, last_byte_ms: 5000, done_ms: 5001 });
  const report = async (to, with_) => (await fetch(to, { method: "POST", headers: with_, body })).status;
  assert.equal(await report(path, { "X-Client-Token": "fedcba9876543210" }), 403);
  assert.equal(await report(path, {}), 403);
  assert.equal(await report(path, headers), 204);
  assert.equal(await report(path, headers), 409);
  assert.equal(await report(`${server.url}/requests/none/client`, headers), 404);
});
