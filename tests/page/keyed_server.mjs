// `qaio serve` that wants API keys.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { startServer, temporaryFolder, until } from "./page.mjs";

const folder = temporaryFolder(); // not within before(), at whose end it would be gone

/** `wanted`: options of `qaio keys create` by the name of the key; `.keys` are the keys by name. */
export async function startKeyedServer(wanted) {
  const file = join(folder, "keys.toml");
  const run = (...options) => execFileSync(process.env.QAIO_BINARY, ["keys", ...options], { encoding: "utf8", stdio: "pipe" });
  const keys = {};
  for (const [name, options] of Object.entries(wanted)) {
    keys[name] = run("create", "--api-key-file", file, "--name", name, ...options).trim();
  }
  const server = await startServer("--api-key-file", file);
  /** Until the server refuses the key, for whatever reason. */
  const untilRefused = (name) => until(async () =>
    (await fetch(`${server.url}/v1/models`, { headers: { Authorization: `Bearer ${keys[name]}` } })).status === 401, `${name} is refused`);
  return {
    ...server,
    keys,
    untilRefused,
    async revoke(name) {
      run("revoke", "--api-key-file", file, name);
      process.kill(server.pid, "SIGHUP");
      await untilRefused(name);
    },
  };
}
