/**
 * `npm run bench:refinery`: merge queue policies side by side on the same arrivals and outcomes, in virtual time, against
 * what information theory allows. `--full` takes the whole grid; `--git` replays real commits through the real Refinery;
 * `--scale` loads its queue with up to 5,000 changes. `--write` keeps what either of the three found under docs/benchmarks/.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fullGrid, shortRun } from './refinery/cells.ts';
import { gitTier } from './refinery/git-tier.ts';
import { type LoadFigures, loadTier } from './refinery/load-tier.ts';
import { runCells, serveJobs } from './refinery/pool.ts';
import { record } from './refinery/report.ts';
import { rowOf } from './refinery/rows.ts';
import { summary } from './refinery/summary.ts';
import { table } from './refinery/table.ts';
import { targets } from './refinery/targets.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    git: { type: 'boolean', default: false },
    /** Whose commits are replayed, how many, with what share of them broken, and how long a gate takes. */
    repo: { type: 'string', default: process.cwd() },
    changes: { type: 'string', default: '60' },
    p: { type: 'string', default: '0.05' },
    'gate-ms': { type: 'string', default: '800' },
    scale: { type: 'boolean', default: false },
    queued: { type: 'string', default: '10,100,1000,5000' },
    files: { type: 'string', default: '50000' },
    write: { type: 'boolean', default: false },
    /** How this program starts itself, a process for each core. */
    worker: { type: 'boolean', default: false },
  },
});

const command = `npm run bench:refinery -- ${process.argv.slice(2).join(' ')}`;
const say = values.json ? () => {} : (line: string) => console.log(line);

if (values.worker) serveJobs();
else if (values.git) await replay();
else if (values.scale) await load();
else await bench();

async function replay(): Promise<void> {
  const { repo, changes, p, 'gate-ms': gateMs } = values;
  const found = await gitTier(
    { repo: resolve(repo), changes: Number(changes), p: Number(p), gateMs: Number(gateMs) },
    say,
  );
  if (values.json) console.log(JSON.stringify(found));
  if (values.write) await record('refinery-git', command, found);
  process.exitCode = found.some(({ red }) => red > 0) ? 1 : 0;
}

async function load(): Promise<void> {
  const found: LoadFigures[] = [];
  for (const queued of values.queued.split(',').map(Number)) {
    found.push(await loadTier(queued, Number(values.files)));
    console.log(JSON.stringify(found.at(-1)));
  }
  if (values.write) await record('refinery-scale', command, found);
}

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
  if (values.full && values.write) await record('refinery', command, rows);
  if (!values.json) {
    if (!values.full) console.log(`${table(rows)}\n`);
    for (const { target, kept, found: what } of found) console.log(`${kept ? 'kept  ' : 'MISSED'} ${target}: ${what}`);
  }
  if (values.json) for (const row of rows) console.log(JSON.stringify(row));
  if (values.json) console.log(JSON.stringify(summary(rows)));
  const broken = rows.some(({ violations: { red, lost, twice, untested } }) => red + lost + twice + untested > 0);
  process.exitCode = broken ? 1 : 0;
}
