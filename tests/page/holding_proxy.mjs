// A server before `qaio serve` that lets a test hold, or break, what POST /chat streams.
import { createServer, request } from "node:http";

/**
 * `.pass` decides of each event by its name whether it goes on; one that does not holds all behind it until
 * `.allow(pass)` says otherwise. `.asked` are the bodies of POST /chat; `.answer` takes its place once.
 */
export async function startProxy(server) {
  const target = new URL(server.url);
  const streams = new Set();
  const proxy = {
    pass: () => true,
    asked: [],
    answer: null, // (outgoing) => void
    delayMs: 0, // of the way to the server
    allow(pass) {
      proxy.pass = pass;
      for (const stream of streams) stream.drain();
    },
    /** How many answers have not gone on wholly, to clients that still wait for them. */
    held: () => streams.size,
    /** Ends the connections whose streams are held, in the middle. */
    cut() {
      for (const stream of streams) stream.outgoing.destroy();
    },
    async stop() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };

  function stream(answer, outgoing) {
    const events = [];
    let rest = "";
    let ended = false;
    const held = {
      outgoing,
      drain() {
        if (outgoing.writableEnded || outgoing.destroyed) return;
        while (events.length > 0 && proxy.pass(/^event: (.*)$/m.exec(events[0])?.[1])) outgoing.write(`${events.shift()}\n\n`);
        if (ended && events.length === 0) outgoing.end();
      },
    };
    streams.add(held);
    outgoing.on("close", () => streams.delete(held));
    answer.setEncoding("utf8");
    answer.on("data", (text) => {
      const parts = (rest + text).split("\n\n");
      rest = parts.pop();
      events.push(...parts);
      held.drain();
    });
    answer.on("end", () => {
      ended = true;
      held.drain();
    });
  }

  function forward(incoming, outgoing) {
    const { method, headers, url } = incoming;
    const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      if (answer.headers["content-type"]?.startsWith("text/event-stream") && url === "/chat") {
        outgoing.flushHeaders();
        stream(answer, outgoing);
      } else answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy()); // as a client that leaves does
    return onward;
  }

  const listener = createServer(async (incoming, outgoing) => {
    if (incoming.method !== "POST" || incoming.url !== "/chat") {
      incoming.pipe(forward(incoming, outgoing));
      return;
    }
    const body = Buffer.concat(await incoming.toArray());
    proxy.asked.push(JSON.parse(body));
    const { answer } = proxy;
    proxy.answer = null;
    if (proxy.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, proxy.delayMs));
    if (answer !== null) answer(outgoing);
    else forward(incoming, outgoing).end(body);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  proxy.url = `http://127.0.0.1:${listener.address().port}`;
  return proxy;
}
