/** Rows as Markdown, which a terminal shows well enough. */
import type { Mean, Row } from './rows.ts';
import type { Load } from './scenario.ts';

const figure = (value: number, digits: number): string => value.toFixed(digits);
const withError = ({ mean, error }: Mean, digits: number): string =>
  `${mean.toFixed(digits)} ±${error.toFixed(digits)}`;
const percent = (value: number): string => `${(value * 100).toFixed(2)}%`;

export function loadName(load: Load): string {
  switch (load.kind) {
    case 'saturated':
      return 'full';
    case 'poisson':
      return `${load.share} of limit`;
    case 'burst':
      return `bursts of ${load.size}`;
  }
}

const columns: readonly { readonly head: string; of(row: Row): string }[] = [
  { head: 'policy', of: ({ cell }) => cell.policy },
  { head: 'p', of: ({ cell }) => String(cell.scenario.p) },
  { head: 'f', of: ({ cell }) => String(cell.scenario.f) },
  { head: 'K', of: ({ cell }) => String(cell.scenario.slots) },
  { head: 'load', of: ({ cell }) => loadName(cell.scenario.load) },
  { head: 'runs/landed', of: (row) => withError(row.runsPerLanded, 3) },
  { head: 'bound', of: ({ bound }) => (bound === undefined ? '–' : figure(bound, 3)) },
  { head: 'ratio', of: ({ ratio }) => (ratio ? withError(ratio, 3) : '–') },
  { head: 'landed/run-time', of: (row) => withError(row.landedPerRunTime, 2) },
  {
    head: 'bound',
    of: (row) => (row.landedPerRunTimeBound === undefined ? '–' : figure(row.landedPerRunTimeBound, 2)),
  },
  { head: 'wait P50', of: ({ waitP50 }) => figure(waitP50.mean, 1) },
  { head: 'wait P95', of: ({ waitP95 }) => figure(waitP95.mean, 1) },
  { head: 'false rejects', of: ({ falseRejects }) => percent(falseRejects.mean) },
  { head: 'red', of: ({ violations }) => String(violations.red + violations.untested) },
  { head: 'lost', of: ({ violations }) => String(violations.lost) },
  { head: 'twice', of: ({ violations }) => String(violations.twice) },
];

export function table(rows: readonly Row[]): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const [head = '', ...body] = cells.map(
    (line) =>
      `| ${line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [head, rule, ...body].join('\n');
}
