/**
 * `npm run bench:scale`: what submit, ready, hook, close and patrol cost with 1,000, 10,000 and 100,000 beads present.
 * Real handlers on the laptop's ledger (on disk, without waiting for it). The sizes take turns, so that whatever else
 * the machine does meets them alike. Ends with status 1 if a cost in units grows by more than a fifth.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { curve, medianOf, type Row, report, table } from './scale/report.ts';
import { openTown, operations, type Sample, type ScaleTown } from './scale/town.ts';

const { values } = parseArgs({
  options: {
    beads: { type: 'string', default: '1000,10000,100000' },
    rounds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    /** Also writes docs/benchmarks/scale.md and scale.svg. */
    write: { type: 'boolean', default: false },
  },
});
const growthMax = 1.2;
const sizes = values.beads.split(',').map(Number);
const say = values.json ? () => {} : (line: string) => console.log(line);

const towns: ScaleTown[] = [];
for (const beads of sizes) {
  const from = performance.now();
  towns.push(await openTown(beads));
  say(`${beads} beads seeded in ${((performance.now() - from) / 1000).toFixed(1)} s`);
}
const samples = sizes.map(() => [] as Awaited<ReturnType<ScaleTown['round']>>[]);
/** The first rounds warm caches and compilers up, and do not count. */
const warmUps = 5;
for (let i = -warmUps; i < Number(values.rounds); i += 1) {
  for (const [size, town] of towns.entries()) {
    const sample = await town.round();
    if (i >= 0) samples[size]?.push(sample);
  }
}
for (const town of towns) await town.close();

const rows: Row[] = operations.map((operation) => {
  const of = (what: keyof Sample): number[] =>
    samples.map((rounds) => medianOf(rounds.map((round) => round[operation][what])));
  return {
    operation,
    ms: of('ms'),
    readUnits: of('readUnits'),
    writeUnits: of('writeUnits'),
    itemsRead: of('itemsRead'),
    bytesRead: of('bytesRead'),
    commits: of('commits'),
  };
});
const grown = rows.flatMap((row) =>
  (['readUnits', 'writeUnits'] as const)
    .filter((unit) => (row[unit].at(-1) ?? 0) > growthMax * (row[unit][0] ?? 0))
    .map((unit) => `${row.operation}: ${unit} ${row[unit].join(' → ')}`),
);
say(table(sizes, rows));
say(grown.length === 0 ? 'flat: no cost in units grows by a fifth' : `NOT FLAT: ${grown.join('; ')}`);
if (values.write) {
  await writeFile('docs/benchmarks/scale.svg', curve(sizes, rows));
  await writeFile('docs/benchmarks/scale.md', report(sizes, rows, Number(values.rounds)));
}
if (values.json) {
  const ratio = (figures: readonly number[]): number => (figures.at(-1) ?? 0) / (figures[0] ?? 1);
  const ratios = rows.map(({ operation, ms, readUnits, writeUnits }) => ({
    operation,
    ms: ratio(ms),
    readUnits: ratio(readUnits),
    writeUnits: ratio(writeUnits),
  }));
  console.log(JSON.stringify({ beads: sizes, rounds: Number(values.rounds), ratios, rows, flat: grown.length === 0 }));
}
process.exitCode = grown.length === 0 ? 0 : 1;
