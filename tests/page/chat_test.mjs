// The chat: a conversation with sentiment, streaming and waterfall, and everything that can be done with it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startProxy } from "./holding_proxy.mjs";
import {
  assertAccessible, assertAddsUp, assertFitsWidth, closePage, desktop, launchBrowser, openPage,
  phone, say, screenshot, startServer, temporaryFolder, until,
} from "./page.mjs";

const happy = "今天被领导表扬了，心情超好！";
let server;
let browser;
let proxy;
const config = join(temporaryFolder(), "tasks.toml");
before(async () => {
  writeFileSync(config, `
[[task]]
name = "intent"
kind = "classify"
system = "Sort the message."
labels = ["<b>order</b>", "question"]

[[task]]
name = "anger"
kind = "score"
question = "How angry is the writer?"
levels = ["<i>calm</i>", "<i>furious</i>"]

[[task]]
name = "topic"
kind = "choice"
options = ["work", "weather"]

[[task]]
name = "urgent"
kind = "yes_no"
question = "Is it urgent?"
`);
  [server, browser] = await Promise.all([startServer("--config", config), launchBrowser()]);
  proxy = await startProxy(server);
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

function openChat(options) {
  proxy.allow(() => true);
  proxy.asked.length = 0;
  return openPage(browser, `${proxy.url}/#/chat`, options);
}

/** Until so many exchanges stand there and nothing runs. */
async function answered(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".exchange").length === wanted &&
    document.querySelectorAll(".exchange .reply-foot").length === wanted, count);
}

async function withTimes(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".summary-line").length === wanted, count);
}

test("a conversation in Chinese: sentiment first, then the reply piece by piece, then where its time went", async () => {
  const page = await openChat({ language: "zh-CN" });
  await screenshot(page, "chat-empty-zh");
  let tokens = 0;
  proxy.pass = (event) => event === "sentiment";
  await page.getByRole("button", { name: happy }).click();
  const chip = page.locator(".label-chip");
  await chip.waitFor();
  assert.match(await chip.textContent(), /情感.*正面9\d(\.\d)? %/);
  assert.equal(await page.locator(".reply .markdown").count(), 0);
  await page.getByRole("img", { name: "等待回答…" }).waitFor();
  proxy.allow((event) => event === "token" && ++tokens <= 3);
  await page.waitForFunction(() => document.querySelector(".reply .markdown")?.textContent.length > 0);
  const beginning = await page.locator(".reply .markdown").textContent();
  proxy.allow(() => true);
  await answered(page, 1);
  const reply = await page.locator(".reply .markdown").textContent();
  assert.ok(reply.startsWith(beginning) && reply.length > beginning.length, `${beginning} … ${reply}`);
  await page.getByRole("status").filter({ hasText: reply }).waitFor(); // for screen readers

  await withTimes(page, 1);
  assert.match(await page.locator(".summary-line").textContent(), /词元\/秒.*缓存.*首词元.*服务器.*网络.*渲染/);
  await page.locator(".times summary").click();
  await page.locator(".waterfall").waitFor();
  assert.deepEqual(await page.locator(".lane-names li").allTextContents(), ["浏览器", "请求", "sentiment", "chat"]);
  const plot = page.getByRole("slider", { name: "请求的各个阶段" });
  await plot.focus();
  await page.keyboard.press("End");
  assert.match(await plot.getAttribute("aria-valuetext"), /^chat · 解析输出/);
  assert.equal(await page.locator(".waterfall-said").textContent(), await plot.getAttribute("aria-valuetext"));
  await page.locator(".waterfall-table summary").click();
  assert.ok(await page.locator(".waterfall-table tbody tr").count() > 12);
  await screenshot(page, "chat-zh");
  await assertAccessible(page);

  await say(page, "给我讲个笑话");
  await answered(page, 2);
  assert.deepEqual(proxy.asked[1].history, [{ user: happy, bot: reply }]);
  await closePage(page);
});

test("the record has the browser's times, and so has the list of requests", async () => {
  const page = await openChat();
  await say(page, happy);
  await withTimes(page, 1);
  const { requests } = await (await fetch(`${server.url}/requests?limit=1`)).json();
  const { client } = requests[0];
  assert.ok(client.first_byte_ms <= client.first_token_ms && client.last_byte_ms <= client.done_ms);
  assertAddsUp(requests[0]);
  await closePage(page);
});

