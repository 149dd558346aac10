/** The whole grid as a JSON file, and as a page with four pictures, each of which answers one question. */
import { writeFile } from 'node:fs/promises';
import {
  landedPerRunTimeBound,
  nestedLandedPerRunTimeBound,
  runsPerLandedBound,
} from '../../../core/refinery/planner/capacity.ts';
import { type Chart, chart, type Line } from './chart.ts';
import { type PolicyName, policyNames } from './policies.ts';
import type { Row } from './rows.ts';
import { table } from './table.ts';
import { isPlain, type Target } from './targets.ts';

const colours: Readonly<Record<PolicyName, string>> = {
  ours: '#0b6e4f',
  serial: '#8c8c8c',
  batchAndHalve: '#b4431e',
  batchStop4: '#d08a1d',
  batchOfFive: '#7a3e9d',
  speculation: '#2f4b7c',
  oracle: '#111111',
};
const names: Readonly<Record<PolicyName, string>> = {
  ours: 'this Refinery',
  serial: 'serial, one retry',
  batchAndHalve: 'batch and halve (8)',
  batchStop4: 'BatchStop4 (8)',
  batchOfFive: 'batch of five, run twice',
  speculation: 'chain speculation',
  oracle: 'oracle',
};

/** A line for each policy, from the rows that `pick` chooses for each tick. */
function lines<Tick>(
  rows: readonly Row[],
  ticks: readonly Tick[],
  pick: (row: Row, tick: Tick) => boolean,
  of: (row: Row) => number,
): Line[] {
  return policyNames
    .map((policy) => ({
      name: names[policy],
      colour: colours[policy],
      values: ticks.map((tick) => {
        const row = rows.find((one) => one.cell.policy === policy && pick(one, tick));
        return row && of(row);
      }),
    }))
    .filter(({ values }) => values.some((value) => value !== undefined));
}

const bound = (name: string, values: readonly number[]): Line => ({ name, values, colour: '#000', dashed: true });

function charts(rows: readonly Row[]): Record<string, Chart> {
  const plain = rows.filter(isPlain);
  const ps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3];
  const slots = [1, 4, 16];
  const shares = [0.25, 0.5, 0.75];
  const fs = [0, 0.005, 0.02, 0.05];
  return {
    runs: {
      title: 'How many runs does a landed change cost?',
      y: 'runs per landed change (one slot, f = .02, full line)',
      x: 'chance p that a change is bad',
      ticks: ps.map(String),
      lines: [
        ...lines(
          plain,
          ps,
          ({ cell: { scenario: s } }, p) => s.p === p && s.f === 0.02 && s.slots === 1,
          (row) => row.runsPerLanded.mean,
        ),
        bound(
          'information limit',
          ps.map((p) => runsPerLandedBound(p, 0.02)),
        ),
      ],
      from: 0.05,
      to: 2,
    },
    slots: {
      title: 'What do more slots bring?',
      y: 'landed per run-time (p = .05, f = .02, full line)',
      x: 'slots K',
      ticks: slots.map(String),
      lines: [
        ...lines(
          plain,
          slots,
          ({ cell: { scenario: s } }, k) => s.p === 0.05 && s.f === 0.02 && s.slots === k,
          (row) => row.landedPerRunTime.mean,
        ),
        bound(
          'information limit',
          slots.map((k) => landedPerRunTimeBound(0.05, 0.02, k)),
        ),
        {
          ...bound(
            'nested prefixes, f = 0',
            slots.map((k) => nestedLandedPerRunTimeBound(0.05, k)),
          ),
          colour: '#999',
        },
      ],
      from: 0.5,
      to: 100,
    },
    wait: {
      title: 'How long does a change wait?',
      y: 'P95 wait in run-times (one slot, p = .05, f = .02); cut off at 1,000',
      x: 'arrivals, as a share of the information limit',
      ticks: shares.map(String),
      lines: lines(
        rows,
        shares,
        ({ cell: { scenario: s } }, share) =>
          s.p === 0.05 && s.f === 0.02 && s.slots === 1 && s.load.kind === 'poisson' && s.load.share === share,
        (row) => row.waitP95.mean,
      ),
      from: 1,
      to: 1000,
    },
    rejects: {
      title: 'How often is a good change rejected?',
      y: 'false rejects per landed change (one slot, p = .05, full line); none counts as 1 in 100,000',
      x: 'chance f that a good tree fails a run',
      ticks: fs.map(String),
      lines: [
        ...lines(
          plain,
          fs,
          ({ cell: { scenario: s } }, f) => s.p === 0.05 && s.f === f && s.slots === 1,
          (row) => row.falseRejects.mean,
        ),
        bound(
          'promised: 1 in 1,000',
          fs.map(() => 0.001),
        ),
      ],
      from: 0.00001,
      to: 0.1,
    },
  };
}

