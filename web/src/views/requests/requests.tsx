// The last requests: #/requests lists them, #/requests/ID shows one.
import { Detail } from "./detail";
import { filtersOf } from "./filters";
import { List } from "./list";

export default function Requests({ parameter, query }: { parameter: string; query: URLSearchParams }) {
  const filters = filtersOf(query);
  return parameter === "" ? <List filters={filters} /> : <Detail key={parameter} id={parameter} filters={filters} />;
}
