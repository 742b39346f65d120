// The view: a report on what the server served, or a comparison of two choices of it. What is shown
// stands in the address, so that it can be kept and sent.
import { useTexts } from "../../i18n";
import { ask, reportQuery } from "./address";
import { ComparisonView } from "./comparison";
import { ReportView } from "./report";
import { texts } from "./strings";

export default function Analysis({ query }: { query: URLSearchParams }) {
  const words = useTexts(texts);
  const comparing = query.get("mode") === "compare";
  return (
    <div class="analysis">
      <div class="analysis-head">
        <h1>{words.title}</h1>
        <div class="segments" role="group" aria-label={words.modes}>
          <button aria-pressed={!comparing} onClick={() => ask(new URLSearchParams())}>{words.report}</button>
          <button aria-pressed={comparing} onClick={() => ask(new URLSearchParams({ mode: "compare" }))}>{words.compare}</button>
        </div>
      </div>
      {comparing ? <ComparisonView query={query} /> : <ReportView query={reportQuery(query)} />}
    </div>
  );
}