test("stop keeps what came, and the server stops, too", async () => {
  const page = await openChat();
  let tokens = 0;
  proxy.pass = (event) => event !== "token" && event !== "done" || event === "token" && ++tokens <= 2;
  await say(page, happy);
  await page.waitForFunction(() => document.querySelector(".reply .markdown")?.textContent.length > 1);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.", { exact: true }).first().waitFor();
  assert.ok((await page.locator(".reply .markdown").textContent()).length > 1);
  assert.ok(await page.locator(".composer textarea").evaluate((field) => field === document.activeElement));

  proxy.pass = () => false;
  await say(page, "Hello");
  await page.locator(".dots").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped before an answer came.").waitFor();
  proxy.allow(() => true);
  await say(page, "Tell me a joke");
  await answered(page, 3);
  assert.equal(proxy.asked[2].history.length, 1, "an exchange without a reply is no turn");
  await closePage(page);
});

test("retry asks again in the same place; an edited message takes the place of all behind it", async () => {
  const page = await openChat();
  await say(page, "Hello");
  await answered(page, 1);
  await say(page, "Tell me a joke");
  await answered(page, 2);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
  assert.equal(proxy.asked.length, 3);
  assert.deepEqual(proxy.asked[2], proxy.asked[1]);

  const edit = page.locator(".exchange").first();
  await edit.hover();
  await edit.getByRole("button", { name: "Edit" }).click();
  const field = page.getByRole("textbox", { name: "Edit your message" });
  await field.fill("What can you do?");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".bubble").first().textContent(), "Hello");
  await edit.getByRole("button", { name: "Edit" }).click();
  await field.fill("What can you do?");
  await page.keyboard.press("Enter");
  await answered(page, 1);
  assert.equal(await page.locator(".bubble").textContent(), "What can you do?");
  assert.deepEqual(proxy.asked[3].history, []);
  await closePage(page);
});

test("an edited message is not sent while another answer comes, and not lost", async () => {
  const page = await openChat();
  await say(page, "Hello");
  await answered(page, 1);
  const edit = page.locator(".exchange").first();
  await edit.hover();
  await edit.getByRole("button", { name: "Edit" }).click();
  const field = page.getByRole("textbox", { name: "Edit your message" });
  await field.fill("What can you do?");
  proxy.pass = () => false;
  await say(page, "Tell me a joke");
  await page.locator(".dots").waitFor();
  const send = page.getByRole("button", { name: "Send again" });
  assert.ok(await send.isDisabled());
  await field.press("Enter");
  assert.equal(await field.inputValue(), "What can you do?");
  proxy.allow(() => true);
  await answered(page, 2);
  assert.ok(await send.isEnabled());
  await send.click();
  await answered(page, 1);
  assert.deepEqual(proxy.asked.map(({ input }) => input), ["Hello", "Tell me a joke", "What can you do?"]);
  await closePage(page);
});

