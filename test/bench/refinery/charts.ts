/** Four pictures, each of which answers one question. */
import {
  landedPerRunTimeBound,
  nestedLandedPerRunTimeBound,
  runsPerLandedBound,
} from '../../../core/refinery/planner/capacity.ts';
import type { Chart, Line } from './chart.ts';
import { type PolicyName, policyNames } from './policies.ts';
import type { Row } from './rows.ts';
import { isPlain } from './targets.ts';

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

export function charts(rows: readonly Row[]): Record<string, Chart> {
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
      to: 5,
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
