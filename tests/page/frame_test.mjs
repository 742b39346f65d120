// How the page is served, and its frame: size, caching, policy, language, theme, phone, states of the server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  assertAccessible, assertFitsWidth, closePage, launchBrowser, openPage, phone, say, startServer,
} from "./page.mjs";

const views = ["chat", "live", "requests", "analysis", "playground"];
let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The files of the page with their sizes as gzip sends them, and those loaded before a view shows. */
async function transferred(page) {
  const entries = await page.evaluate(() => [
    ...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource"),
  ].map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]));
  return new Map(entries.filter(([path]) => path === "/" || path.startsWith("/assets/")));
}

function total(sizes) {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

test("the page weighs at most 60 kB before the first paint and 180 kB in all", async () => {
  const page = await openPage(browser, server.url);
  await page.locator("main :not(.notice)").first().waitFor();
  const first = await transferred(page);
  assert.ok(first.size > 3, "files were counted");
  assert.ok(total(first) < 60_000, `${total(first)} bytes before the first paint`);
  const all = new Map(first);
  for (const view of views) {
    await page.goto(`${server.url}/#/${view}`);
    await page.locator(`main.view-${view} :not(.notice)`).first().waitFor();
    if (view === "chat") {
      await say(page, "Hello");
      await page.locator(".reply-foot").waitFor();
    }
    await page.waitForLoadState("networkidle").catch(() => {}); // an event stream may stay
    for (const [path, size] of await transferred(page)) all.set(path, size);
  }
  assert.ok([...all.keys()].some((path) => path.startsWith("/assets/markdown-")), "what shows replies was counted");
  assert.ok(total(all) < 180_000, `${total(all)} bytes in all: ${JSON.stringify([...all])}`);
  await closePage(page);
});

test("files are compressed, checked by ETag, and kept; the policy allows nothing inline", async () => {
  const page = await fetch(`${server.url}/`);
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(page.headers.get("content-encoding"), "gzip");
  const html = await page.text();
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  const again = await fetch(`${server.url}/`, { headers: { "If-None-Match": page.headers.get("etag") } });
  assert.equal(again.status, 304);
  const [, app] = html.match(/src="(\/assets\/app-[^"]+)"/);
  const script = await fetch(server.url + app);
  assert.match(script.headers.get("cache-control"), /immutable/);
  assert.match(script.headers.get("content-type"), /^text\/javascript/);
  const plain = await fetch(server.url + app, { headers: { "Accept-Encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(await plain.text(), await script.text());
  const capitals = await fetch(server.url + app, { headers: { "Accept-Encoding": "GZIP" } });
  assert.equal(capitals.headers.get("content-encoding"), "gzip");
  const refused = await fetch(server.url + app, { headers: { "Accept-Encoding": "gzip;q=0, br" } });
  assert.equal(refused.headers.get("content-encoding"), null);
  assert.equal((await fetch(`${server.url}/assets/none.js`)).status, 404);
});

test("language and theme follow the browser, can be switched, and stay", async () => {
  const page = await openPage(browser, server.url, { language: "zh-CN", theme: "dark" });
  await page.getByRole("link", { name: "聊天" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.getByRole("button", { name: "Switch to English" }).click();
  await page.getByRole("link", { name: "Analysis" }).waitFor();
  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  const light = await background();
  assert.notEqual(light, dark);
  await page.reload();
  await page.getByRole("link", { name: "Analysis" }).waitFor();
  assert.equal(await background(), light);
  await closePage(page);
});

for (const theme of ["light", "dark"]) {
  test(`every view, ${theme}: accessible, quiet, and as wide as a phone`, async () => {
    const page = await openPage(browser, server.url, { theme, viewport: phone });
    for (const view of views) {
      await page.goto(`${server.url}/#/${view}`);
      await page.locator(`main.view-${view} :not(.notice)`).first().waitFor();
      await assertAccessible(page);
      await assertFitsWidth(page);
    }
    await closePage(page);
  });
}

test("a server that ends is said, and so is its return", async (t) => {
  const short = await startServer();
  t.after(() => short.stop());
  const page = await openPage(browser, short.url, { allowed: [/Failed to load resource/] });
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await short.stop();
  // The page asks every ten seconds; one that comes back to sight asks at once.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("status").filter({ hasText: "server unreachable" }).waitFor();
  const again = await startServer("--port", String(short.port));
  t.after(() => again.stop());
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await closePage(page);
});

test("what is no view is said, whatever its name", async () => {
  const page = await openPage(browser, `${server.url}/#/nothing`);
  for (const name of ["nothing", "constructor", "__proto__"]) {
    await page.goto(`${server.url}/#/${name}`);
    await page.getByText("There is no such view.").waitFor();
  }
  await closePage(page);
});

test("a view that fails leaves the others alone; one whose code does not come says why", async () => {
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.route("**/assets/requests-*.js", (route) => route.fulfill({
    contentType: "text/javascript",
    body: 'export default function View() { throw new Error("a fault of this view"); }',
  }));
  await page.route("**/assets/playground-*.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server.url}/#/requests`);
  await page.getByRole("alert").filter({ hasText: "a fault of this view" }).waitFor();
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("alert").filter({ hasText: "The server has another version now." }).waitFor();
  await page.getByRole("button", { name: "Reload the page" }).waitFor();
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await page.locator("textarea").first().waitFor();
  await context.close();
});

test("a view asked for while the server is away comes once it is back", async (t) => {
  const short = await startServer();
  t.after(() => short.stop());
  const page = await openPage(browser, short.url, { allowed: [/Failed to load resource/] });
  await page.locator("textarea").first().waitFor();
  await short.stop();
  await page.getByRole("link", { name: "Analysis" }).click();
  const said = page.getByRole("alert").filter({ hasText: "The server cannot be reached." });
  await said.waitFor();
  const again = await startServer("--port", String(short.port));
  t.after(() => again.stop());
  await said.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Analysis" }).waitFor();
  await closePage(page);
});
