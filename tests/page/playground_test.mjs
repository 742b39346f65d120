// The playground: a task is tried on texts, and what is copied out runs elsewhere, whatever its texts are.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  assertAccessible, assertFitsWidth, closePage, desktop, fillEscaped, launchBrowser, openPage,
  phone, screenshot, startServer, temporaryFolder, until,
} from "./page.mjs";

const run = promisify(execFile);
const folder = temporaryFolder();
let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function open(options) {
  return openPage(browser, `${server.url}/#/playground`, options);
}

async function ran(page, count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".trial-foot").length === wanted, count);
}

test("a task runs on several texts: probabilities, times, and where the time went", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Mood" }).click();
  await page.getByRole("button", { name: "Run" }).click();
  await ran(page, 2);
  await page.getByText("2 of 2 done").waitFor();
  const bars = page.locator(".trial").first().locator(".bars li");
  assert.deepEqual((await bars.locator(".bar-label").allTextContents()).sort(), ["negative", "positive"]);
  const values = (await bars.locator(".bar-value").allTextContents()).map((text) => parseFloat(text.replace("> ", "")));
  assert.ok(values[0] >= values[1] && Math.abs(values[0] + values[1] - 100) < 1, String(values));
  await page.getByText(/2 texts · median .* on the server/).waitFor();
  await screenshot(page, "playground-en");
  await page.getByRole("link", { name: "where the time went" }).first().click();
  await page.locator(".waterfall").waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Short replies" }).click();
  await page.getByRole("button", { name: "Run" }).click();
  await ran(page, 3);
  assert.ok((await page.locator(".trial .answer").first().textContent()).length > 3);
  await closePage(page);
});

test("what is written survives a reload, and an example can be taken back", async () => {
  const page = await open();
  await page.getByLabel("System prompt").fill("Mine.");
  await page.getByRole("button", { name: "Mood" }).click();
  assert.notEqual(await page.getByLabel("System prompt").inputValue(), "Mine.");
  await page.getByRole("button", { name: "Back to my own" }).click();
  assert.equal(await page.getByLabel("System prompt").inputValue(), "Mine.");
  await page.waitForFunction(() => localStorage.getItem("qaio.playground")?.includes("Mine."));
  await page.reload();
  assert.equal(await page.getByLabel("System prompt").inputValue(), "Mine.");
  await closePage(page);
});

test("what is written is stored after a pause or at the end, not with each letter", async () => {
  const page = await open();
  await page.evaluate(() => {
    globalThis.stored = 0;
    const store = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (key === "qaio.playground") ++globalThis.stored;
      store.call(this, key, value);
    };
  });
  const letters = async (text) => {
    for (const letter of text) await page.keyboard.press(letter);
  };
  const kept = () => page.evaluate(() => JSON.parse(localStorage.getItem("qaio.playground"))?.task.system);
  await page.getByLabel("System prompt").fill("");
  await letters("ThatIsWrittenLetterByLetter");
  await page.getByRole("link", { name: "Chat" }).click();
  await page.locator(".chat").waitFor();
  assert.equal(await kept(), "ThatIsWrittenLetterByLetter");
  const stored = await page.evaluate(() => globalThis.stored);
  assert.ok(stored < 14, `27 letters were stored ${stored} times`);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByLabel("System prompt").fill("At last.");
  await page.reload();
  assert.equal(await page.getByLabel("System prompt").inputValue(), "At last.");
  await closePage(page);
});

test("of a damaged draft is shown what can be", async () => {
  const page = await open();
  for (const [kept, user, texts] of [
    [{ task: { user: 5, labels: null }, texts: "x" }, "{input}", "x"],
    [{ task: { user: "> {input}", kind: "sing", temperature: "hot" }, texts: {} }, "> {input}", null],
    [{ task: [], texts: "x" }, "{input}", "x"],
    ["x", "{input}", null],
  ]) {
    await page.getByRole("link", { name: "Chat" }).click();
    await page.locator(".chat").waitFor(); // what the playground showed is written
    await page.evaluate((value) => localStorage.setItem("qaio.playground", value), JSON.stringify(kept));
    await page.getByRole("link", { name: "Playground" }).click();
    assert.equal(await page.getByLabel("User message").inputValue(), user);
    if (texts !== null) assert.equal(await page.getByLabel("Texts, one per line").inputValue(), texts);
    await page.getByRole("button", { name: "Run" }).click();
    await page.locator(".trial-foot").first().waitFor();
  }
  await closePage(page);
});

