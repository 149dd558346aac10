/** Random commits against a plain map: the same answers, and the same items afterwards. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Expectation, Item, Json, Key, Ledger } from '../../core/ports.ts';
import { fresh } from './fresh.ts';

type Model = Map<string, Item>;

const nameOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk]);
const keyIn = (change: Change): Key =>
  'put' in change ? change.put : 'delete' in change ? change.delete : change.check;

function holds(item: Item | undefined, expectation: Expectation): boolean {
  if ('any' in expectation) return true;
  if ('absent' in expectation) return !item;
  if ('version' in expectation) return expectation.version === (item ? item.version : 0);
  const body = item?.body as Readonly<Record<string, Json>> | undefined;
  return body !== undefined && Object.entries(expectation.body).every(([field, value]) => body[field] === value);
}

/** The keys in conflict; with none, `model` has taken the commit. */
function apply(model: Model, id: string, changes: readonly Change[]): readonly string[] {
  const conflicts = changes.filter((change) => !holds(model.get(nameOf(keyIn(change))), change.expect));
  if (conflicts.length > 0) return conflicts.map((change) => nameOf(keyIn(change)));
  for (const change of changes) {
    const name = nameOf(keyIn(change));
    if ('delete' in change) model.delete(name);
    if ('put' in change) model.set(name, { ...change.put, version: (model.get(name)?.version ?? 0) + 1, commit: id });
  }
  return [];
}

const sortKeys = ['A', 'A#1', 'B', '\u{1F682}', '\uFF5E'] as const;
const expectation: fc.Arbitrary<Expectation> = fc.oneof(
  fc.constant({ absent: true } as const),
  fc.nat(4).map((version) => ({ version })),
  fc.nat(2).map((n) => ({ body: { n } })),
  fc.constant({ any: true } as const),
);

const change = (pks: readonly string[]): fc.Arbitrary<Change> =>
  fc
    .record({
      key: fc.record({ pk: fc.constantFrom(...pks), sk: fc.constantFrom(...sortKeys) }),
      kind: fc.constantFrom('put', 'put', 'delete', 'check'),
      n: fc.nat(2),
      attentionAt: fc.option(fc.nat(10), { nil: undefined }),
      expect: expectation,
    })
    .map(({ key, kind, n, attentionAt, expect }): Change => {
      if (kind === 'delete') return { delete: key, expect };
      if (kind === 'check') return { check: key, expect };
      return { put: { ...key, body: { n }, ...(attentionAt !== undefined && { attentionAt }) }, expect };
    });

const commits = (pks: readonly string[]): fc.Arbitrary<Change[][]> =>
  fc.array(fc.uniqueArray(change(pks), { minLength: 1, maxLength: 4, selector: (one) => nameOf(keyIn(one)) }), {
    minLength: 1,
    maxLength: 25,
  });

export function ledgerModelContract(the: () => Ledger, numRuns: number): void {
  test('any sequence of commits has the answers, and leaves the items, that a plain map would', async () => {
    const names = ['x', 'y'];
    await fc.assert(
      fc.asyncProperty(commits(names), async (sequence) => {
        const partitions = new Map(names.map((name) => [name, fresh(name)]));
        const at = <K extends Key>(key: K): K => ({ ...key, pk: partitions.get(key.pk) ?? '' });
        const model: Model = new Map();
        for (const drawn of sequence) {
          const id = fresh('c');
          const changes = drawn.map((one): Change => {
            if ('put' in one) return { ...one, put: at(one.put) };
            return 'delete' in one ? { ...one, delete: at(one.delete) } : { ...one, check: at(one.check) };
          });
          const wanted = apply(model, id, changes);
          const result = await the().commit({ id, changes });
          expect(result.ok ? [] : result.conflicts.map(nameOf).sort()).toEqual([...wanted].sort());
        }
        for (const pk of partitions.values()) {
          const left = [...model.values()].filter((item) => item.pk === pk);
          left.sort((a, b) => Buffer.compare(Buffer.from(a.sk), Buffer.from(b.sk)));
          expect((await the().query(pk)).items).toEqual(left);
          for (const sk of sortKeys) expect(await the().get({ pk, sk })).toEqual(model.get(nameOf({ pk, sk })));
        }
      }),
      { numRuns },
    );
  });

  test('commits that run at once leave what some order of them would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 2, maxLength: 12 }), async (counters) => {
        const pk = fresh('p');
        const increment = async (counter: number): Promise<void> => {
          const key = { pk, sk: `counter-${counter}` };
          for (;;) {
            const was = await the().get(key);
            const n = (was?.body as { n: number } | undefined)?.n ?? 0;
            const put = { ...key, body: { n: n + 1 } };
            const result = await the().commit({
              id: fresh('c'),
              changes: [{ put, expect: { version: was?.version ?? 0 } }],
            });
            if (result.ok) return;
          }
        };
        await Promise.all(counters.map(increment));
        for (const counter of new Set(counters)) {
          const times = counters.filter((other) => other === counter).length;
          const item = await the().get({ pk, sk: `counter-${counter}` });
          expect([item?.version, item?.body]).toEqual([times, { n: times }]);
        }
      }),
      { numRuns },
    );
  });
}
