// Which requests are shown: kept in the address, so that a link shows the same.

/** The parameters of GET /requests that the page knows; others in an address have no effect. */
const filterNames = ["task", "status", "since", "until", "min_chars", "max_chars", "slow", "sort", "id", "limit"] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Partial<Record<FilterName, string>>;

export const limits = [50, 200, 1000];

export function filtersOf(query: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const name of filterNames) {
    const value = query.get(name)?.trim();
    if (value) filters[name] = value;
  }
  return filters;
}

/** Whether some requests are left out. */
export function isFiltered(filters: Filters): boolean {
  return Object.keys(filters).some((name) => name !== "sort" && name !== "limit");
}

/** "?task=chat&status=failed", or empty. */
export function queryOf(filters: Filters, more: Record<string, string> = {}): string {
  const query = new URLSearchParams();
  for (const name of filterNames) if (filters[name]) query.set(name, filters[name]);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Of the list; or of one request, which leads back to the list as it was. */
export function addressOf(filters: Filters, requestId?: string): string {
  return `#/requests${requestId === undefined ? "" : `/${encodeURIComponent(requestId)}`}${queryOf(filters)}`;
}