test("half of a surrogate pair is sent and copied as U+FFFD", async () => {
  const page = await open();
  const half = "half \ud83d, whole \u{1f600}";
  for (const label of ["System prompt", "Texts, one per line"]) await fillEscaped(page.getByLabel(label), half);
  await fillEscaped(page.getByLabel("User message"), `${half} {input}`);
  await fillEscaped(page.getByLabel("Labels"), `${half}\nother`);
  const sent = page.waitForRequest("**/v1/chat/completions");
  await page.getByRole("button", { name: "Run" }).click();
  await ran(page, 1);
  const clean = "half \ufffd, whole \u{1f600}";
  const { messages, guided_choice } = (await sent).postDataJSON();
  assert.deepEqual(messages.map(({ content }) => content), [clean, `${clean} ${clean}`]);
  assert.deepEqual(guided_choice, [clean, "other"]);
  for (const form of ["TOML", "curl", "Python", "JavaScript"]) {
    const code = await copied(page, form);
    assert.ok(code.includes(clean) && !/\\u?d83d(?!\\ude00)/i.test(code), code);
  }
  await closePage(page);
});

test("what the server would refuse is said before", async () => {
  const page = await open();
  const runs = page.getByRole("button", { name: "Run" });
  for (const [label, wrong, words, right] of [
    ["Name", "My task", "from a-z", "my-task"],
    ["User message", "no place", "exactly once", "{input}"],
    ["User message", "{input} {input}", "exactly once", "{input}"],
    ["Labels", "one", "two labels", "one\ntwo"],
    ["Labels", "one\none", "the same", "one\ntwo"],
    ["Labels", Array.from({ length: 65 }, (_, i) => `l${i}`).join("\n"), "64 labels", "one\ntwo"],
  ]) {
    await page.getByLabel(label).fill(wrong);
    await page.getByRole("status").filter({ hasText: words }).waitFor();
    assert.ok(await runs.isDisabled());
    await page.getByLabel(label).fill(right);
    assert.ok(await runs.isEnabled());
  }
  await closePage(page);
});

test("cancel ends what runs; a refusal is said where it happened", async () => {
  const page = await open({ allowed: [/Failed to load resource/] });
  const held = [];
  await page.route("**/v1/chat/completions", (route) => held.push(route));
  await page.getByLabel("Texts, one per line").fill(Array.from({ length: 9 }, (_, i) => `text ${i}`).join("\n"));
  await page.getByRole("button", { name: "Run" }).click();
  await until(() => held.length >= 4, "four are asked");
  assert.equal(held.length, 4, "four at a time");
  await held[0].fulfill({
    status: 503, headers: { "Retry-After": "3" }, json: { error: { code: "resource_exhausted", message: "full" } },
  });
  await page.getByText("Try again in 3 s.").waitFor();
  await page.getByText("1 of 9 done").waitFor();
  await until(() => held.length >= 5, "the next is asked");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".trial .soft").length === 8);
  assert.equal(await page.getByText("cancelled", { exact: true }).count(), 8);
  assert.ok(await page.getByRole("button", { name: "Run" }).isEnabled());
  assert.equal(held.length, 5, "four at a time, and none after the end");
  await closePage(page);
});

const evil = `It's "quoted" \\ back\\slash $HOME \`id\` $(id) %s {x} </script>\n\n\ttab """ three ''' and \\n "`;
const evilLabels = [`it's`, `"two"`, `three\\`, `$(four)`, "五😀"];
const evilText = `'"\\ $(touch x) \`y\` {input} %d 你好`;

