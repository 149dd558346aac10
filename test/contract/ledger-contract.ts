/** What every ledger does, and refuses. Written in terms of the port alone, so that it can run against AWS too. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attentionShardOf } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Change, Expectation, Item, Json, Key, Ledger, QueryOptions } from '../../core/ports.ts';
import { fresh } from './fresh.ts';
import { ledgerModelContract } from './ledger-model-contract.ts';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  dispose(): Promise<void>;
}

interface LedgerContractOptions {
  /** How long `due` may take to show a commit. */
  readonly dueWithinMs?: number;
  /** Runs of the property tests. */
  readonly runs?: number;
}

const putting = (key: Key, body: Json, expect: Expectation = { absent: true }): Change => ({
  put: { pk: key.pk, sk: key.sk, body },
  expect,
});

async function all(ledger: Ledger, pk: string, options: QueryOptions = {}): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after = options.after;
  for (;;) {
    const page = await ledger.query(pk, after === undefined ? options : { ...options, after });
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
}

const sks = (items: readonly Key[]): string[] => items.map(({ sk }) => sk);

export function ledgerContract(
  name: string,
  make: () => Promise<LedgerUnderTest>,
  { dueWithinMs = 0, runs = 30 }: LedgerContractOptions = {},
): void {
  describe(`the ledger, ${name}`, () => {
    let made: LedgerUnderTest;
    let ledger: Ledger;
    beforeAll(async () => {
      made = await make();
      ledger = made.ledger;
    });
    afterAll(() => made.dispose());

    const commit = (...changes: Change[]) => ledger.commit({ id: fresh('c'), changes });

    describe('commits', () => {
      test('an item that was put is read back with version 1, its commit’s stamp and nothing else', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        const body = { text: 'żółć 🚂', n: 1.5, list: [1, null, { deep: true }], none: null, empty: '' };
        const id = fresh('c');
        expect(await ledger.commit({ id, changes: [putting(key, body)] })).toEqual({ ok: true });
        expect(await ledger.get(key)).toEqual({ ...key, version: 1, commit: id, body });
      });

      test('attentionAt and expiresAt are kept until the next put, which says them again or not', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        const times = { attentionAt: 9_000_000_000_000, expiresAt: 9_100_000_000_000 };
        await commit({ put: { ...key, body: 1, ...times }, expect: { absent: true } });
        expect(await ledger.get(key)).toMatchObject(times);
        await commit(putting(key, 2, { version: 1 }));
        const item = await ledger.get(key);
        expect(item).toMatchObject({ version: 2, body: 2 });
        expect(item).not.toHaveProperty('attentionAt');
        expect(item).not.toHaveProperty('expiresAt');
      });

      test('every put counts the version up by one, with or without a condition', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        for (const expectation of [{ version: 0 }, { version: 1 }, { any: true }, { body: { n: 3 } }] as const) {
          const n = ((await ledger.get(key))?.version ?? 0) + 1;
          expect(await commit(putting(key, { n }, expectation))).toEqual({ ok: true });
          expect(await ledger.get(key)).toMatchObject({ version: n, body: { n } });
        }
      });

      test('a deleted item is gone, and starts again at version 1', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        await commit(putting(key, 1));
        expect(await commit({ delete: key, expect: { version: 1 } })).toEqual({ ok: true });
        expect(await ledger.get(key)).toBeUndefined();
        expect(await ledger.query(key.pk)).toEqual({ items: [] });
        await commit(putting(key, 2));
        expect(await ledger.get(key)).toMatchObject({ version: 1 });
      });

      test('a conflict names every key that was not as expected, and writes nothing', async () => {
        const pk = fresh('p');
        await commit(putting({ pk, sk: 'A' }, { a: 1 }), putting({ pk, sk: 'B' }, { b: 'x' }));
        const result = await commit(
          putting({ pk, sk: 'A' }, { a: 2 }),
          putting({ pk, sk: 'new' }, {}),
          { delete: { pk, sk: 'B' }, expect: { body: { b: 'y' } } },
          { check: { pk, sk: 'C' }, expect: { version: 1 } },
        );
        if (result.ok) throw new Error('it was committed');
        expect(new Set(sks(result.conflicts))).toEqual(new Set(['A', 'B', 'C']));
        expect(result.conflicts.every((key) => key.pk === pk)).toBe(true);
        expect((await all(ledger, pk)).map(({ sk, version }) => [sk, version])).toEqual([
          ['A', 1],
          ['B', 1],
        ]);
      });

      test.each<[string, Expectation, boolean, boolean]>([
        ['absent', { absent: true }, true, false],
        ['version 0', { version: 0 }, true, false],
        ['the version', { version: 1 }, false, true],
        ['another version', { version: 2 }, false, false],
        ['body fields', { body: { n: 1, s: 'x', b: false } }, false, true],
        ['a body field that differs', { body: { n: 1, s: 'y' } }, false, false],
        ['a body field of another type', { body: { n: '1' } }, false, false],
        ['a body field that is missing', { body: { other: 1 } }, false, false],
        ['anything', { any: true }, true, true],
      ])(
        'expecting %s holds as it should, for a put, a delete and a check',
        async (_, expectation, whenAbsent, whenThere) => {
          const stateOf = async (there: boolean): Promise<Key> => {
            const key = { pk: fresh('p'), sk: 'A' };
            if (there) await commit(putting(key, { n: 1, s: 'x', b: false, o: {} }));
            return key;
          };
          for (const [there, holds] of [
            [false, whenAbsent],
            [true, whenThere],
          ] as const) {
            const marker = { pk: fresh('p'), sk: 'M' };
            const put = await commit(putting(await stateOf(there), {}, expectation));
            const gone = await commit({ delete: await stateOf(there), expect: expectation });
            const check = await commit({ check: await stateOf(there), expect: expectation }, putting(marker, 1));
            expect([put.ok, gone.ok, check.ok]).toEqual([holds, holds, holds]);
            expect((await ledger.get(marker)) !== undefined).toBe(holds);
          }
        },
      );

      test('of many commits that race for one version exactly one wins', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        await commit(putting(key, 0));
        const other = (i: number) => putting({ pk: key.pk, sk: `other-${i}` }, i);
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, i) => commit(putting(key, i + 1, { version: 1 }), other(i))),
        );
        const won = results.flatMap(({ ok }, i) => (ok ? [i] : []));
        expect(won).toHaveLength(1);
        expect(await ledger.get(key)).toMatchObject({ version: 2, body: (won[0] ?? 0) + 1 });
        expect(sks(await all(ledger, key.pk, { prefix: 'other-' }))).toEqual([`other-${won[0]}`]);
      });

      test('a repeated commit is written once, and its stamp tells', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        const again = { id: fresh('c'), changes: [putting(key, 1)] };
        await ledger.commit(again);
        await ledger.commit(again);
        expect(await ledger.get(key)).toMatchObject({ version: 1, commit: again.id });
      });

      test('what the caller does with its values afterwards changes nothing', async () => {
        const key = { pk: fresh('p'), sk: 'A' };
        const body = { list: [1] };
        const done = commit(putting(key, body));
        body.list.push(2);
        await done;
        const read = (await ledger.get(key))?.body as { list: number[] };
        expect(read).toEqual({ list: [1] });
        read.list.push(3);
        expect((await ledger.get(key))?.body).toEqual({ list: [1] });
      });

      test('a commit of 100 changes is taken', async () => {
        const pk = fresh('p');
        const changes = Array.from({ length: limits.changesPerCommitMax }, (_, i) => putting({ pk, sk: `i${i}` }, i));
        expect(await ledger.commit({ id: fresh('c'), changes })).toEqual({ ok: true });
        expect(await all(ledger, pk)).toHaveLength(100);
      });
    });

    describe('refusals', () => {
      const refused = (code: string, ...changes: Change[]) =>
        expect(commit(...changes)).rejects.toMatchObject({ name: 'LedgerRefused', code });
      const key = (): Key => ({ pk: fresh('p'), sk: 'A' });
      const text = (bytes: number): string => 'x'.repeat(bytes);

      test('an empty commit is refused', () => refused('EMPTY'));

      test('101 changes are refused', async () => {
        const pk = fresh('p');
        await refused('TOO_MANY_CHANGES', ...Array.from({ length: 101 }, (_, i) => putting({ pk, sk: `i${i}` }, i)));
        expect(await ledger.query(pk)).toEqual({ items: [] });
      });

      test('an item over 400 KB is refused, one a little smaller is taken', async () => {
        await refused('ITEM_TOO_LARGE', putting(key(), text(limits.itemBytesMax)));
        await refused('ITEM_TOO_LARGE', putting(key(), 'é'.repeat(limits.itemBytesMax / 2)));
        expect(await commit(putting(key(), text(limits.itemBytesMax - 2000)))).toEqual({ ok: true });
      });

      test('a commit over 4 MB is refused', async () => {
        const pk = fresh('p');
        const big = Array.from({ length: 11 }, (_, i) => putting({ pk, sk: `i${i}` }, text(399 * 1024)));
        await refused('COMMIT_TOO_LARGE', ...big);
        expect(await ledger.query(pk)).toEqual({ items: [] });
      });

      test('the same key twice in one commit is refused, whatever is done with it', async () => {
        const twice = key();
        await refused('DUPLICATE_KEY', putting(twice, 1), putting(twice, 2));
        await refused('DUPLICATE_KEY', putting(twice, 1), { check: twice, expect: { absent: true } });
        expect(await ledger.get(twice)).toBeUndefined();
      });

      test.each([
        ['empty', ''],
        ['with a NUL', 'a\0b'],
        ['too long', 'k'.repeat(2049)],
        ['no text', 7 as unknown as string],
      ])('a key that is %s is refused', async (_, bad) => {
        await refused('BAD_KEY', putting({ pk: bad, sk: 'A' }, 1));
        await refused('BAD_KEY', putting({ pk: fresh('p'), sk: bad }, 1));
        await expect(ledger.get({ pk: bad, sk: 'A' })).rejects.toMatchObject({ code: 'BAD_KEY' });
      });

      const cycle: unknown[] = [];
      cycle.push(cycle);
      test.each<[string, unknown]>([
        ['undefined', undefined],
        ['a field that is undefined', { a: undefined }],
        ['NaN', { a: [Number.NaN] }],
        ['infinite', Number.POSITIVE_INFINITY],
        ['a number beyond DynamoDB’s', 1e130],
        ['a Date', { at: new Date(0) }],
        ['a Map', new Map()],
        ['a function', { f: () => 1 }],
        ['a bigint', 1n],
        ['a cycle', cycle],
      ])('a body that is or holds %s is refused', (_, bad) => refused('BAD_VALUE', putting(key(), bad as Json)));

      test('an instant that is not one is refused', async () => {
        await refused('BAD_VALUE', { put: { ...key(), body: 1, attentionAt: Number.NaN }, expect: { any: true } });
        await refused('BAD_VALUE', { put: { ...key(), body: 1, expiresAt: -1 }, expect: { any: true } });
      });
    });

    ledgerReadsContract(() => ledger, dueWithinMs);
    ledgerModelContract(() => ledger, runs);
  });
}

function ledgerReadsContract(the: () => Ledger, dueWithinMs: number): void {
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
