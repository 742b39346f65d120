// A chart in a figure, with a legend that also shows the values under the cursor.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import { useTexts } from "../../i18n";
import { Chart } from "./chart";
import type { ChartContent, Readouts } from "./chart";
import { liveTexts } from "./strings";

interface Props extends ChartContent {
  id: string;
  title: string;
  control?: ComponentChildren; // in the head
  children?: ComponentChildren; // the legend of a painting
}

export function Plot(props: Props) {
  const { id, title, rightUnit, height, lines, stacked, painting, control, children } = props;
  const words = useTexts(liveTexts);
  const hintId = useId();
  const [, redraw] = useState({});
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const readouts = useRef<Readouts>({ time: null, values: new Map(), spoken: null }).current;

  useLayoutEffect(() => {
    const made = new Chart(host.current!, props, readouts);
    chart.current = made;
    return () => made.destroy();
  }, [lines.map((line) => line.key).join(), stacked, rightUnit, height]);

  useEffect(() => chart.current?.show(props));

  function press(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (chart.current?.press(event.key, event.shiftKey)) event.preventDefault();
  }
  function toggle(key: string): void {
    chart.current?.toggle(key);
    redraw({}); // the button
  }
  const readout = (key: string) => (element: HTMLElement | null) => {
    if (element === null) readouts.values.delete(key);
    else readouts.values.set(key, element);
  };
  return (
    <figure class="card chart" data-chart={id}>
      <figcaption><h2>{title}</h2>{control}<span class="soft mono" ref={(element) => { readouts.time = element; }} /></figcaption>
      <div class="plot" ref={host} tabIndex={0} role="application" aria-label={title} aria-roledescription={words.chart}
        aria-describedby={hintId} onKeyDown={press} />
      <span id={hintId} class="visually-hidden">{words.chartHint}</span>
      <span class="visually-hidden" aria-live="polite" ref={(element) => { readouts.spoken = element; }} />
      {painting === undefined ? (
        <ul class="chart-legend">
          {lines.map((line) => (
            <li key={line.key}>
              <button class="plain" aria-pressed={!chart.current?.hidden.has(line.key)} onClick={() => toggle(line.key)}>
                <svg class="swatch-svg" viewBox="0 0 10 10" aria-hidden="true">
                  <rect width="10" height="10" rx="3" fill={`var(${line.colour})`} />
                </svg>
                {line.label} <b ref={readout(line.key)} />
              </button>
            </li>
          ))}
        </ul>
      ) : <p class="chart-readout soft"><span ref={readout("painting")} />{children}</p>}
    </figure>
  );
}
