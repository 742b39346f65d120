// What the tests of the page share: a server, a browser, and a page that may not complain.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 800 };

/** `qaio serve` with the demo model; `.url` ends without a slash. */
export async function startServer(...options) {
  const port = options.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(process.env.QAIO_BINARY, ["serve", ...port, "--threads", "1", ...options],
    { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const url = await new Promise((resolve, reject) => {
    let listening;
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${log.join("\n")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      listening ??= line.match(/http:\/\/\S+/)?.[0];
      if (/\bready\b/.test(line)) resolve(listening);
    });
  });
  // A test that fails before its stop() keeps neither this process nor the server alive.
  for (const handle of [child, child.stdout, child.stderr]) handle.unref();
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    url,
    port: Number(new URL(url).port),
    log,
    pid: child.pid,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.ref();
      child.kill(signal);
      const [code] = await once(child, "exit");
      return code;
    },
  };
}

/** A folder that is there until the file's tests are over. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "qaio-page-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asks again until `condition` holds. */
export async function until(condition, what) {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function launchBrowser() {
  // The sandbox needs rights that containers do not have, and so does enough of /dev/shm; the only
  // pages opened are our own.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return chromium.launch({ executablePath: process.env.QAIO_CHROMIUM, args });
}

/**
 * A page in a context (profile) of its own. `allowed`: console messages that the test causes, as
 * Chromium's own line about a refused request. `quiet()` fails on any other.
 */
export async function openPage(browser, url, { language = "en-US", theme = "light", viewport = desktop, allowed = [] } = {}) {
  const context = await browser.newContext({ locale: language, colorScheme: theme, viewport });
  const page = await context.newPage();
  watch(page, allowed);
  await page.goto(url);
  return page;
}

/** Collects what a page says in the console, its errors, and requests to anywhere else. */
export function watch(page, allowed = []) {
  const complaints = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error}`));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") complaints.push(`asked ${request.url()}`);
  });
  page.quiet = () => {
    const unexpected = complaints.filter((text) => !allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, []);
  };
}

/** The end of a test's page; it said nothing unexpected. */
export async function closePage(page) {
  page.quiet();
  await page.context().close();
}

/** Sends a message in the chat. */
export async function say(page, text) {
  await page.locator(".composer textarea").fill(text);
  // While an answer runs, Enter sends nothing.
  await page.locator(".composer button.primary:enabled").waitFor();
  await page.keyboard.press("Enter");
}

/** Network, server and rendering of a record are the whole time, but where the network's would be below 0. */
export function assertAddsUp({ request_id, client, total_response_time_ms: total }) {
  const sum = client.network_ms + total + client.rendering_ms;
  const overlap = Math.max(0, total - client.last_byte_ms); // the server noticed its end after the browser
  assert.ok(Math.abs(sum - client.done_ms) <= overlap + 0.01, `request ${request_id}: ${sum} is not ${client.done_ms}`);
}

/** As field.fill(), for text that holds half of a surrogate pair: what goes to the browser as UTF-8 does not. */
export async function fillEscaped(field, text) {
  await field.evaluate((element, escaped) => {
    element.value = JSON.parse(escaped);
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, JSON.stringify(text));
}

/** axe-core finds no serious fault in what is shown. */
export async function assertAccessible(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    resultTypes: ["violations"],
  }));
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary ?? ""}`).join("; ")}`);
  assert.deepEqual(serious, []);
}

/** Nothing reaches beyond the window's right edge. */
export async function assertFitsWidth(page) {
  const [scroll, client] = await page.evaluate(() => {
    const root = document.documentElement;
    return [root.scrollWidth, root.clientWidth];
  });
  assert.ok(scroll <= client, `the page is ${scroll} wide in a window of ${client}`);
}

/** For people to look at; without QAIO_SCREENSHOTS nothing happens. */
export async function screenshot(page, name) {
  const folder = process.env.QAIO_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