/** The code in the form of that name, as it would be copied. */
async function copied(page, form) {
  await page.getByRole("tab", { name: form }).click();
  return page.locator(".export-code").textContent();
}

test("what is copied out means the same in TOML, a shell, Python and JavaScript", async () => {
  const page = await open();
  await page.getByLabel("System prompt").fill(evil);
  await page.getByLabel("User message").fill(`<"'\\> {input}\n$x`);
  await page.getByLabel("Labels").fill(evilLabels.join("\n"));
  await page.getByLabel("Texts, one per line").fill(evilText);
  await page.getByRole("button", { name: "Run" }).click();
  await ran(page, 1);
  await page.locator(".trial").first().getByText(evilText).waitFor();
  const listed = async (path) => (await (await fetch(`${server.url}${path}`)).json());
  const promptTokens = (await listed("/requests?limit=1")).requests[0].tasks[0].counters.prompt_tokens;
  const sortedLabels = [...evilLabels].sort();

  const byShell = JSON.parse((await run("sh", ["-c", await copied(page, "curl")], { cwd: folder })).stdout);
  assert.deepEqual(Object.keys(byShell.choices[0].scores).sort(), sortedLabels);
  assert.equal(byShell.usage.prompt_tokens, promptTokens);

  const { scores } = byShell.choices[0];
  const python = `${(await copied(page, "Python")).replace(/print\(run\((.*)\)\)/, "print(json.dumps(run($1)))")}`;
  const [, pythonScores] = JSON.parse((await run("python3", ["-c", python])).stdout);
  assert.deepEqual(pythonScores, scores);

  const script = join(folder, "client.mjs");
  writeFileSync(script, (await copied(page, "JavaScript")).replace(/console\.log\((.*)\);/, "console.log(JSON.stringify($1));"));
  assert.deepEqual(JSON.parse((await run("node", [script])).stdout).scores, scores);

  const config = join(folder, "task.toml");
  writeFileSync(config, await copied(page, "TOML"));
  const own = await startServer("--config", config);
  const { tasks } = await (await fetch(`${own.url}/v1/tasks`)).json();
  const name = await page.getByLabel("Name").inputValue();
  assert.deepEqual(tasks.find((task) => task.name === name).labels, evilLabels);
  const answer = await (await fetch(`${own.url}/v1/tasks/${name}`, { method: "POST", body: JSON.stringify({ input: evilText }) })).json();
  assert.equal(answer.usage.prompt_tokens, promptTokens);
  assert.deepEqual(answer.scores, scores);
  await own.stop();
  await closePage(page);
});

test("a generate task is copied out, too", async () => {
  const page = await open({ language: "zh-CN" });
  await page.getByRole("button", { name: "简短回复" }).click();
  await page.getByLabel("温度").fill("0");
  const { choices } = JSON.parse((await run("sh", ["-c", await copied(page, "curl")])).stdout);
  const said = (await run("python3", ["-c", await copied(page, "Python")])).stdout.trim();
  assert.equal(said, choices[0].message.content);
  const config = join(folder, "generate.toml");
  writeFileSync(config, await copied(page, "TOML"));
  const own = await startServer("--config", config);
  const text = (await page.getByLabel("文本，每行一条").inputValue()).split("\n")[0];
  const answer = await (await fetch(`${own.url}/v1/tasks/comfort`, { method: "POST", body: JSON.stringify({ input: text }) })).json();
  assert.equal(answer.text, said);
  await own.stop();
  await closePage(page);
});