const folder = 'docs/benchmarks';

export async function writeReport(rows: readonly Row[], targets: readonly Target[]): Promise<void> {
  const pictures = charts(rows);
  for (const [name, picture] of Object.entries(pictures))
    await writeFile(`${folder}/refinery-${name}.svg`, chart(picture));
  await writeFile(`${folder}/refinery.json`, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  await writeFile(`${folder}/refinery.md`, page(rows, targets, pictures));
}

function page(rows: readonly Row[], targets: readonly Target[], pictures: Record<string, Chart>): string {
  const main = rows.filter((row) => isPlain(row) && row.cell.scenario.f === 0.02 && row.cell.scenario.p === 0.05);
  const own = rows.filter((row) => isPlain(row) && row.cell.policy === 'ours' && row.cell.scenario.slots === 1);
  const hard = rows.filter(({ cell: { scenario: s } }) => s.faults && s.p === 0.05 && s.f === 0.02);
  return `# Merge queues, side by side

Made by \`npm run bench:refinery -- --full\`; every figure of the grid is in [refinery.json](refinery.json). Simulated, in
units of one gate run. Every policy meets the same changes, arriving at the same times, with the same luck: a change is bad
by itself with chance p; a run of a good tree fails with chance f. This Refinery's planner is the one that runs in the town;
it is told neither p nor f and learns both. The first 500 changes do not count. Ratios are by the share of changes that
turned out bad; ± is one standard error over seeds.

${Object.entries(pictures)
  .map(([name, { title }]) => `![${title}](refinery-${name}.svg)`)
  .join('\n\n')}

## Targets

| target | | worst found |
|---|---|---|
${targets.map(({ target, kept, found }) => `| ${target} | ${kept ? 'kept' : '**missed**'} | ${found} |`).join('\n')}

## p = .05, f = .02, full line

${table(main)}

## This Refinery with one slot

${table(own)}

## Everything at once

Textual conflicts .28, semantic ones 5·10⁻⁴ a pair, lognormal run times, two runs in a hundred lost without a verdict, a
push by somebody else every 50 run-times.

${table(hard)}

## What was simulated

- **Bounds.** A run answers good or bad. Telling n changes apart takes n·H(p) bits, and a run of which good trees fail with
  chance f tells at most C(f) = log2(1 + (1−f)·f^(f/(1−f))) of them: at least H(p)/((1−p)·C(f)) runs per landed change. Allowing
  0.1% false rejects lowers it by 2 to 6%. K nested prefixes of one chain tell only where its first bad change is: at
  most log2(K+1)·(1−p)/H(p) landed per run-time.
- **The oracle** knows every outcome, rejects without a run, and tests all that waits in one go as soon as a slot is free:
  nobody's wait is shorter. Nothing flakes for it.
- **Policies.** Serial: one change at a time, a failure is run once more. Batch and halve, as bors: eight at a time, a failed
  batch is halved. BatchStop4: the same, but four or fewer are told apart one by one. Batch of five: a failed batch is run
  once more whole, then halved. Chain speculation, as Zuul: window 20, floor 3, one more with each merge, halved by each
  failure; a cancelled run counts as a run. All but speculation and this Refinery use one slot only.
- **Full line**: there is always more in line than a policy can use. Light loads are Poisson arrivals, as a share of the
  limit at f = 0 (at p = 0: of the limit at p = .01). Bursts arrive at one instant, with rest for a serial queue between.
- **Textual conflicts**: that share of changes conflicts with one of the 20 before it: no chain can hold both, and once one
  has landed the other goes to a resolver for 2 run-times. **Semantic conflicts**: each pair within 100 of each other, with
  that chance, fails together though each is good; the later one then deserves its rejection.
- **The grid**: p, f and K are crossed with each other; conflicts, loads and lognormal run times (sigma .5) each with all of
  those; and everything at once, with faults. A wait under a full line says only how long the line is.
- **Watch is kept** by the engine, not by the policies: a landing of what no passed run tested on that very main, of
  something bad, or of something landed before counts, as does a change that is left over in the end.
`;
}
