import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributeOf, bytesOfMap } from '../../../aws/attributes.ts';
import { fieldsOf, keyRow } from '../../../aws/items.ts';
import { hintUnits, indexWrites, itemBytes, readUnits, writeUnits } from '../../../core/costs/item-units.ts';
import type { Item, Json } from '../../../core/ports.ts';

const json = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>;
const instant = fc.integer({ min: 0, max: 2 ** 41 });
const items = fc.record(
  {
    pk: fc.string({ minLength: 1 }),
    sk: fc.string({ minLength: 1 }),
    version: fc.integer({ min: 1, max: 1e6 }),
    commit: fc.string(),
    body: json,
    attentionAt: instant,
    expiresAt: instant,
  },
  { requiredKeys: ['pk', 'sk', 'version', 'commit', 'body'] },
) as fc.Arbitrary<Item>;
const bytes = fc.integer({ min: 0, max: 400 * 1024 });

describe('an item', () => {
  test('weighs what the row that the ledger writes of it weighs', () => {
    fc.assert(
      fc.property(items, (item) => {
        const row = { ...keyRow(item), version: attributeOf(item.version), ...fieldsOf(item, item.commit) };
        expect(itemBytes(item)).toBe(bytesOfMap(row));
      }),
    );
  });

  test('is read for one unit each 4 KB begun, and written for one each 1 KB begun', () => {
    fc.assert(
      fc.property(bytes, (size) => {
        expect((readUnits(size) - 1) * 4096).toBeLessThan(Math.max(1, size));
        expect(readUnits(size) * 4096).toBeGreaterThanOrEqual(size);
        expect((writeUnits(size) - 1) * 1024).toBeLessThan(Math.max(1, size));
        expect(writeUnits(size) * 1024).toBeGreaterThanOrEqual(size);
      }),
    );
  });

  test('costs a whole unit when it is absent or tiny, and a hint half of that', () => {
    expect([readUnits(0), readUnits(1), writeUnits(0), hintUnits(0)]).toEqual([1, 1, 1, 0.5]);
    expect([readUnits(4096), readUnits(4097), writeUnits(1024), writeUnits(1025)]).toEqual([1, 2, 1, 2]);
  });

  test('costs the index a write when its time comes or goes, two when it changes, and none when it stays', () => {
    expect([indexWrites(undefined, 5), indexWrites(5, undefined), indexWrites(5, 6)]).toEqual([1, 1, 2]);
    expect([indexWrites(5, 5), indexWrites(undefined, undefined)]).toEqual([0, 0]);
  });
});
