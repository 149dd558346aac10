import { expect, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import type { Ledger } from '../../../core/ports.ts';
import { makeHandler } from '../../../lambdas/witness/witness.ts';
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
