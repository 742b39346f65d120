// The chat when something is wrong: hostile text, refusals, a server that goes away, a browser without room.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startProxy } from "./holding_proxy.mjs";
import {
  assertFitsWidth, closePage, fillEscaped, launchBrowser, openPage, phone, say, screenshot,
  startServer,
} from "./page.mjs";

const refused = [/Failed to load resource/]; // Chromium's own line about a status of 4xx and 5xx
let server;
let browser;
let proxy;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  proxy = await startProxy(server);
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

function openChat(options) {
  proxy.allow(() => true);
  return openPage(browser, `${proxy.url}/#/chat`, options);
}

/** Streams `reply` as the server would; its record does not exist. */
function scripted(reply, done = {}) {
  return (outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream", "X-Request-Id": "made-up" });
    const send = (event, data) => outgoing.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send("sentiment", { sentiment: "<u>正面</u>", sentiment_score: 0.5 });
    for (let i = 0; i < reply.length; i += 500) send("token", { text: reply.slice(i, i + 500) });
    send("done", { request_id: "made-up", reply, finish_reason: "stop", history_dropped: 0, ...done });
    outgoing.end();
  };
}

function refusing(status, error, headers = {}) {
  return (outgoing) => {
    outgoing.writeHead(status, { "Content-Type": "application/json", ...headers });
    outgoing.end(JSON.stringify({ error }));
  };
}

const hostile = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>

<div onclick="document.title='owned'" style="position:fixed;inset:0">over</div>

