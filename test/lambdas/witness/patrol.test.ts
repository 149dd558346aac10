import { expect, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import type { Ledger } from '../../../core/ports.ts';
import { makeHandler, type PatrolReport } from '../../../lambdas/witness/witness.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';

test('a shard whose items are slow does not keep the patrol from the others', async () => {
  const asked = new Set<number>();
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const ledger = {
    due: async (shard: number) => {
      asked.add(shard);
      if (shard === 0) await gate;
      return { keys: [] };
    },
  } as unknown as Ledger;
  const unused = undefined as never;
  const patrol = makeHandler({
    ledger,
    clock: realClock,
    ids: realIds(realClock),
    log: () => {},
    fleet: unused,
    workflows: unused,
    performEffects: unused,
  })({ kind: 'patrol' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked.size).toBe(limits.attentionShards);
  open();
  await patrol;
});

/** A ledger with so many due items in shard 0, none of which exists any more; each look at one takes 50 ms. */
async function patrolOf(items: number): Promise<PatrolReport> {
  let now = 0;
  const due = Array.from({ length: items }, (_, i) => ({ pk: `ESCALATION#${i}`, sk: 'STATE', attentionAt: 0 }));
  const ledger = {
    due: async (shard: number, _: number, { limit = 1, after = '0' } = {}) => {
      const from = Number(after);
      const keys = shard === 0 ? due.slice(from, from + limit) : [];
      return from + limit < items && shard === 0 ? { keys, next: String(from + limit) } : { keys };
    },
    get: async () => {
      now += 50;
      return undefined;
    },
  } as unknown as Ledger;
  const unused = undefined as never;
  const clock = { ...realClock, now: () => now };
  const ids = realIds(realClock);
  const deps = { ledger, clock, ids, log: () => {}, fleet: unused, workflows: unused, performEffects: unused };
  return makeHandler(deps)({ kind: 'patrol' });
}

test('a patrol looks at page after page, and stops before its function is cut off', async () => {
  expect(await patrolOf(3 * limits.patrolItemsMax)).toMatchObject({ looked: 3 * limits.patrolItemsMax, more: false });
  expect(await patrolOf(2000)).toMatchObject({ looked: limits.patrolTimeMs / 50, more: true });
});
