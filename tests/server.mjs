// `qaio serve` with the embedded demo model on a free port.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export async function startServer(...options) {
  const child = spawn(process.env.QAIO_BINARY, ['serve', '--port', '0', '--threads', '1', ...options],
                      { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  createInterface(child.stderr).on('line', (line) => log.push(line));
  const url = await new Promise((resolve, reject) => {
    let listening;
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${log.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      listening ??= line.match(/http:\/\/\S+/)?.[0];
      if (/\bready\b/.test(line)) resolve(listening);
    });
  });
  return {
    url,
    log,  // its records, one line a request
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

// Waits for what must come soon.
export async function eventually(condition) {
  for (const deadline = Date.now() + 60_000; !(await condition());) {
    assert.ok(Date.now() < deadline, `not in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
