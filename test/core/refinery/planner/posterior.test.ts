import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { targetChance } from '../../../../core/refinery/planner/capacity.ts';
import { type Evidence, goodChances } from '../../../../core/refinery/planner/posterior.ts';
import { nearestPrefix } from '../../../../core/refinery/planner/prefix.ts';
import { chanceIfGood } from '../../../../core/refinery/planner/rejection.ts';
import { seeded } from './drive.ts';

const chainLengthMax = 8;
const chance = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const chains = fc
  .record({
    risks: fc.array(chance(0.01, 0.9), { minLength: 1, maxLength: chainLengthMax }),
    times: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: chainLengthMax, maxLength: chainLengthMax }),
    f: chance(0.01, 0.3),
  })
  .map(({ risks, times, f }) => ({
    risks,
    f,
    failures: risks.flatMap((_, i): Evidence[] => (times[i] ? [{ at: i + 1, times: times[i] }] : [])),
  }));
type ChainCase = { readonly risks: readonly number[]; readonly failures: readonly Evidence[]; readonly f: number };

/** Every way in which the changes may be good or bad, with its joint chance of being so and failing like that. */
function worlds({ risks, failures, f }: ChainCase): { bad: boolean[]; weight: number }[] {
  return Array.from({ length: 2 ** risks.length }, (_, bits) => {
    const bad = risks.map((_, i) => (bits & (1 << i)) !== 0);
    const prior = risks.reduce((product, risk, i) => product * (bad[i] ? risk : 1 - risk), 1);
    const weight = failures.reduce(
      (product, { at, times }) => product * (bad.slice(0, at).includes(true) ? 1 : f ** times),
      prior,
    );
    return { bad, weight };
  });
}
const total = (all: readonly { weight: number }[]) => all.reduce((sum, { weight }) => sum + weight, 0);

describe('what failed runs say of a chain', () => {
  test('the chance that its first k are good is that of counting every way they could be', () => {
    fc.assert(
      fc.property(chains, (chain) => {
        const all = worlds(chain);
        const counted = chain.risks.map(
          (_, i) => total(all.filter(({ bad }) => !bad.slice(0, i + 1).includes(true))) / total(all),
        );
        const said = [...goodChances(chain.risks, chain.failures, chain.f)];
        expect(said).toHaveLength(counted.length);
        for (const [i, value] of said.entries()) expect(value).toBeCloseTo(counted[i] ?? -1, 9);
      }),
    );
  });

  test('"first bad at i", for every i, and "none bad" are all there is', () => {
    fc.assert(
      fc.property(chains, ({ risks, failures, f }) => {
        const good = [1, ...goodChances(risks, failures, f)];
        const firstBad = risks.map((_, i) => (good[i] ?? 0) - (good[i + 1] ?? 0));
        for (const share of firstBad) expect(share).toBeGreaterThanOrEqual(0);
        expect(firstBad.reduce((sum, share) => sum + share, good.at(-1) ?? 0)).toBeCloseTo(1, 12);
      }),
    );
  });

  test('the chance of the failures, were the first change good, is that of counting', () => {
    fc.assert(
      fc.property(chains, ({ risks, failures, f }) => {
        const first = { at: 1, times: 1 };
        const chain = { risks, f, failures: failures[0]?.at === 1 ? failures : [first, ...failures] };
        const good = worlds(chain).filter(({ bad }) => !bad[0]);
        const counted = total(good) / (1 - (risks[0] ?? 0));
        expect(chanceIfGood(risks, chain.failures, f)).toBeCloseTo(counted, 9);
      }),
    );
  });

  test('no number of failures makes a chance that is no number', () => {
    const chances = [
      ...goodChances(
        [1e-6, 1e-6, 1e-6],
        [
          { at: 1, times: 5000 },
          { at: 3, times: 5000 },
        ],
        1e-6,
      ),
    ];
    for (const value of chances) expect(Number.isFinite(value)).toBe(true);
  });
});

describe('where to cut', () => {
  test.each([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.382, 0.4, 0.6])(
    'without flakes and failures it is the least m with q^m + q^(m+1) ≤ 1, at p = %d',
    (p) => {
      const q = 1 - p;
      let least = 1;
      while (q ** least + q ** (least + 1) > 1) least += 1;
      const risks = Array.from({ length: 200 }, () => p);
      expect(nearestPrefix(goodChances(risks, [], 0), 0.5, 64).count).toBe(Math.min(least, 64));
    },
  );

  test('a run that the rig caps is no longer than the cap', () => {
    const risks = Array.from({ length: 200 }, () => 0.001);
    expect(nearestPrefix(goodChances(risks, [], 0), 0.5, 7).count).toBe(7);
    expect(nearestPrefix(goodChances(risks, [], 0), 0.5, 1000).count).toBe(64);
  });

  test.each([
    [0, 0.5],
    [0.02, 0.485],
    [0.05, 0.472],
  ])('at a flake rate of %d a run aims at a chance of %d', (f, target) => {
    expect(targetChance(f)).toBeCloseTo(target, 3);
  });

  test.each([
    [0.02, 0.142],
    [0.05, 0.288],
    [0.1, 0.473],
    [0.2, 0.728],
  ])('at p = %d, known, without flakes, a resolved change costs %d runs', (p, expected) => {
    const random = seeded(1);
    const changes = Array.from({ length: 40_000 }, () => random() < p);
    const risks = Array.from({ length: 64 }, () => p);
    let runs = 0;
    let resolved = 0;
    let failures: Evidence[] = [];
    while (resolved < changes.length - 64) {
      if (failures[0]?.at === 1) {
        resolved += 1;
        failures = [];
        continue;
      }
      runs += 1;
      const { count } = nearestPrefix(goodChances(risks, failures, 0), 0.5, 64);
      const failed = changes.slice(resolved, resolved + count).includes(true);
      if (failed) failures = [{ at: count, times: 1 }];
      else {
        resolved += count;
        failures = failures.map(({ at, times }) => ({ at: at - count, times }));
      }
    }
    expect(runs / resolved / expected).toBeGreaterThan(0.97);
    expect(runs / resolved / expected).toBeLessThan(1.03);
  });
});
