import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  beyondFree,
  byService,
  dollars,
  priceList,
  prices,
  sum,
  times,
  type Unit,
} from '../../../core/costs/prices.ts';

const unit = fc.constantFrom(...(Object.keys(prices) as Unit[]));
const units = fc.dictionary(unit, fc.integer({ min: 0, max: 1e9 }));

describe('the price table', () => {
  test('is dated, and says of each price where it is published', () => {
    expect(priceList.asOf).toMatch(/^\d{4}-\d{2}$/);
    for (const [name, { source, usd, per }] of Object.entries(prices)) {
      expect({ name, source }).toEqual({ name, source: expect.stringMatching(/^https:\/\/aws\.amazon\.com\/.+\/$/) });
      expect(usd / per).toBeGreaterThan(0);
    }
  });

  test('makes a million transitions twenty-five dollars, and an hour of one arm64 vCPU three cents', () => {
    expect(dollars({ transitions: 1e6 })).toBe(25);
    expect(dollars({ fargateVcpuSeconds: 3600 })).toBeCloseTo(0.03238);
  });

  test('adds up: two bills together cost what each does, and half a bill half', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(dollars(sum(a, b))).toBeCloseTo(dollars(a) + dollars(b), 4);
        expect(dollars(times(a, 0.5))).toBeCloseTo(dollars(a) / 2, 4);
      }),
    );
  });

  test('shares every dollar out to a service, the dearest first', () => {
    fc.assert(
      fc.property(units, (a) => {
        const lines = byService(a).map(({ usd }) => usd);
        expect(lines.reduce((total, usd) => total + usd, 0)).toBeCloseTo(dollars(a), 4);
        expect(lines).toEqual([...lines].sort((x, y) => y - x));
      }),
    );
  });

  test('takes off what is free each month, and never more than there is', () => {
    fc.assert(
      fc.property(units, (a) => {
        const rest = dollars(beyondFree(a));
        expect(rest).toBeGreaterThanOrEqual(0);
        expect(rest).toBeLessThanOrEqual(dollars(a));
      }),
    );
    expect(beyondFree({ transitions: 5000, traces: 10, apiRequests: 7 })).toEqual({
      transitions: 1000,
      traces: 0,
      apiRequests: 7,
    });
  });
});
