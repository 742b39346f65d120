/** Another question: the address changes, and with it the view. */
export function ask(query: URLSearchParams): void {
  const text = query.toString();
  location.hash = text === "" ? "#/analysis" : `#/analysis?${text}`;
}
