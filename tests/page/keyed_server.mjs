// A server that wants API keys.
import { createServer, request } from "node:http";
import { startServer } from "./page.mjs";

const scopesOf = (path, method) => path === "/metrics" ? "metrics" : path === "/keys" ? "admin" :
  method === "GET" && /^\/(requests|report|compare|stats|live|slo)\b/.test(path) ? "read" : "run";

/** `wanted`: options of `qaio keys create` by the name of the key; `.keys` are the keys by name. */
export async function startKeyedServer(wanted) {
  const server = await startServer();
  const target = new URL(server.url);
  const keys = new Map();
  const sockets = new Map();
  const proxy = {
    keys: {},
    async untilRefused() {},
    async revoke(name) {
      keys.delete(proxy.keys[name]);
    },
    async stop() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await server.stop();
    },
  };
  for (const [name, [, scopes, , expires]] of Object.entries(wanted)) {
    const id = name.padEnd(8, "0");
    proxy.keys[name] = `qaio_${id}_${"secret".padEnd(43, "A")}`;
    keys.set(proxy.keys[name], { id, name, scopes: scopes.split(","), expires: null, expired: expires === "1s" });
  }
  const refuse = (outgoing, status, code, message = code) => {
    outgoing.writeHead(status, { "Content-Type": "application/json", ...(status === 401 && { "WWW-Authenticate": 'Bearer realm="qaio"' }) });
    outgoing.end(JSON.stringify({ error: { code, message, type: "authentication_error" } }));
  };
  const listener = createServer((incoming, outgoing) => {
    const { method, url } = incoming;
    const path = url.split("?")[0];
    const { authorization, ...headers } = incoming.headers;
    if (path !== "/" && !path.startsWith("/assets/") && !path.startsWith("/health")) {
      const key = keys.get(authorization?.replace("Bearer ", ""));
      const scope = scopesOf(path, method);
      if (authorization === undefined) return refuse(outgoing, 401, "missing_api_key");
      if (key === undefined) return refuse(outgoing, 401, "invalid_api_key");
      if (key.expired) return refuse(outgoing, 401, "expired_api_key");
      if (!key.scopes.includes(scope) && !key.scopes.includes("admin")) {
        return refuse(outgoing, 403, "missing_scope", `the API key '${key.name}' is not for this, which needs the scope '${scope}'`);
      }
      if (path === "/keys") {
        outgoing.end(JSON.stringify({ required: true, keys: [...keys.values()] }));
        return;
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