// Each kind of question with texts that are hard to quote: the page, what is copied out, and a server of the
// copied TOML say the same.
const questions = [
  ["choice", { Question: "Which \"one\" \\ is it?", Options: "it's: a \"day\"\n10\n2: $(two)\n五" }, ["it's", "10", "2", "五"]],
  ["scale", { Question: "How 'angry'?", Levels: "calm \"\nso-so\nfurious: \\" }, ["calm \"", "so-so", "furious: \\"]],
  ["yes or no", { Question: "Is it `urgent`?" }, ["yes", "no"]],
];
for (const [kind, fields, labels] of questions) {
  test(`a question is asked and copied out: ${kind}`, async () => {
    const page = await open();
    await page.getByRole("radio", { name: kind, exact: true }).check({ force: true });
    await page.getByLabel("Name").fill("asked");
    await page.getByLabel("System prompt").fill("Be 'fair' \\.");
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text);
    await page.getByLabel("Texts, one per line").fill(evilText);
    await page.getByRole("button", { name: "Run" }).click();
    await ran(page, 1);
    const shown = await page.locator(".bars .bar-label").allTextContents();
    assert.deepEqual([...shown].sort(), [...labels].sort());
    if (kind === "scale") {
      assert.deepEqual(shown, labels, "levels stay in their order");
      await page.getByText(/mean [\d.]+ of 0 to 2/).waitFor();
    }
    await screenshot(page, `playground-question-${kind.replaceAll(" ", "-")}`);

    const { answers: [answer] } = JSON.parse((await run("sh", ["-c", await copied(page, "curl")])).stdout);
    const python = `${(await copied(page, "Python")).replace(/print\(run\((.*)\)\)/, "print(json.dumps(run($1)))")}`;
    assert.deepEqual(JSON.parse((await run("python3", ["-c", python])).stdout), answer);
    const script = join(folder, "question.mjs");
    writeFileSync(script, (await copied(page, "JavaScript")).replace(/console\.log\((.*)\);/, "console.log(JSON.stringify($1));"));
    assert.deepEqual(JSON.parse((await run("node", [script])).stdout), answer);

    const config = join(folder, "question.toml");
    writeFileSync(config, await copied(page, "TOML"));
    const own = await startServer("--config", config);
    const stored = await (await fetch(`${own.url}/v1/tasks/asked`, { method: "POST", body: JSON.stringify({ input: evilText }) })).json();
    const wanted = answer.type === "predicate" ? [answer.probability] : answer.probabilities.map(({ probability }) => probability);
    // A map of JavaScript moves names that are numbers: the list of tasks has the order.
    const { tasks } = await (await fetch(`${own.url}/v1/tasks`)).json();
    const names = tasks.find(({ name }) => name === "asked").labels;
    assert.deepEqual(names.slice(0, wanted.length).map((name) => stored.scores[name]), wanted);
    await own.stop();
    await closePage(page);
  });
}

test("what the server would refuse of a question is said before", async () => {
  const page = await open();
  const runs = page.getByRole("button", { name: "Run" });
  for (const [kind, label, wrong, words, right] of [
    ["choice", "Options", "one", "At least two options", "one\ntwo"],
    ["choice", "Options", "one: a\none: b", "Two options are the same", "one\ntwo"],
    ["scale", "Levels", "low", "2 to 10 levels", "low\nhigh"],
    ["yes or no", "Question", " ", "A question is needed", "Is it so?"],
  ]) {
    await page.getByRole("radio", { name: kind, exact: true }).check({ force: true });
    await page.getByLabel(label).fill(wrong);
    await page.getByText(words).waitFor();
    assert.equal(await runs.isDisabled(), true);
    await page.getByLabel(label).fill(right);
    assert.equal(await runs.isDisabled(), false);
  }
  await closePage(page);
});

for (const [theme, language, viewport] of [["dark", "zh-CN", phone], ["dark", "en-US", desktop], ["light", "zh-CN", desktop]]) {
  test(`accessible and within the window: ${theme}, ${language}, ${viewport.width} wide`, async () => {
    const page = await open({ theme, language, viewport });
    await page.locator(".run-row .primary").click();
    await ran(page, 3);
    await assertAccessible(page);
    await assertFitsWidth(page);
    await screenshot(page, `playground-${theme}-${language}-${viewport.width}`);
    await closePage(page);
  });
}