[script](javascript:document.title='owned') [data](data:text/html,hi) [here](#/live) [file](file:///etc/passwd)
[good](https://example.org/a?b=c&d "title") <https://example.net> ![picture](https://example.com/p.png "t")
![bad](javascript:alert(1)) http://plain.example/x <a href="https://evil.example">raw</a>
见 https://zh.example/a。再见

| a | b |
|:--|--:|
| <b>1</b> | \`2 < 3\` |

- [x] done
- **bold *both* ** &lt;tag&gt; &amp; &#128512; &copy;

\`\`\`html
<script>document.title='owned'</script>
\`\`\`
`;

test("HTML, scripts and Markdown tricks are text; nothing else is asked for", async () => {
  const page = await openChat({ allowed: refused });
  proxy.answer = scripted(hostile, { results: { "<b>task</b>": { label: "<img src=x onerror=alert(1)>", score: 0.5 } } });
  await say(page, hostile);
  await page.locator(".result").waitFor();
  await page.locator(".reply .code-block").waitFor();
  const main = page.locator("main");
  assert.equal(await main.locator("img, script, iframe, object, [onclick], [onerror], u, div[style]").count(), 0);
  assert.match(await page.title(), /^Chat/);
  assert.match(await page.locator(".bubble").textContent(), /<script>document\.title='owned'<\/script>/);
  const reply = page.locator(".reply .markdown");
  assert.match(await reply.textContent(), /<img src=x onerror=/);
  assert.match(await reply.textContent(), /<tag> & 😀/);
  const links = await reply.locator("a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.rel, a.target]));
  assert.deepEqual(links.map(([href]) => href), [
    "https://example.org/a?b=c&d", "https://example.net/", "https://example.com/p.png", "http://plain.example/x", "https://zh.example/a",
  ]);
  for (const [, rel, target] of links) assert.deepEqual([rel, target], ["noopener noreferrer", "_blank"]);
  assert.equal(await reply.locator("td").first().textContent(), "<b>1</b>");
  assert.equal(await reply.locator("pre").textContent(), "<script>document.title='owned'</script>");
  assert.equal(await page.locator(".result dt").textContent(), "<b>task</b>");
  assert.match(await page.locator(".label-chip").first().textContent(), /<u>正面<\/u>/);
  await page.setViewportSize(phone);
  await assertFitsWidth(page);
  await screenshot(page, "chat-hostile-phone");
  await closePage(page);
});

test("replies of 100 kB, and those that parsers take long for, do not hold up the page", async () => {
  const page = await openChat({ allowed: refused });
  const long = "A line of *some* length with `code` and [a link](https://example.org/).\n\n".repeat(1400);
  const slow = `${"a.".repeat(25_000)}@\n\n${"_a".repeat(25_000)}\n\n${">".repeat(20_000)}\n\n${" ".repeat(30_000)}x`;
  for (const reply of [long, slow]) {
    await page.goto(`${proxy.url}/#/chat/new`);
    proxy.answer = scripted(reply);
    await page.evaluate(() => {
      globalThis.longest = 0;
      let last = performance.now();
      const look = () => {
        const now = performance.now();
        globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
        globalThis.looking = setTimeout(look);
      };
      clearTimeout(globalThis.looking);
      look();
    });
    await say(page, "go on");
    await page.locator(".reply-foot").waitFor();
    const longest = await page.evaluate(() => globalThis.longest);
    assert.ok(longest < 3000, `the page stood still for ${longest} ms`); // without bounds it is 20 s and more
  }
  await closePage(page);
});

test("refusals are said in words of the reader's language", async () => {
  const page = await openChat({ language: "zh-CN", allowed: refused });
  const failure = page.locator(".failure");
  const cases = [
    [503, { code: "resource_exhausted", message: "too many" }, { "Retry-After": "7" }, /请求已满.*7 秒后/],
    [429, { code: "too_many_requests", message: "too many" }, {}, /请求已满/],
    [400, { code: "invalid_argument", message: "'top_p' must be a number", field: "top_p" }, {}, /不接受“top_p”/],
    [400, { code: "invalid_argument", message: "'history' must have at most 3", field: "history" }, {}, /对话过长/],
    [413, { code: "too_large", message: "larger" }, {}, /大小超过/],
    [503, { code: "cancelled", message: "stopping" }, { "Retry-After": "1" }, /服务器就停止了/],
    [504, { code: "deadline_exceeded", message: "late" }, {}, /时限/],
  ];
  for (const [status, error, headers, words] of cases) {
    proxy.answer = refusing(status, error, headers);
    if (await failure.count() === 0) await say(page, "你好");
    else await page.getByRole("button", { name: "重试" }).click();
    await failure.filter({ hasText: words }).waitFor();
  }
  await screenshot(page, "chat-refused-zh");
  await page.getByRole("button", { name: "重试" }).click();
  await page.locator(".reply .markdown").waitFor();
  assert.equal(await failure.count(), 0);
  await say(page, "很长".repeat(2000)); // the server itself refuses this
  await failure.filter({ hasText: /消息过长.*上限为 512/ }).waitFor();
  await closePage(page);
});

test("an error within the stream, and a connection that breaks, keep what had come", async () => {
  const page = await openChat({ allowed: [...refused, /net::ERR/] });
  proxy.answer = (outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
    outgoing.end('event: token\ndata: {"text":"Half"}\n\nevent: error\ndata: {"error":{"code":"resource_exhausted","message":"no memory"}}\n\n');
  };
  await say(page, "Hello");
  await page.locator(".failure").filter({ hasText: "as many requests as it takes" }).waitFor();
  assert.equal(await page.locator(".reply .markdown").textContent(), "Half");

  let tokens = 0;
  proxy.pass = (event) => event === "sentiment" || event === "token" && ++tokens <= 2;
  await say(page, "Tell me a joke");
  await page.waitForFunction(() => document.querySelector(".streaming .markdown")?.textContent.length > 1);
  proxy.cut();
  await page.locator(".failure").filter({ hasText: "broke before the answer was whole" }).waitFor();
  assert.ok((await page.locator(".exchange:last-child .markdown").textContent()).length > 1);

  proxy.answer = (outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
    outgoing.end('event: token\ndata: {"text":"No end"}\n\n');
  };
  await say(page, "Hello");
  await page.waitForFunction(() => document.querySelectorAll(".failure").length === 3);
  await closePage(page);
});

test("a model that is being loaded is waited for, and the message goes out then", async () => {
  const page = await openChat({ allowed: refused });
  proxy.answer = refusing(503, { code: "not_ready", message: "loading" }, { "Retry-After": "1" });
  await page.route("**/health", (route) => route.fulfill({ status: 503, json: { error: { code: "not_ready", message: "loading" } } }));
  await say(page, "Hello");
  await page.getByText("The model is still being loaded. Your message goes out as soon as it is ready.").waitFor();
  await page.unroute("**/health");
  await page.locator(".reply .markdown").waitFor();
  proxy.answer = refusing(503, { code: "not_ready", message: "loading" });
  await page.route("**/health", (route) => route.fulfill({ status: 503, json: { error: { code: "not_ready", message: "loading" } } }));
  await say(page, "Hello");
  await page.getByText("The model is still being loaded.").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped before an answer came.").waitFor();
  await closePage(page);
});

test("a server that is gone is said, and after its return the message can be sent again", async () => {
  const short = await startServer();
  const page = await openPage(browser, `${short.url}/#/chat`, { allowed: [/Failed to load resource/] });
  await page.getByRole("status").filter({ hasText: "demo" }).waitFor();
  await short.stop();
  await say(page, "Hello");
  await page.locator(".failure").filter({ hasText: "cannot be reached" }).waitFor();
  const again = await startServer("--port", String(short.port));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".reply .markdown").waitFor();
  await again.stop();
  await closePage(page);
});

test("the oldest conversation goes when there are too many, or no room, and that is said", async () => {
  const page = await openChat();
  await page.evaluate(() => {
    for (let i = 0; i < 50; ++i) {
      localStorage.setItem(`qaio.chat.old${i}`, JSON.stringify({
        id: `old${i}`, title: `Old ${i}`, changed_unix_ms: 1000 + i, settings: {},
        exchanges: [{ id: "e", input: "x", reply: "y", state: "done" }],
      }));
    }
    localStorage.setItem("qaio.chat.broken", "{");
    localStorage.setItem("qaio.chat.strange", '{"id":5}');
  });
  await page.goto(`${proxy.url}/?#/chat/new`);
  await page.getByRole("link", { name: "Old 49", exact: true }).waitFor();
  await say(page, "Hello");
  await page.getByText("The oldest conversation was dropped to make room.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Old 0", exact: true }).count(), 0);
  await page.locator(".reply .markdown").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await closePage(page);
});

