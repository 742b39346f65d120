// Points as the columns that uPlot draws.
import type { AlignedData } from "uplot";

import type { Point } from "../../api/live";
import { beginOf } from "./history";

export interface Line {
  key: string; // another one: another line, whose values must be taken anew
  label: string;
  colour: string; // a token of style/tokens.css
  value: (point: Point) => number | undefined; // undefined: nothing to measure in this step
  right?: boolean; // on the second axis
}

/** The points, and null where there was none for a while: the server was away. */
export function rowsOf(points: Point[]): (Point | null)[] {
  const rows: (Point | null)[] = [];
  let last: Point | undefined;
  for (const point of points) {
    if (last !== undefined && beginOf(point) - last.t > 500) rows.push(null);
    rows.push(point);
    last = point;
  }
  return rows;
}

/** In seconds, as uPlot counts time. */
export function timesOf(rows: (Point | null)[]): number[] {
  return rows.map((row, i) => (row === null ? rows[i - 1]!.t + 1 : row.t) / 1000);
}

const longestBridge = 15; // steps

/**
 * Without a measurement the line goes on to the next one (undefined), but not across a long time
 * without any, and not across one without a server (null).
 */
function bridged(values: (number | null | undefined)[]): (number | null | undefined)[] {
  let missing = 0;
  return values.map((value) => {
    missing = value === undefined ? missing + 1 : 0;
    return missing === longestBridge ? null : value;
  });
}

/** Lines of a stack are sums of those before; hidden ones are not drawn and not part of a sum. */
export function columnsOf(rows: (Point | null)[], lines: Line[], hidden: ReadonlySet<string>, stacked: boolean): AlignedData {
  const sums: (number | undefined)[] = rows.map(() => undefined);
  const columns = lines.map((line) => {
    if (hidden.has(line.key)) return rows.map(() => null);
    return bridged(rows.map((row, i) => {
      if (row === null) return null;
      const value = line.value(row);
      if (!stacked) return value;
      if (value !== undefined) sums[i] = (sums[i] ?? 0) + value;
      return sums[i];
    }));
  });
  return [timesOf(rows), ...columns] as AlignedData;
}
