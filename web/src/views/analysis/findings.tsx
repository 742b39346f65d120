// Findings: what they mean and what to do; the evidence folds out.
import type { Finding } from "../../api/report";
import { useTexts } from "../../i18n";
import { texts } from "./strings";

function Evidence({ finding }: { finding: Finding }) {
  const words = useTexts(texts);
  return (
    <details>
      <summary>{words.evidence}</summary>
      <p>{finding.statement}</p>
      {finding.evidence.map((sentence, i) => <p key={i}>{sentence}</p>)}
    </details>
  );
}

export function Findings({ findings }: { findings: Finding[] }) {
  const words = useTexts(texts);
  const found = findings.filter((finding) => finding.found);
  const others = findings.filter((finding) => !finding.found);
  return (
    <>
      <ol class="findings">
        {found.map((finding, i) => (
          <li key={`${finding.id} ${i}`} class="card" data-finding={finding.id}>
            <p class="meaning">{finding.meaning}</p>
            {finding.advice !== "" && <p>{finding.advice}</p>}
            <Evidence finding={finding} />
          </li>
        ))}
      </ol>
      {others.length > 0 && (
        <>
          <h3>{words.notFound}</h3>
          <ul class="not-found">
            {others.map((finding, i) => (
              <li key={`${finding.id} ${i}`} data-finding={finding.id}>
                {finding.meaning} {finding.advice}
                <Evidence finding={finding} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