test("of a damaged conversation is shown what can be", async () => {
  const page = await openChat();
  await page.evaluate(() => {
    const good = { id: "good", input: "Asked", reply: "Answered", state: "done" };
    const kept = (id, change) => localStorage.setItem(`qaio.chat.${id}`, JSON.stringify({
      id, title: id, changed_unix_ms: 1000, settings: {}, exchanges: [null, {}, good, 5, "x", { ...good, id: 5 }], ...change,
    }));
    kept("z", {});
    kept("y", { settings: { system: 5, tasks: "x", seed: {} }, id: null });
    kept("x", { exchanges: [{ ...good, sentiment: 5, results: { a: null }, failure: "x", summary: {}, request_id: {}, history_dropped: "x" }] });
    kept("w", { exchanges: {} });
    kept("v", { exchanges: [] });
  });
  for (const id of ["z", "y", "x"]) {
    await page.goto(`${proxy.url}/?${id}#/chat/${id}`);
    await page.getByText("Answered").waitFor();
    assert.equal(await page.locator(".exchange").count(), 1);
    await say(page, "Hello");
    await page.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
    assert.equal(await page.locator(".failure").count(), 0);
  }
  assert.deepEqual((await page.locator(".chat-list li").allTextContents()).sort(), ["v", "x", "y", "z"]);
  await closePage(page);
});

test("half of a surrogate pair is no reason not to answer", async () => {
  const page = await openChat();
  await fillEscaped(page.locator(".composer textarea"), "half \ud83d and whole \u{1f600}");
  await page.locator(".composer textarea").press("Enter");
  await page.locator(".reply .markdown").waitFor();
  assert.equal(proxy.asked.at(-1).input, "half \ufffd and whole \u{1f600}");
  await closePage(page);
});

test("a browser that keeps nothing is no reason not to talk", async () => {
  const page = await openChat();
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await say(page, "Hello");
  await page.getByText("This browser has no room for conversations").waitFor();
  await page.locator(".reply .markdown").waitFor();
  await say(page, "Tell me a joke");
  await page.waitForFunction(() => document.querySelectorAll(".reply-foot").length === 2);
  await closePage(page);
});
