import { describe, expect, test } from '@jest/globals';
import {
  capacity,
  entropy,
  landedPerRunTimeBound,
  nestedLandedPerRunTimeBound,
  runsPerLandedBound,
} from '../../core/refinery/planner/capacity.ts';
import { batchSize } from './refinery/scenario.ts';

/** Mutual information of one run's question and answer, in bits, when good trees are asked about with chance `good`. */
function told(good: number, f: number): number {
  const passes = good * (1 - f);
  return entropy(passes) - good * entropy(f);
}

describe('bounds', () => {
  test('a fair coin holds one bit, a certainty none', () => {
    expect([entropy(0.5), entropy(0), entropy(1)]).toEqual([1, 0, 0]);
    expect(entropy(0.25)).toBeCloseTo(2 - 0.75 * Math.log2(3), 12);
  });

  test.each([0, 0.005, 0.02, 0.05, 0.5])(
    'at f = %p the capacity is the most that a run can tell, whatever is asked',
    (f) => {
      const most = Math.max(...Array.from({ length: 9999 }, (_, i) => told((i + 1) / 10_000, f)));
      expect(capacity(f)).toBeCloseTo(most, 6);
    },
  );

  test('a run that never flakes tells one bit, one that flakes half the time a third', () => {
    expect(capacity(0)).toBe(1);
    expect(capacity(0.5)).toBeCloseTo(Math.log2(1.25), 12);
  });

  test('where every second change is bad, a landed one costs two runs, with or without slots', () => {
    expect(runsPerLandedBound(0.5, 0)).toBe(2);
    expect(landedPerRunTimeBound(0.5, 0, 16)).toBe(8);
  });

  test('nested prefixes gain with the logarithm of the slots', () => {
    expect(nestedLandedPerRunTimeBound(0.05, 1)).toBeCloseTo(landedPerRunTimeBound(0.05, 0, 1), 12);
    expect(nestedLandedPerRunTimeBound(0.05, 15)).toBeCloseTo(4 * landedPerRunTimeBound(0.05, 0, 1), 12);
  });

  test('the prefix worth a run is the one whose chance of being all good is nearest one half', () => {
    expect([0.5, 0.382, 0.381, 0.2, 0.1, 0.05, 0.02, 0.01].map((p) => batchSize(p))).toEqual([
      1, 1, 2, 3, 7, 14, 34, 64,
    ]);
    expect(batchSize(0)).toBe(64);
  });
});
