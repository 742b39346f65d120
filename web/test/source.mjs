// Modules of the page for tests outside of a browser: bundled, with the few globals they touch.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");

globalThis.addEventListener ??= () => {};
globalThis.document ??= { documentElement: {}, hidden: false, addEventListener() {} };
if (!globalThis.navigator?.languages) {
  Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] }, configurable: true });
}

/** What `file` (from src/) exports. */
export async function source(file) {
  const { outputFiles } = await build({
    absWorkingDir: web,
    entryPoints: [join("src", file)],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
