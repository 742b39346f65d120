// Which view is shown, from the part of the address behind "#": "#/requests/abc?task=chat".
import { createStore } from "./store";

export interface Route {
  view: string; // "chat", "live", ...
  parameter: string; // what follows the view's name, decoded; or empty
  query: URLSearchParams;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a broken escape is what it looks like
  }
}

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const view = slash < 0 ? path : path.slice(0, slash);
  const parameter = slash < 0 ? "" : decoded(path.slice(slash + 1));
  return { view: view || "chat", parameter, query: new URLSearchParams(query) };
}

export const route = createStore<Route>(parseRoute(location.hash));
addEventListener("hashchange", () => route.set(parseRoute(location.hash)));
