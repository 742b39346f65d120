// The page of a server that wants API keys: asking for one, keeping it, sending it with everything, and what a key may not do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { startKeyedServer } from "./keyed_server.mjs";
import {
  assertAccessible, assertFitsWidth, closePage, launchBrowser, openPage, phone, say, screenshot, startServer, until, watch,
} from "./page.mjs";

const refused = [/Failed to load resource: the server responded with a status of 40[13]/];
let server;
let browser;
before(async () => {
  const both = ["--scope", "run,read"];
  [server, browser] = await Promise.all([startKeyedServer({
    all: both, other: both, doomed: both, old: [...both, "--expires", "1s"], asks: ["--scope", "run"], looks: ["--scope", "read"],
    chief: ["--scope", "admin", "--expires", "30d"],
  }), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const dialogOf = (page) => page.getByRole("dialog", { name: /API key|API 密钥/ });

/** A page that no key was given to; no request of it may name one in its address. */
async function openAsked(path = "", options = {}) {
  const page = await openPage(browser, `${server.url}/${path}`, { allowed: refused, ...options });
  page.on("request", (request) => assert.doesNotMatch(request.url(), /qaio_/));
  await dialogOf(page).waitFor();
  return page;
}

async function giveKey(page, key, { remember = false } = {}) {
  const dialog = dialogOf(page);
  await dialog.getByRole("textbox").or(dialog.locator("input[type=password]")).fill(key);
  if (remember) await dialog.getByRole("checkbox").check();
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
}

async function openWithKey(key, path = "", options = {}) {
  const page = await openAsked(path, options);
  await giveKey(page, key);
  return page;
}

function kept(page) {
  return page.evaluate(() => ["sessionStorage", "localStorage"].map((name) => globalThis[name].getItem("qaio.key")));
}

test("a key is asked for, checked, kept for the tab, and shown", async () => {
  const page = await openAsked();
  const dialog = dialogOf(page);
  await dialog.getByText("This server answers only with an API key.").waitFor();
  const field = dialog.locator("input[type=password]");
  assert.ok(await field.evaluate((input) => input === document.activeElement), "the field has the focus");
  await field.fill("two words");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").filter({ hasText: "no blanks" }).waitFor();
  await field.fill(`${server.keys.all.slice(0, -1)}${server.keys.all.endsWith("A") ? "B" : "A"}`);
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").filter({ hasText: "does not take this key" }).waitFor();
  assert.deepEqual(await kept(page), [null, null]);
  await giveKey(page, `  Bearer ${server.keys.all}\n`);
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  assert.deepEqual(await kept(page), [JSON.stringify(server.keys.all), null]);
  await say(page, "Hello");
  await page.locator(".reply-foot .summary-line").waitFor();

  await page.reload();
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await page.getByRole("button", { name: "API key" }).click();
  await dialog.getByText(`${server.keys.all.slice(0, 14)}…`).waitFor();
  await dialog.getByText("for this tab", { exact: true }).waitFor();
  assert.ok(!(await dialog.textContent()).includes(server.keys.all.slice(14)), "the secret is not shown");
  // Another tab of the browser has none.
  const other = await page.context().newPage();
  watch(other, refused);
  await other.goto(server.url);
  await dialogOf(other).waitFor();
  other.quiet();
  await dialog.getByRole("button", { name: "Forget it" }).click();
  assert.deepEqual(await kept(page), [null, null]);
  await dialog.getByRole("button", { name: "Not now" }).click();
  await page.getByRole("button", { name: "Enter an API key" }).waitFor();
  await closePage(page);
});

test("a key that is remembered is there for all tabs, and forgotten in all", async () => {
  const page = await openAsked();
  const waiting = await page.context().newPage();
  watch(waiting, refused);
  await waiting.goto(server.url);
  await dialogOf(waiting).waitFor();
  await giveKey(page, server.keys.all, { remember: true });
  await dialogOf(waiting).waitFor({ state: "detached" });
  await waiting.getByRole("status").filter({ hasText: "demo" }).waitFor();
  const later = await page.context().newPage();
  watch(later, refused);
  await later.goto(server.url);
  await later.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await later.getByRole("button", { name: "API key" }).click();
  await dialogOf(later).getByText("on this device", { exact: true }).waitFor();
  await dialogOf(later).getByRole("button", { name: "Forget it" }).click();
  assert.deepEqual(await kept(page), [null, null]);
  await dialogOf(page).waitFor(); // its next request was refused
  waiting.quiet();
  later.quiet();
  await closePage(page);
});

test("a key that is revoked meanwhile is asked for anew, and nothing is lost", async () => {
  const page = await openWithKey(server.keys.doomed);
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await server.revoke("doomed");
  const records = [];
  page.on("response", async (response) => {
    if (/\/requests\/[^/]+$/.test(response.url()) && response.ok()) records.push(await response.json());
  });
  await say(page, "Tell me a joke");
  const dialog = dialogOf(page);
  await dialog.getByText("It may have been revoked.").waitFor();
  await screenshot(page, "keys-revoked");
  await page.waitForTimeout(700); // somebody looks for another key
  await giveKey(page, server.keys.other);
  await page.locator(".reply-foot .summary-line").waitFor();
  assert.equal(await page.locator(".failure").count(), 0);
  // The time of the request has nothing of that search.
  await until(() => records.length > 0, "the record was asked for");
  const { client, total_response_time_ms: total } = records.at(-1);
  assert.ok(client.network_ms < 600, `${client.network_ms} ms of network beside ${total} ms`);

  await server.untilRefused("old");
  await page.getByRole("button", { name: "API key" }).click();
  await dialog.locator("input[type=password]").fill(server.keys.old);
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").filter({ hasText: "expired" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".composer textarea").fill("a draft");
  await closePage(page);
});

test("without a key a message is kept, and sent again when there is one", async () => {
  const page = await openAsked();
  await page.keyboard.press("Escape");
  await dialogOf(page).waitFor({ state: "detached" });
  await say(page, "Hello there");
  await dialogOf(page).waitFor(); // who begins something may be asked again
  await dialogOf(page).getByRole("button", { name: "Not now" }).click();
  await page.locator(".failure").filter({ hasText: "The server wants an API key." }).waitFor();
  await page.getByText("Hello there").first().waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await giveKey(page, server.keys.all);
  await page.locator(".reply-foot .summary-line").waitFor();
  assert.equal(await page.locator(".failure").count(), 0);
  assert.ok(await page.locator(".composer textarea").evaluate((field) => field === document.activeElement), "the focus is back");
  await closePage(page);
});

test("a view says which scope the key lacks, the others go on", async () => {
  const page = await openWithKey(server.keys.asks, "#/requests");
  const lacks = (scope) => page.getByRole("alert").filter({ hasText: `it has no scope “${scope}”` }).first();
  await lacks("read").waitFor();
  for (const view of ["Live", "Analysis"]) {
    await page.getByRole("link", { name: view }).click();
    await page.getByRole("heading", { name: view }).waitFor();
    await lacks("read").waitFor();
    await screenshot(page, `keys-scope-${view.toLowerCase()}`);
  }
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".trial .trial-foot").first().waitFor();
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await say(page, "Hello");
  await page.locator(".reply-foot").waitFor();
  assert.equal(await page.locator(".failure").count(), 0);
  // A key that may do it takes the place of what was refused.
  await page.getByRole("link", { name: "Requests" }).click();
  await lacks("read").waitFor();
  await page.getByRole("button", { name: "API key" }).click();
  await giveKey(page, server.keys.looks);
  await page.getByRole("table").waitFor();
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await say(page, "Hello again");
  await page.locator(".failure").filter({ hasText: "it has no scope “run”" }).waitFor();
  await closePage(page);
});

test("the live view has its stream with the key, and begins anew with another", async () => {
  const page = await openWithKey(server.keys.all, "#/live");
  await page.locator(".feed-state.live").waitFor();
  const requests = [];
  page.on("request", (request) => requests.push(request));
  await page.getByRole("button", { name: "API key" }).click();
  await giveKey(page, server.keys.other);
  await until(() => requests.some((request) => request.url().endsWith("/live/events") &&
    request.headers().authorization === `Bearer ${server.keys.other}`), "a stream with the other key");
  await page.locator(".feed-state.live").waitFor();
  await page.getByRole("button", { name: "API key" }).click();
  await giveKey(page, server.keys.asks);
  await page.locator(".feed-state.denied").waitFor();
  await page.getByRole("button", { name: "API key" }).click();
  await giveKey(page, server.keys.looks);
  await page.locator(".feed-state.live").waitFor();
  await closePage(page);
});

test("files come with the key", async () => {
  const page = await openWithKey(server.keys.all);
  await say(page, "Hello");
  await page.locator(".reply-foot .summary-line").waitFor();
  await page.getByRole("link", { name: "Requests" }).click();
  await page.getByRole("table").waitFor();
  for (const [button, name, begin] of [["CSV", "qaio-requests.csv", /^.*request_id/], ["Timeline", "qaio-trace.json", /^\{/]]) {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).first().click();
    const download = await coming;
    assert.equal(download.suggestedFilename(), name);
    assert.match(readFileSync(await download.path(), "utf8"), begin);
  }
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("tab", { name: "curl" }).click();
  const code = await page.locator(".export-code").textContent();
  assert.match(code, /-H "Authorization: Bearer \$QAIO_API_KEY"/);
  assert.ok(!code.includes(server.keys.all), "the key itself is no part of what is shown");
  await closePage(page);
});

for (const [theme, language] of [["light", "en-US"], ["dark", "zh-CN"], ["light", "zh-CN"], ["dark", "en-US"]]) {
  test(`the dialog, ${theme}, ${language}: accessible, and as wide as a phone`, async () => {
    const page = await openAsked("", { theme, language });
    await assertAccessible(page);
    await screenshot(page, `keys-ask-${theme}-${language}`);
    await page.setViewportSize(phone);
    await assertFitsWidth(page);
    await screenshot(page, `keys-ask-phone-${theme}-${language}`);
    await giveKey(page, server.keys.chief);
    await page.getByRole("button", { name: /API key|API 密钥/ }).click();
    for (const said of ["chief", "admin"]) await dialogOf(page).getByText(said, { exact: true }).waitFor(); // who may see all keys
    await assertAccessible(page);
    await assertFitsWidth(page);
    await screenshot(page, `keys-use-phone-${theme}-${language}`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await screenshot(page, `keys-use-${theme}-${language}`);
    await closePage(page);
  });
}

test("a server without keys asks for none", async (t) => {
  const open = await startServer();
  t.after(() => open.stop());
  const page = await openPage(browser, `${open.url}/#/requests`);
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await page.getByRole("link", { name: "CSV" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "API key" }).count(), 0);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await closePage(page);
});
