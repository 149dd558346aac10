/** What of a file that git merged with conflicts is settled: all but the regions between its markers. */

export interface Place {
  /** In the resolved file, from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * Where `resolved` departs from the settled text of `marked`. Every settled stretch must be there, whole and in order;
 * what stands between two of them is the resolver's. So no diff can blame a line on the wrong side of a marker.
 * A file without markers is in conflict as a whole.
 */
export function outsideOfConflicts(
  marked: string,
  resolved: string,
  labels: { ours: string; theirs: string },
): Place[] {
  const settled = settledStretches(marked.split('\n'), labels);
  const first = settled.shift() ?? [];
  const last = settled.pop();
  if (!last) return [];
  const lines = resolved.split('\n');
  const places: Place[] = [];
  const departs = (at: number, instead: string | undefined): void => {
    places.push({ line: at + 1, text: lines[at] ?? instead ?? '' });
  };

  let start = 0;
  while (start < first.length && first[start] === lines[start]) start += 1;
  if (start < first.length) departs(start, first[start]);
  // An end of the file that is but its last newline belongs to the conflict.
  const tail = last.length === 1 && last[0] === '' ? [] : last;
  let kept = 0;
  while (kept < tail.length && lines.length - kept > start && tail.at(-1 - kept) === lines.at(-1 - kept)) kept += 1;
  const end = lines.length - kept;
  for (const stretch of settled) {
    const at = indexOf(lines, stretch, start, end);
    if (at === undefined) departs(start, stretch[0]);
    else start = at + stretch.length;
  }
  if (kept < tail.length) departs(Math.max(end - 1, 0), tail.at(-1 - kept));
  return places;
}

function settledStretches(lines: readonly string[], labels: { ours: string; theirs: string }): string[][] {
  const stretches: string[][] = [[]];
  let inside = false;
  for (const line of lines) {
    if (!inside && line.startsWith(`<<<<<<< ${labels.ours}`)) inside = true;
    else if (inside && line.startsWith(`>>>>>>> ${labels.theirs}`)) {
      inside = false;
      stretches.push([]);
    } else if (!inside) stretches.at(-1)?.push(line);
  }
  return stretches;
}

function indexOf(lines: readonly string[], wanted: readonly string[], from: number, end: number): number | undefined {
  for (let at = from; at + wanted.length <= end; at += 1) {
    if (wanted.every((line, i) => lines[at + i] === line)) return at;
  }
  return undefined;
}
