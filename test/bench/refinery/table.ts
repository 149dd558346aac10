/** Rows as Markdown, which a terminal shows well enough. */
import type { Mean, Row } from './rows.ts';
import type { Load } from './scenario.ts';

const figure = (value: number, digits: number): string => value.toFixed(digits);
/** One seed has no error that could be known. */
const withError = ({ cell }: Row, { mean, error }: Mean, digits: number): string =>
  cell.seeds > 1 ? `${mean.toFixed(digits)} ±${error.toFixed(digits)}` : mean.toFixed(digits);
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

interface Column<One> {
  readonly head: string;
  of(row: One): string;
}

const columns: readonly Column<Row>[] = [
  { head: 'policy', of: ({ cell }) => cell.policy },
  { head: 'p', of: ({ cell }) => String(cell.scenario.p) },
  { head: 'f', of: ({ cell }) => String(cell.scenario.f) },
  { head: 'K', of: ({ cell }) => String(cell.scenario.slots) },
  { head: 'load', of: ({ cell }) => loadName(cell.scenario.load) },
  { head: 'runs/landed', of: (row) => withError(row, row.runsPerLanded, 3) },
  { head: 'bound', of: ({ bound }) => (bound === undefined ? '–' : figure(bound, 3)) },
  { head: 'ratio', of: (row) => (row.ratio ? withError(row, row.ratio, 3) : '–') },
  { head: 'landed/run-time', of: (row) => withError(row, row.landedPerRunTime, 2) },
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

export const table = (rows: readonly Row[]): string => columnsOf(columns, rows);

export function columnsOf<One>(columns: readonly Column<One>[], rows: readonly One[]): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const [head = '', ...body] = cells.map(
    (line) =>
      `| ${line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [head, rule, ...body].join('\n');
}
