import { describe, expect, test } from '@jest/globals';
import { emptyBoard } from '../../../../core/refinery/planner/board.ts';
import { runsPerLandedBound } from '../../../../core/refinery/planner/capacity.ts';
import {
  badChance,
  type Estimates,
  flakeChance,
  freshEstimates,
  learnedLanding,
  learnedPass,
  learnedRed,
  learnedRejection,
} from '../../../../core/refinery/planner/estimate.ts';
import { riskOf } from '../../../../core/refinery/planner/risk.ts';
import { drive } from './drive.ts';

const warmUp = 500;
const cost = (p: number, f: number, slots: number, changes: number, { sigma = 0, seeds = 1 } = {}) => {
  const sum = { runs: 0, landed: 0, bad: 0, falseRejects: 0, time: 0, red: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = drive({ p, f, slots, changes, seed, warmUp, sigma });
    for (const key of ['runs', 'landed', 'bad', 'falseRejects', 'time', 'red'] as const) sum[key] += outcome[key];
  }
  const { runs, landed, bad, falseRejects, time, red } = sum;
  const bound = runsPerLandedBound(bad / (bad + landed + falseRejects), f);
  return {
    red,
    runsPerLanded: runs / landed,
    ratio: runs / landed / bound,
    falseRejects: falseRejects / landed,
    throughput: ((landed / time) * bound) / slots,
  };
};

describe('what a queue costs that learns p and f', () => {
  test.each([
    [0.05, 0, 1.08],
    [0.2, 0, 1.08],
    [0.05, 0.02, 1.13],
    [0.1, 0.02, 1.2],
  ])('one run at a time, p = %d, f = %d: at most %d times the bound', (p, f, most) => {
    const { ratio, falseRejects, red } = cost(p, f, 1, 3700, { seeds: f === 0 ? 1 : 3 });
    expect(ratio).toBeLessThanOrEqual(most);
    expect(falseRejects).toBeLessThanOrEqual(0.001);
    expect(red).toBe(0);
  });

  test.each([
    [4, 0],
    [16, 0],
    [16, 0.5],
  ])(
    '%d runs at a time, whose times spread by %d: three quarters of the bound, at little more cost',
    (slots, sigma) => {
      const { throughput, runsPerLanded, red } = cost(0.05, 0.02, slots, 5000, { sigma });
      expect(throughput).toBeGreaterThanOrEqual(0.75);
      expect(runsPerLanded).toBeLessThanOrEqual(1.35 * cost(0.05, 0.02, 1, 3700).runsPerLanded);
      expect(red).toBe(0);
    },
  );
});

describe('what a queue learns', () => {
  test('its rates come to be believed', () => {
    const { estimates } = drive({ p: 0.1, f: 0.05, slots: 1, changes: 4000, seed: 1, warmUp });
    expect(badChance(estimates, false)).toBeGreaterThan(0.06);
    expect(badChance(estimates, false)).toBeLessThan(0.14);
    expect(flakeChance(estimates)).toBeGreaterThan(0.025);
    expect(flakeChance(estimates)).toBeLessThan(0.075);
  });

  const rejection = { do: 'reject', chain: '1', id: 'a', falseChance: 0 } as const;
  const run = { content: [], base: 'main', commits: [] };

  test('a rejection teaches once something has passed, and nothing if main was red', () => {
    const before = badChance(freshEstimates, false);
    const rejected = learnedRejection(freshEstimates, emptyBoard, rejection, false);
    expect(badChance(rejected, false)).toBe(before);
    expect(badChance(learnedPass(rejected, emptyBoard, run), false)).toBeGreaterThan(before);
    expect(badChance(learnedPass(learnedRed(rejected), emptyBoard, run), false)).toBe(before);
  });

  test('resubmissions are learned apart', () => {
    const rejected = learnedRejection(freshEstimates, emptyBoard, rejection, true);
    const learned = learnedPass(rejected, emptyBoard, run);
    expect(badChance(learned, true)).toBeGreaterThan(badChance(freshEstimates, true));
    expect(badChance(learned, false)).toBe(badChance(freshEstimates, false));
  });

  test('no history makes a chance of 0, of 1, or of no number', () => {
    let good: Estimates = freshEstimates;
    let bad: Estimates = freshEstimates;
    for (let i = 0; i < 2000; i++) {
      good = learnedPass(learnedLanding(good, { fresh: 1e6, resubmitted: Number.NaN }), emptyBoard, run);
      bad = learnedPass(
        learnedRejection(bad, emptyBoard, { ...rejection, falseChance: Number.NaN }, false),
        emptyBoard,
        run,
      );
    }
    for (const estimates of [good, bad]) {
      for (const value of [
        badChance(estimates, false),
        badChance(estimates, true),
        flakeChance(estimates),
        riskOf({ retries: 1e9, lines: Number.NaN, conflicts: 1e9 }, estimates),
        riskOf({ retries: 0, lines: 0, conflicts: 0 }, estimates),
      ]) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1);
      }
    }
  });

  test('what is large, or did conflict, is riskier', () => {
    const of = (lines: number, conflicts: number) => riskOf({ retries: 0, lines, conflicts }, freshEstimates);
    expect(of(1000, 0)).toBeGreaterThan(of(10, 0));
    expect(of(10, 1)).toBeGreaterThan(of(10, 0));
  });
});
