import { expect, test } from '@jest/globals';
import type { EffectRecord } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import type { Item, Message } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/platform/effects.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';

test.each([
  ['scheduler', 'scheduler/green', 'ticks'],
  ['convoys', 'convoys/7k2m9q', 'ticks'],
  ['ticks', 'convoys/7k2m9q', 'ticks'],
  ['refinery', 'refinery/green/main', 'refinery'],
])('a wake on record for the queue %s, group %s, goes to the queue %s', async (queue, group, expected) => {
  const ledger = await openLedger({ clock: realClock });
  const key = keys.effect('commit', 0);
  await ledger.commit({ id: 'a', changes: [create(key, { effect: { do: 'wake', queue, group }, tries: 0 })] });
  const sent: Message[] = [];
  const unused = undefined as never;
  const perform = makeHandler({
    ledger,
    clock: realClock,
    ids: realIds(realClock),
    log: () => {},
    queues: { send: async (message) => void sent.push(message) },
    workflows: unused,
    fleet: unused,
    notifier: unused,
    launchGate: unused,
  });
  await perform([(await ledger.get(key)) as unknown as Item<EffectRecord>]);
  expect(sent).toMatchObject([{ queue: expected, body: { group } }]);
  expect(await ledger.get(key)).toBeUndefined();
  await ledger.close();
});
