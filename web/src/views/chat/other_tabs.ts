// Which answers come in other tabs. What is kept tells that one was begun, not whether its tab still lives:
// so the tabs ask one another. (Web Locks would tell, but pages of plain http do not have them.)
import { conversations, markStopped } from "./conversations";
import { runs } from "./session";

type Message = { asked: string } | { answering: string }; // an exchange's id

const askEveryMs = 500;
const unansweredMax = 4; // counted, as browsers call timers of hidden tabs seldom

const unanswered = new Map<string, number>(); // by the exchange's id, of those that run elsewhere
let timer = 0;

function openChannel(): BroadcastChannel | null {
  try {
    return new BroadcastChannel("qaio.chat");
  } catch {
    return null; // where nothing may be kept, tabs know nothing of each other
  }
}

const channel = openChannel();
const tell = (message: Message) => channel?.postMessage(message);

function runsHere(exchangeId: string): boolean {
  return [...runs.get().values()].some((run) => run.exchangeId === exchangeId);
}

channel?.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if ("asked" in data) {
    if (runsHere(data.asked)) tell({ answering: data.asked });
  } else if (unanswered.has(data.answering)) unanswered.set(data.answering, 0);
});

function ask(): void {
  for (const [id, times] of [...unanswered]) {
    if (times === unansweredMax) {
      markStopped(id);
    } else {
      unanswered.set(id, times + 1);
      tell({ asked: id });
    }
  }
}

function look(): void {
  const elsewhere = conversations.get().flatMap(({ exchanges }) => exchanges)
    .filter(({ id, state }) => state === "running" && !runsHere(id)).map(({ id }) => id);
  for (const id of unanswered.keys()) if (!elsewhere.includes(id)) unanswered.delete(id);
  for (const id of elsewhere) if (!unanswered.has(id)) unanswered.set(id, 0);
  if (elsewhere.length > 0 && timer === 0) timer = setInterval(ask, askEveryMs);
  if (elsewhere.length === 0) {
    clearInterval(timer);
    timer = 0;
  }
}

conversations.subscribe(look);
look();
