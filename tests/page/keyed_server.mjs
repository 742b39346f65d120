// A server that wants API keys.
import { createServer, request } from "node:http";
import { startServer } from "./page.mjs";

const scopesOf = (path, method) => path === "/metrics" ? "metrics" : path === "/keys" ? "admin" : path === "/key" ? "" :
  method === "GET" && /^\/(requests|report|compare|stats|live|slo)\b/.test(path) ? "read" : "run";

export async function startKeyedServer(names) {
  const server = await startServer();
  const target = new URL(server.url);
  const keys = new Map();
  const sockets = new Map();
  const proxy = {
    keys: {},
    async revoke(name) {
      keys.delete(proxy.keys[name]);
    },
    async expire(name) {
      keys.get(proxy.keys[name]).expired = true;
    },
    async stop() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await server.stop();
    },
  };
  for (const [name, scopes] of Object.entries(names)) {
    proxy.keys[name] = `qaio_${name.padEnd(8, "0")}_secret-of-${name}`;
    keys.set(proxy.keys[name], { name, scopes });
  }
  const refuse = (outgoing, status, code, challenge) => {
    outgoing.writeHead(status, { "Content-Type": "application/json", "WWW-Authenticate": challenge });
    outgoing.end(JSON.stringify({ error: { code, message: code, type: "authentication_error" } }));
  };
  const listener = createServer((incoming, outgoing) => {
    const { method, url } = incoming;
    const path = url.split("?")[0];
    const { authorization, ...headers } = incoming.headers;
    if (path !== "/" && !path.startsWith("/assets/") && !path.startsWith("/health")) {
      const key = keys.get(authorization?.replace("Bearer ", ""));
      const scope = scopesOf(path, method);
      if (authorization === undefined) return refuse(outgoing, 401, "missing_api_key", 'Bearer realm="qaio"');
      if (key === undefined) return refuse(outgoing, 401, "invalid_api_key", 'Bearer realm="qaio"');
      if (key.expired) return refuse(outgoing, 401, "expired_api_key", 'Bearer realm="qaio"');
      if (path === "/key") {
        outgoing.end(JSON.stringify({ name: key.name, scopes: key.scopes, expires_unix_ms: null }));
        return;
      }
      if (!key.scopes.includes(scope)) {
        return refuse(outgoing, 403, "missing_scope", `Bearer realm="qaio", error="insufficient_scope", scope="${scope}"`);
      }
    }
    const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  proxy.url = `http://127.0.0.1:${listener.address().port}`;
  return proxy;
}
