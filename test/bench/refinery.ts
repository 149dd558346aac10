/**
 * `npm run bench:refinery`: merge queue policies side by side on the same arrivals and outcomes, in virtual time, against
 * what information theory allows. `--full` takes the whole grid and writes docs/benchmarks/refinery.{json,md} with charts;
 * `--git` replays real commits through the real Refinery; `--scale` loads its queue with up to 5,000 changes.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fullGrid, shortRun } from './refinery/cells.ts';
import { runCells, serveJobs } from './refinery/pool.ts';
import { writeReport } from './refinery/report.ts';
import { rowOf } from './refinery/rows.ts';
import { summary } from './refinery/summary.ts';
import { table } from './refinery/table.ts';
import { targets } from './refinery/targets.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    /** How this program starts itself, a process for each core. */
    worker: { type: 'boolean', default: false },
  },
});

if (values.worker) serveJobs();
else await bench();

async function bench(): Promise<void> {
  const from = performance.now();
  const cells = values.full ? fullGrid() : shortRun();
  let said = 0;
  const figures = await runCells(cells, fileURLToPath(import.meta.url), (done, of) => {
    if (done < of && performance.now() - said < 10_000) return;
    said = performance.now();
    console.error(`${done} of ${of} runs, ${((said - from) / 1000).toFixed(0)} s`);
  });
  const rows = cells.flatMap((cell, i) => (figures[i] ? [rowOf(cell, figures[i])] : []));
  const found = targets(rows);
  if (values.full) await writeReport(rows, found);
  if (!values.json) {
    if (!values.full) console.log(`${table(rows)}\n`);
    for (const { target, kept, found: what } of found) console.log(`${kept ? 'kept  ' : 'MISSED'} ${target}: ${what}`);
  }
  if (values.json) for (const row of rows) console.log(JSON.stringify(row));
  if (values.json) console.log(JSON.stringify(summary(rows)));
  const broken = rows.some(({ violations: { red, lost, twice, untested } }) => red + lost + twice + untested > 0);
  process.exitCode = broken ? 1 : 0;
}
