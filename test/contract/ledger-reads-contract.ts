/** What every ledger answers to queries, and what it shows of the attention index. */
import { describe, expect, test } from '@jest/globals';
import { attentionShardOf } from '../../core/keys.ts';
import type { Change, Expectation, Item, Json, Key, Ledger, QueryOptions } from '../../core/ports.ts';
import { fresh } from './fresh.ts';

export const putting = (key: Key, body: Json, expect: Expectation = { absent: true }): Change => ({
  put: { pk: key.pk, sk: key.sk, body },
  expect,
});

export async function all(ledger: Ledger, pk: string, options: QueryOptions = {}): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after = options.after;
  for (;;) {
    const page = await ledger.query(pk, after === undefined ? options : { ...options, after });
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
}

export const sks = (items: readonly Key[]): string[] => items.map(({ sk }) => sk);

export function ledgerReadsContract(the: () => Ledger, dueWithinMs: number): void {
  const put = async (pk: string, keys: readonly string[], body: Json = 0): Promise<void> => {
    for (const sk of keys) await the().commit({ id: fresh('c'), changes: [putting({ pk, sk }, body)] });
  };

  describe('queries', () => {
    test('items come in byte order of their sort keys, whatever characters they hold', async () => {
      const pk = fresh('p');
      // U+FF5E sorts before U+1F682 by bytes, after it by UTF-16 units.
      const keys = ['a', 'B', 'a/b', 'a!', 'a"', '\u0001', '\u{1F682}', '\uFF5E', 'é', 'z', 'a#1', 'a#10', 'a#2', ' '];
      await put(pk, keys);
      const sorted = [...keys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
      expect(sks(await all(the(), pk))).toEqual(sorted);
      expect(sks(await all(the(), pk, { reverse: true }))).toEqual([...sorted].reverse());
    });

    test('a partition does not leak into one whose name begins alike', async () => {
      const pk = fresh('p');
      for (const partition of [pk, `${pk}#`, `${pk}\u0001`, `${pk}!`]) await put(partition, ['A']);
      expect((await all(the(), pk)).map((item) => item.pk)).toEqual([pk]);
    });

    test('prefix, after, limit and reverse work together', async () => {
      const pk = fresh('p');
      await put(pk, ['A#1', 'B', 'B#1', 'B#2', 'B#3', 'B#4', 'C#1']);
      const read = async (options: QueryOptions) => sks((await the().query(pk, options)).items);
      expect(await read({ prefix: 'B#' })).toEqual(['B#1', 'B#2', 'B#3', 'B#4']);
      expect(await read({ prefix: 'B#', after: 'B#2' })).toEqual(['B#3', 'B#4']);
      expect(await read({ prefix: 'B#', after: 'B#25' })).toEqual(['B#3', 'B#4']);
      expect(await read({ prefix: 'B#', limit: 2 })).toEqual(['B#1', 'B#2']);
      expect(await read({ prefix: 'B#', reverse: true, limit: 2 })).toEqual(['B#4', 'B#3']);
      expect(await read({ prefix: 'B#', reverse: true, after: 'B#3' })).toEqual(['B#2', 'B#1']);
      expect(await read({ prefix: 'D' })).toEqual([]);
      expect(await read({ prefix: '' })).toHaveLength(7);
    });

    test('pages of any limit, joined by next, hold every item once, in both directions', async () => {
      const pk = fresh('p');
      const keys = Array.from({ length: 7 }, (_, i) => `k${i}`);
      await put(pk, keys);
      for (const limit of [1, 2, 3, 7, 8]) {
        const first = await the().query(pk, { limit });
        expect(sks(first.items)).toEqual(keys.slice(0, limit));
        expect(first.next).toBe(limit < 8 ? keys[limit - 1] : undefined);
        expect(sks(await all(the(), pk, { limit }))).toEqual(keys);
        expect(sks(await all(the(), pk, { limit, reverse: true }))).toEqual([...keys].reverse());
      }
    });

    test('a page ends at 1 MB, with next set', async () => {
      const pk = fresh('p');
      const keys = ['a', 'b', 'c', 'd', 'e'];
      await put(pk, keys, 'x'.repeat(300 * 1024));
      const page = await the().query(pk);
      expect(page.items.length).toBeGreaterThan(1);
      expect(page.items.length).toBeLessThan(5);
      expect(page.next).toBe(page.items[page.items.length - 1]?.sk);
      expect(sks(await all(the(), pk))).toEqual(keys);
    });

    test('a limit that is not a whole number from 1 is refused', async () => {
      for (const limit of [0, -1, 1.5]) {
        await expect(the().query('p', { limit })).rejects.toMatchObject({ name: 'LedgerRefused' });
      }
    });
  });

  describe('attention', () => {
    const times = { far: 8_640_000_000_000_000 } as const;
    const attend = (
      pk: string,
      sk: string,
      attentionAt: number,
      expect: Expectation = { any: true },
    ): Promise<unknown> =>
      the().commit({ id: fresh('c'), changes: [{ put: { pk, sk, body: 0, attentionAt }, expect }] });

    /** The due keys of one partition: the shard may hold others’. */
    async function dueOf(pk: string, by: number, limit?: number): Promise<readonly string[]> {
      const found: string[] = [];
      let after: string | undefined;
      for (;;) {
        const page = await the().due(attentionShardOf(pk), by, { ...(limit && { limit }), ...(after && { after }) });
        found.push(...page.keys.filter((key) => key.pk === pk).map(({ sk, attentionAt }) => `${sk}@${attentionAt}`));
        if (page.next === undefined) return found;
        after = page.next;
      }
    }

    /** Polls until the index has caught up. */
    async function expectDue(pk: string, by: number, wanted: readonly string[], limit?: number): Promise<void> {
      const deadline = Date.now() + dueWithinMs;
      for (;;) {
        const found = await dueOf(pk, by, limit);
        if (JSON.stringify(found) === JSON.stringify(wanted) || Date.now() >= deadline) {
          expect(found).toEqual(wanted);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    test('what is due by an instant, that instant included, comes oldest first', async () => {
      const pk = fresh('p');
      await attend(pk, 'late', 2000);
      await attend(pk, 'early', 999);
      await attend(pk, 'middle', 1000);
      await attend(pk, 'far', times.far);
      await expectDue(pk, 2000, ['early@999', 'middle@1000', 'late@2000']);
      await expectDue(pk, 1999, ['early@999', 'middle@1000']);
      await expectDue(pk, 998, []);
    });

    test('due by infinity is everything that waits for attention', async () => {
      const pk = fresh('p');
      await attend(pk, 'far', times.far);
      await attend(pk, 'zero', 0);
      await expectDue(pk, Number.POSITIVE_INFINITY, ['zero@0', `far@${times.far}`]);
    });

    test('moving, dropping or deleting an item’s attention takes the old entry out', async () => {
      const pk = fresh('p');
      await attend(pk, 'moved', 1000);
      await attend(pk, 'dropped', 1000);
      await attend(pk, 'deleted', 1000);
      await attend(pk, 'moved', 3000);
      await the().commit({
        id: fresh('c'),
        changes: [
          putting({ pk, sk: 'dropped' }, 1, { any: true }),
          { delete: { pk, sk: 'deleted' }, expect: { any: true } },
        ],
      });
      await expectDue(pk, Number.POSITIVE_INFINITY, ['moved@3000']);
    });

    test('pages of due keys, joined by next, hold every key once', async () => {
      const pk = fresh('p');
      const wanted = Array.from({ length: 7 }, (_, i) => `k${i}@${1000 + Math.floor(i / 2)}`);
      for (const [i] of wanted.entries()) await attend(pk, `k${i}`, 1000 + Math.floor(i / 2));
      for (const limit of [1, 3, 7]) await expectDue(pk, 5000, wanted, limit);
    });
  });
}
