/** What every ledger does, and refuses. Written in terms of the port alone, so that it can run against AWS too. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { limits } from '../../core/limits.ts';
import type { Change, Expectation, Json, Key, Ledger } from '../../core/ports.ts';
import { fresh } from './fresh.ts';
import { ledgerModelContract } from './ledger-model-contract.ts';
import { all, ledgerReadsContract, putting, sks } from './ledger-reads-contract.ts';

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

export function ledgerContract(
  name: string,
  make: () => Promise<LedgerUnderTest>,
  { dueWithinMs = 0, runs = 30 }: LedgerContractOptions = {},
): void {
  // Large commits and many runs, perhaps over a network.
  jest.setTimeout(60_000);
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
