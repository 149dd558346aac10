/** The figures of bench:scale as a table, a page and a picture. */
import type { Operation, Sample } from './town.ts';

/** One operation's medians, a figure for each size. */
export type Row = { readonly operation: Operation } & Readonly<
  Record<Exclude<keyof Sample, 'conflicts'>, readonly number[]>
>;

export function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

const units = (row: Row): number[] => row.readUnits.map((reads, i) => reads + (row.writeUnits[i] ?? 0));
const ratio = (figures: readonly number[]): string => ((figures.at(-1) ?? 0) / (figures[0] ?? 1)).toFixed(2);
const beads = (size: number): string => `${size.toLocaleString('en')} beads`;

const figures: readonly { readonly name: string; of(row: Row): readonly number[]; readonly digits: number }[] = [
  { name: 'ms', of: (row) => row.ms, digits: 2 },
  { name: 'read units', of: (row) => row.readUnits, digits: 1 },
  { name: 'write units', of: (row) => row.writeUnits, digits: 0 },
  { name: 'items read', of: (row) => row.itemsRead, digits: 0 },
  { name: 'KB read', of: (row) => row.bytesRead.map((bytes) => bytes / 1024), digits: 1 },
  { name: 'commits', of: (row) => row.commits, digits: 0 },
];

/** As Markdown, which a terminal shows well enough. */
export function table(sizes: readonly number[], rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    figures.map(({ name, of, digits }) => [
      row.operation,
      name,
      ...of(row).map((figure) => figure.toFixed(digits)),
      ratio(of(row)),
    ]),
  );
  const all = [['operation', 'median', ...sizes.map(beads), 'largest / smallest'], ...lines];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const [head = '', ...body] = all.map(
    (line) =>
      `| ${line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [head, rule, ...body].join('\n');
}

const width = 640;
const height = 300;
const left = 60;
const bottom = 40;
const colours = ['#0b6e4f', '#b4431e', '#2f4b7c', '#8a6d00', '#7a3e9d'];

const title = 'Read and write units of one command, by beads present';

/** Units a call over beads present, both logarithmic: flat is flat. */
export function curve(sizes: readonly number[], rows: readonly Row[]): string {
  const [from, to] = [Math.log10(sizes[0] ?? 1), Math.log10(sizes.at(-1) ?? 10)];
  const top = Math.ceil(Math.log10(Math.max(...rows.flatMap(units))));
  const x = (size: number): number => left + ((Math.log10(size) - from) / (to - from || 1)) * (width - left - 110);
  const y = (value: number): number => height - bottom - (Math.log10(value) / top) * (height - bottom - 30);
  const text = (px: number, py: number, words: string, rest = ''): string =>
    `<text x="${px.toFixed(0)}" y="${py.toFixed(0)}" ${rest}>${words}</text>`;
  const grid = Array.from({ length: top + 1 }, (_, power) => {
    const at = y(10 ** power);
    return `<path d="M${left} ${at.toFixed(0)}H${width - 110}" stroke="#ddd"/>${text(left - 8, at + 4, String(10 ** power), 'text-anchor="end"')}`;
  });
  const lines = rows.map((row, i) => {
    const points = units(row).map((value, at) => `${x(sizes[at] ?? 1).toFixed(0)},${y(value).toFixed(0)}`);
    const colour = colours[i % colours.length];
    const label = text(width - 104, y(units(row).at(-1) ?? 1) + 4, row.operation, `fill="${colour}"`);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${text(left, 18, title)}
${[...grid, ...sizes.map((size) => text(x(size), height - bottom + 20, size.toLocaleString('en'), 'text-anchor="middle"')), ...lines].join('\n')}
</svg>
`;
}

export const report = (sizes: readonly number[], rows: readonly Row[], rounds: number): string => `# Cost by size

What a command costs with more and more beads in the ledger. Made by \`npm run bench:scale -- --write\`; medians of
${rounds} rounds, the sizes taking turns in one run, on the machine of whoever ran it last. The milliseconds are that
machine's, and noisy; the units are counted, and are what DynamoDB would bill: 4 KB of a strongly consistent read, 1 KB
of a write, twice that in a transaction. The index's own writes are left out.

![Units by size](scale.svg)

${table(sizes, rows)}

- **submit**: an intent of ten beads is taken in, planned and launched.
- **ready**: its convoy's tick puts the first bead in line, and the scheduler's tick admits it.
- **hook**: the fleet gives it a polecat's name and launches it.
- **close**: the bead has landed; it is settled, and the convoy's tick makes the next one ready.
- **patrol**: the Witness looks at what is due: ten polecats, each time.

Each includes performing the effects of its commits. One convoy in twenty is open: a fifth of its beads work, a fifth
stand in line, so polecats at work and the line grow with the size as well.
`;