test("conversations survive a reload, can be renamed, deleted, brought back, and begun", async () => {
  const page = await openChat();
  await say(page, "Hello");
  await answered(page, 1);
  const reply = await page.locator(".reply .markdown").textContent();
  await page.getByRole("button", { name: "Rename “Hello”" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("<i>First</i>");
  await page.keyboard.press("Enter");
  const rename = page.getByRole("button", { name: "Rename “<i>First</i>”" });
  const renameHasFocus = () => page.waitForFunction(() => document.activeElement?.ariaLabel === "Rename “<i>First</i>”");
  await renameHasFocus();
  await rename.click();
  await page.getByRole("textbox", { name: "Title" }).press("Escape");
  await renameHasFocus();
  await rename.click();
  await page.locator(".composer textarea").click();
  await rename.waitFor();
  assert.ok(await page.locator(".composer textarea").evaluate((field) => field === document.activeElement));
  await page.getByRole("link", { name: "New conversation" }).click();
  await page.getByRole("heading", { name: "What is on your mind?" }).waitFor();
  await say(page, "Tell me a joke");
  await answered(page, 1);
  await page.reload();
  await answered(page, 1);
  assert.equal(await page.locator(".bubble").textContent(), "Tell me a joke");
  await page.getByRole("link", { name: "<i>First</i>" }).click();
  await page.waitForFunction((text) => document.querySelector(".reply .markdown")?.textContent === text, reply);
  await page.getByRole("button", { name: "Delete “<i>First</i>”" }).click();
  await page.getByRole("heading", { name: "What is on your mind?" }).waitFor();
  assert.equal(await page.locator(".chat-list li").count(), 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction((text) => document.querySelector(".reply .markdown")?.textContent === text, reply);
  assert.equal(await page.locator(".chat-list li").count(), 2);
  await closePage(page);
});

test("an answer goes on while the user looks at another view; a reload keeps what had come", async () => {
  const page = await openChat();
  let tokens = 0;
  proxy.pass = (event) => event === "sentiment" || event === "token" && ++tokens <= 2;
  await say(page, happy);
  await page.waitForFunction(() => document.querySelector(".reply .markdown")?.textContent.length > 1);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.locator(".playground").waitFor();
  proxy.allow((event) => event !== "done");
  await page.getByRole("link", { name: "Chat" }).click();
  await page.waitForFunction(() => document.querySelector(".streaming .markdown")?.textContent.length > 4);
  await page.reload();
  await page.getByText("Stopped.", { exact: true }).first().waitFor();
  assert.ok((await page.locator(".reply .markdown").textContent()).length > 4);
  await closePage(page);
});

test("settings go with the request and stay with the conversation; other tasks' results are shown as text", async () => {
  const page = await openChat();
  await page.getByRole("button", { name: "Settings" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("System prompt").fill("Answer in one word.");
  await dialog.getByLabel("Seed").fill("7");
  await dialog.getByLabel("Greatest length").fill("3");
  await dialog.getByLabel("Temperature").fill("11");
  await dialog.getByText("From 0 to 10.").waitFor();
  await dialog.getByLabel("Temperature").fill("0.5");
  await dialog.getByLabel("intent").check();
  await assertAccessible(page);
  await screenshot(page, "chat-settings-en");
  await page.keyboard.press("Escape");
  await say(page, "Tell me a joke");
  await answered(page, 1);
  const { system, seed, max_new_tokens, temperature, tasks, top_p } = proxy.asked[0];
  assert.deepEqual({ system, seed, max_new_tokens, temperature, top_p },
    { system: "Answer in one word.", seed: 7, max_new_tokens: 3, temperature: 0.5, top_p: undefined });
  assert.deepEqual(tasks, ["sentiment", "chat", "intent"]);
  await page.getByText("The reply ended at its greatest length.").waitFor();
  const result = page.locator(".result");
  assert.equal(await result.locator("dt").textContent(), "intent");
  assert.match(await result.locator("dd").textContent(), /^(<b>order<\/b>|question)/);
  const first = await page.locator(".reply .markdown").textContent();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 1);
  assert.equal(await page.locator(".reply .markdown").textContent(), first, "the same seed, the same reply");
  await page.reload();
  await answered(page, 1);
  await page.getByRole("button", { name: "Settings" }).click();
  assert.equal(await page.getByRole("dialog").getByLabel("System prompt").inputValue(), "Answer in one word.");
  await closePage(page);
});

test("questions among the tasks: a level and the mean, an option, yes or no", async () => {
  const page = await openChat();
  await page.getByRole("button", { name: "Settings" }).click();
  const dialog = page.getByRole("dialog");
  for (const kind of ["places on a scale", "chooses an option", "answers yes or no"]) await dialog.getByText(kind).waitFor();
  for (const task of ["anger", "topic", "urgent"]) await dialog.getByLabel(task).check();
  await page.keyboard.press("Escape");
  await say(page, happy);
  await answered(page, 1);
  const shown = async () => Object.fromEntries(await page.locator(".result").evaluateAll((results) =>
    results.map((one) => [one.querySelector("dt").textContent, one.querySelector("dd").textContent])));
  const first = await shown();
  assert.match(first.anger, /^<i>(calm|furious)<\/i>\s*[\d.> ]+ % mean [01]\.\d\d$/);
  assert.match(first.topic, /^(work|weather)\s*[\d.> ]+ %$/);
  assert.match(first.urgent, /^(yes|no)\s*[\d.> ]+ %$/);
  await assertAccessible(page);
  await screenshot(page, "chat-questions-en");
  await page.reload();
  await answered(page, 1);
  assert.deepEqual(await shown(), first, "as they were kept");
  await closePage(page);
});

test("edited settings are the conversation's once: when the dialog closes, or with the page", async () => {
  const page = await openChat();
  await say(page, happy);
  await withTimes(page, 1);
  await page.evaluate(() => {
    globalThis.stored = 0;
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (key.startsWith("qaio.chat.")) ++globalThis.stored;
      store.call(this, key, value);
    };
  });
  const stored = () => page.evaluate(() => globalThis.stored);
  const system = page.getByRole("dialog").getByLabel("System prompt");
  await page.getByRole("button", { name: "Settings" }).click();
  await system.pressSequentially("In rhymes.");
  assert.equal(await stored(), 0);
  await page.keyboard.press("Escape");
  await system.waitFor({ state: "detached" });
  await until(async () => (await stored()) > 0, "they are stored");  // after the frame without it
  assert.equal(await stored(), 1);
  await page.getByRole("button", { name: "Settings" }).click();
  assert.equal(await system.inputValue(), "In rhymes.");
  await page.keyboard.press("Escape"); // nothing was changed
  await system.waitFor({ state: "detached" });
  assert.equal(await stored(), 1);
  for (const [text, leave] of [
    ["By a reload.", () => page.reload()],
    ["By an address.", async () => {
      await page.evaluate(() => {
        location.hash = "#/chat/new";
      });
      await page.locator(".chat-empty").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: happy }).click();
    }],
  ]) {
    await page.getByRole("button", { name: "Settings" }).click();
    await system.fill(text);
    await leave();
    await answered(page, 1);
    await page.getByRole("button", { name: "Settings" }).click();
    assert.equal(await system.inputValue(), text);
    await page.keyboard.press("Escape");
    await system.waitFor({ state: "detached" });
  }
  await closePage(page);
});

test("Enter sends, but not with Shift nor while an input method composes", async () => {
  const page = await openChat();
  const field = page.locator(".composer textarea");
  await field.fill("one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  assert.equal(await field.inputValue(), "one\ntwo");
  for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
    await field.evaluate((element, init) => element.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init })), composing);
  }
  assert.equal(await page.locator(".exchange").count(), 0);
  await page.keyboard.press("Enter");
  await answered(page, 1);
  assert.equal(proxy.asked[0].input, "one\ntwo");
  assert.equal(await field.inputValue(), "");
  await closePage(page);
});

