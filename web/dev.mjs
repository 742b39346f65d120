// For working on the page: node dev.mjs [PORT] [SERVER]   (default: 5173 http://127.0.0.1:8080)
//
// Builds at each reload and serves the result; whatever else is asked for comes from a running qaio.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const port = Number(process.argv[2] ?? 5173);
const server = new URL(process.argv[3] ?? "http://127.0.0.1:8080");
const types = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
// As src/server/page has it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

createServer((incoming, outgoing) => {
  const path = new URL(incoming.url, "http://localhost").pathname;
  if (path === "/" || path.startsWith("/assets/")) {
    try {
      if (path === "/") execFileSync("node", [join(here, "build.mjs")], { stdio: "inherit" });
      const file = path === "/" ? "index.html" : path.slice(1);
      const body = readFileSync(join(here, "dist", file));
      outgoing.writeHead(200, {
        "Content-Type": types[file.split(".").pop()],
        "Content-Security-Policy": policy,
      });
      outgoing.end(body);
    } catch (error) {
      outgoing.writeHead(path === "/" ? 500 : 404).end(String(error));
    }
    return;
  }
  const { method, headers, url } = incoming;
  const onward = request({ host: server.hostname, port: server.port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", (error) => outgoing.destroy(error));
  outgoing.on("close", () => onward.destroy()); // as a client that leaves does
  incoming.pipe(onward);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
