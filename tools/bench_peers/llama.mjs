// llama.cpp's half of bench_peers.py: loads one model and evaluates what standard input asks for.
//   node llama.mjs MODEL THREADS FLASH CONTEXT      FLASH: default, true or false
// Prints {"ready": true, ...} once the model and a context are loaded. Then, for every line
// {"prompt": N, "generate": M}, evaluates N tokens from an empty context and M more one by one, and
// prints {"prompt_s", "generate_s"}: seconds until the first token is there, and for the M after it.
import readline from "node:readline";
import {getLlama} from "node-llama-cpp";

const imported_s = performance.now() / 1000; // since the process started
const [file, threads, flash, context] = process.argv.slice(2);
const print = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const llama = await getLlama({
  gpu: false,
  build: "never", // the binaries from npm, nothing downloaded or compiled
  skipDownload: true,
  logLevel: "error",
  maxThreads: Number(threads),
});
const model = await llama.loadModel({modelPath: file});
const options = {
  contextSize: Number(context),
  batchSize: Number(context), // a prompt in one go
  threads: Number(threads),
};
if (flash !== "default") options.flashAttention = flash === "true";
const sequence = (await model.createContext(options)).getSequence();
print({ready: true, imported_s});

const tokens = (count) => Array.from({length: count}, (_, i) => (i * 7919 + 13) % 150000);

for await (const line of readline.createInterface({input: process.stdin})) {
  const {prompt, generate} = JSON.parse(line);
  await sequence.clearHistory();
  const start = performance.now();
  let first = start;
  let seen = 0;
  // End-of-text tokens count like others: the weights are random.
  for await (const _ of sequence.evaluate(tokens(prompt), {temperature: 0, yieldEogToken: true})) {
    if (seen === 0) first = performance.now();
    if (seen === generate) break;
    ++seen;
  }
  print({prompt_s: (first - start) / 1000, generate_s: (performance.now() - first) / 1000});
}
process.exit(0);
