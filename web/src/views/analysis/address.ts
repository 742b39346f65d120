/** The parameters of GET /report that the page knows; others in an address have no effect. */
const reportNames = ["last", "since", "until", "version", "task", "trend"];

export function reportQuery(address: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of reportNames) {
    const value = address.get(name)?.trim();
    if (value) query.set(name, value);
  }
  return query;
}

/** Another question: the address changes, and with it the view. */
export function ask(query: URLSearchParams): void {
  const text = query.toString();
  location.hash = text === "" ? "#/analysis" : `#/analysis?${text}`;
}
