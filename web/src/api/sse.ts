// Server-sent events from a fetch() body. EventSource knows no POST and sends no key.

export interface ServerEvent {
  event: string; // "message" where the stream does not say
  data: string;
}

const dataCharsMax = 16 << 20;

/** Pieces of a stream in, events out, wherever the pieces were cut. */
export class EventParser {
  private rest = ""; // a line whose end has not come
  private first = true; // a byte order mark may come
  private afterCr = false; // a line feed that comes next belongs to the line end before
  private event = "";
  private data: string[] = [];
  private dataChars = 0;

  constructor(private readonly onEvent: (event: ServerEvent) => void) {}

  push(piece: string): void {
    if (piece === "") return;
    let text = piece;
    if (this.first && text.startsWith("\uFEFF")) text = text.slice(1);
    this.first = false;
    if (this.afterCr && text.startsWith("\n")) text = text.slice(1);
    this.afterCr = piece.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = this.rest + lines[0];
    this.rest = lines.pop()!;
    if (this.rest.length > dataCharsMax) throw new Error("a line of the event stream is too long");
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment, such as ": keep-alive"
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.event = value;
    if (field !== "data") return; // "id" and "retry" are for those that connect again
    this.data.push(value);
    this.dataChars += value.length;
    if (this.dataChars > dataCharsMax) throw new Error("an event of the stream is too long");
  }

  /** An event without an empty line behind it is not whole: the end of the stream drops it. */
  private dispatch(): void {
    const { event, data } = this;
    this.event = "";
    this.data = [];
    this.dataChars = 0;
    if (data.length > 0) this.onEvent({ event: event || "message", data: data.join("\n") });
  }
}

/** Reads a body to its end; each event is handed over as soon as it is whole. */
export async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (event: ServerEvent) => void): Promise<void> {
  const parser = new EventParser(onEvent);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {}); // of a stream that was left early
  }
}
