import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nameAt, nameToTry, polecatNames } from '../../../core/polecats/polecat.ts';

describe('names of polecats', () => {
  test('never end and never repeat', () => {
    expect(new Set(Array.from({ length: 20_000 }, (_, i) => nameAt(i))).size).toBe(20_000);
    expect([nameAt(0), nameAt(polecatNames.length)]).toEqual(['Toast', 'Toast-2']);
  });

  test('have no number in a town whose polecats are few', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (alive, random) => {
        expect(polecatNames).toContain(nameToTry(alive, 0, random));
      }),
    );
  });

  test.each([0, 8, 9, 32, 1000, 10_000])(
    'are free three times of four while %i are alive, whoever they are',
    (alive) => {
      const draws = 4 * Math.max(alive, 8);
      const drawn = new Set(Array.from({ length: 4 * draws }, (_, i) => nameToTry(alive, 0, i / (4 * draws))));
      expect(drawn.size).toBeGreaterThanOrEqual(4 * alive);
    },
  );

  test('are drawn from more and more, should the count of the living be wrong', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, i) => nameToTry(0, 6, i / 1000))).size).toBeGreaterThan(900);
  });
});