test("the end stays in sight while text comes, unless the user scrolled away", async () => {
  const page = await openChat({ viewport: { width: 900, height: 420 } });
  for (let i = 1; i <= 4; ++i) {
    await say(page, "Tell me a joke");
    await answered(page, i);
  }
  await withTimes(page, 4);
  const end = (near) => page.waitForFunction((wanted) => {
    const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
    return scrollHeight > clientHeight + 200 && (scrollHeight - clientHeight - scrollTop < 48) === wanted;
  }, near);
  await end(true);
  await page.mouse.wheel(0, -2000);
  const down = page.getByRole("button", { name: "To the latest message" });
  await down.waitFor();
  await page.locator(".times summary").first().click(); // it grows out of sight of the end
  await page.locator(".waterfall").waitFor();
  await end(false);
  await down.click();
  await end(true);
  await page.waitForFunction(() => document.querySelector(".to-bottom") === null);
  await closePage(page);
});

for (const [theme, language, viewport] of [["dark", "zh-CN", phone], ["light", "en-US", desktop], ["dark", "en-US", desktop]]) {
  test(`accessible and within the window: ${theme}, ${language}, ${viewport.width} wide`, async () => {
    const page = await openChat({ theme, language, viewport });
    await say(page, language === "zh-CN" ? "排队两小时还卖完了，气死我了" : "I got the job today!");
    await withTimes(page, 1);
    await say(page, "x".repeat(300));
    await withTimes(page, 2);
    await page.locator(".times summary").first().click();
    await page.locator(".waterfall").waitFor();
    await assertAccessible(page);
    await assertFitsWidth(page);
    await screenshot(page, `chat-${theme}-${language}-${viewport.width}`);
    if (viewport === phone) {
      await page.getByRole("button", { name: "对话列表" }).click();
      await page.getByRole("link", { name: "新对话" }).waitFor();
      await assertAccessible(page);
      await screenshot(page, "chat-list-phone");
      await page.mouse.click(380, 700); // beside the list
      await page.getByRole("link", { name: "新对话" }).waitFor({ state: "hidden" });
    }
    await closePage(page);
  });
}
