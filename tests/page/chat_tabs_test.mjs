// Two tabs on one conversation: only one of them answers, and the other knows.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startProxy } from "./holding_proxy.mjs";
import {
  assertAccessible, launchBrowser, openPage, say, screenshot, startServer, until, watch,
} from "./page.mjs";

let server;
let browser;
let proxy;
let first; // tab; it is answering "Tell me a joke", and has shown the beginning
let second; // on the same conversation
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  proxy = await startProxy(server);
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});
beforeEach(async () => {
  first = await openPage(browser, `${proxy.url}/#/chat/new`);
  holdAfterTokens(2);
  await say(first, "Tell me a joke");
  await first.locator(".streaming").waitFor();
  second = await first.context().newPage();
  watch(second);
  await second.goto(first.url());
});

function holdAfterTokens(count) {
  let tokens = 0;
  proxy.allow((event) => event === "sentiment" || event === "token" && ++tokens <= count);
}

function elsewhere(page) {
  return page.getByText("This is being answered in another tab.");
}

function retry(page) {
  return page.getByRole("button", { name: "Try again" });
}

/** Until no tab waits for an answer. */
function nothingRuns() {
  return until(() => proxy.held() === 0, "no tab waits");
}

async function close() {
  first.quiet();
  second.quiet();
  await first.context().close();
}

test("the second tab waits for the first one's answer, and shows it", async () => {
  await elsewhere(second).waitFor();
  assert.equal(await retry(second).count(), 0);
  await second.locator(".composer textarea").fill("And another");
  assert.ok(await second.getByRole("button", { name: "Send" }).isDisabled());
  assert.equal(await second.getByRole("button", { name: "Stop" }).count(), 0);
  await screenshot(second, "chat-elsewhere-en");
  await assertAccessible(second);
  // It goes on waiting for as long as the first tab says that it is there.
  await second.evaluate(() => {
    globalThis.answers = 0;
    new BroadcastChannel("qaio.chat").onmessage = ({ data }) => {
      if ("answering" in data) ++globalThis.answers;
    };
  });
  await second.waitForFunction(() => globalThis.answers > 6);
  await elsewhere(second).waitFor();
  // What the second tab changes meanwhile costs nothing.
  await second.getByRole("button", { name: "Rename “Tell me a joke”" }).click();
  await second.getByRole("textbox", { name: "Title" }).fill("Jokes");
  await second.keyboard.press("Enter");
  await first.getByRole("link", { name: "Jokes" }).waitFor();
  assert.equal(await first.locator(".streaming").count(), 1);
  proxy.allow(() => true);
  await retry(first).waitFor();
  const reply = await first.locator(".reply .markdown").textContent();
  await second.waitForFunction((text) => document.querySelector(".reply .markdown")?.textContent === text, reply);
  await retry(second).waitFor();
  assert.ok(await second.getByRole("button", { name: "Send" }).isEnabled());
  await say(second, "And another");
  await second.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
  await first.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
  await close();
});

test("stopped in the first tab, it is stopped in the second", async () => {
  await elsewhere(second).waitFor();
  await first.getByRole("button", { name: "Stop" }).click();
  await second.locator(".reply").getByText("Stopped.", { exact: true }).waitFor();
  assert.ok((await second.locator(".reply .markdown").textContent()).length > 1, "with what had come");
  await retry(second).waitFor();
  await close();
});

test("an answer whose conversation is deleted in the other tab ends", async () => {
  await elsewhere(second).waitFor();
  await second.getByRole("button", { name: "Delete “Tell me a joke”" }).click();
  await first.getByText("This conversation is not in this browser.").waitFor();
  await first.getByText("An answer was ended: another tab deleted or replaced its message.").waitFor();
  await nothingRuns();
  await second.getByRole("button", { name: "Undo" }).click();
  await second.locator(".reply").getByText("Stopped before an answer came.").waitFor();
  await first.locator(".reply").getByText("Stopped before an answer came.").waitFor();
  proxy.allow(() => true);
  await retry(first).click();
  await first.locator(".reply .markdown").waitFor();
  await close();
});

test("an answer whose message is replaced by the other tab ends, and the new one is followed", async () => {
  await elsewhere(second).waitFor();
  // As a tab does that took the first one for dead: one that the browser had put to sleep.
  await second.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("qaio.chat."));
    const conversation = JSON.parse(localStorage.getItem(key));
    conversation.exchanges = [{ id: "other", input: "Instead", state: "done", reply: "Of this." }];
    localStorage.setItem(key, JSON.stringify(conversation));
  });
  await first.locator(".reply").getByText("Of this.").waitFor();
  await first.getByText("An answer was ended").waitFor();
  await nothingRuns();
  proxy.allow(() => true);
  await say(first, "Tell me a joke");
  await first.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
  await close();
});

test("an answer whose tab is gone without a word has stopped", async () => {
  await first.getByRole("button", { name: "Stop" }).click();
  await retry(second).waitFor();
  await second.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("qaio.chat."));
    localStorage.setItem(key, localStorage.getItem(key).replace('"state":"stopped"', '"state":"running"'));
  });
  await second.reload();
  await elsewhere(second).waitFor();
  await second.locator(".reply").getByText("Stopped.", { exact: true }).waitFor();
  proxy.allow(() => true);
  await retry(second).click();
  await retry(second).waitFor();
  assert.equal(await second.locator(".exchange").count(), 1);
  await close();
});
