import { beforeEach, expect, test } from '@jest/globals';
import type { Wake } from '../../../core/deliveries.ts';
import { groups } from '../../../core/keys.ts';
import type { Json, Ledger } from '../../../core/ports.ts';
import { makeHandler } from '../../../lambdas/ticks/ticks.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';

const caps = { polecatsPerTown: 8, dayBudgetUsd: 10 };
const recordOf = (group: string) => ({
  messageId: 'm',
  body: JSON.stringify({ group } satisfies Wake),
  attributes: { ApproximateReceiveCount: '1' },
});

let lines: { message: string; [field: string]: Json }[];
let read: string[];
beforeEach(() => {
  lines = [];
  read = [];
});

/** Handles one batch over an empty ledger, in which rigs of this name cannot be read. */
async function handle(wakes: readonly string[], unreadable?: string) {
  const stored = await openLedger({ clock: realClock });
  const ledger: Ledger = {
    ...stored,
    async get(key) {
      if (key.pk.includes(unreadable ?? '\0')) throw new Error('out of reach');
      read.push(key.pk);
      return stored.get(key);
    },
  };
  const handler = makeHandler({
    ledger,
    clock: { ...realClock, sleep: async () => {} },
    ids: realIds(realClock),
    log: (_, message, fields) => lines.push({ message, ...fields }),
    caps,
  });
  const answer = await handler({ Records: wakes.map(recordOf) });
  await stored.close();
  return answer;
}

test('each record of a mixed batch is served by the tick of its group, once for each group', async () => {
  const batch = [
    groups.scheduler('green'),
    groups.convoy('7k2m9q'),
    groups.scheduler('green'),
    groups.convoy('zzzzzz'),
  ];
  expect(await handle(batch)).toEqual({ batchItemFailures: [] });
  const [green, one, other] = ['green', '7k2m9q', 'zzzzzz'].map((name) => read.filter((pk) => pk.includes(name)));
  expect([green?.length, one?.length, other?.length]).toEqual([1, 1, 1]);
  expect(lines).toEqual([]);
});

test('a scheduler that fails does not keep a convoy of its batch from its tick', async () => {
  expect(await handle([groups.scheduler('green'), groups.convoy('7k2m9q')], 'green')).toEqual({
    batchItemFailures: [],
  });
  expect(read.filter((pk) => pk.includes('7k2m9q'))).toHaveLength(1);
  expect(lines.filter(({ measured }) => measured !== undefined)).toMatchObject([{ rig: 'green', tries: 3 }]);
});

test('a group that no tick serves is counted as failed work, and blocks nothing', async () => {
  expect(await handle(['mayor/green', groups.convoy('7k2m9q')])).toEqual({ batchItemFailures: [] });
  expect(lines.at(-1)).toMatchObject({
    group: 'mayor/green',
    error: expect.stringContaining('mayor/green'),
    measured: { WorkFailed: 1 },
  });
});
