// A chart that the server drew.
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";

import type { Chart } from "../../api/report";

/** The picture as part of the document, so that the page's colours count. */
function adopted(svg: string): Node {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") throw new Error("the server sent a chart that is no picture");
  return document.importNode(parsed, true);
}

export function Figure({ chart, children }: { chart: Chart; children?: ComponentChildren }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => host.current!.replaceChildren(adopted(chart.svg)), [chart.svg]);
  return (
    <figure class="card figure" data-chart={chart.name}>
      <h3>{chart.title}</h3>
      <div class="scroll" ref={host} tabIndex={0} role="group" aria-label={chart.title} />
      {chart.caption !== "" && <figcaption>{chart.caption}</figcaption>}
      {children}
    </figure>
  );
}

export function RequestLink({ id }: { id: string }) {
  return <a class="mono" href={`#/requests/${encodeURIComponent(id)}`}>{id}</a>;
}
