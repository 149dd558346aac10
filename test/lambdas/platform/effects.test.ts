import { expect, test } from '@jest/globals';
import type { EffectRecord } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Item, Message } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/platform/effects.ts';
import { load } from '../../../lambdas/platform/load.ts';
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

test('a service’s error that quotes the task token is kept and told without it', async () => {
  const ledger = await openLedger({ clock: realClock });
  const token = 'AQDEAAAAKgAAAAMAAAAAAAAAAe4'.repeat(20);
  const key = keys.effect('commit', 0);
  const record: EffectRecord = { effect: { do: 'succeed_task', token }, tries: limits.effectTriesMax - 1 };
  await ledger.commit({ id: 'a', changes: [create(key, record)] });
  const unused = undefined as never;
  const said: unknown[] = [];
  const perform = makeHandler({
    ledger,
    clock: realClock,
    ids: realIds(realClock),
    log: (...line) => void said.push(line),
    queues: unused,
    workflows: {
      succeed: () => Promise.reject(new Error(`1 validation error detected: Value '${token}' at 'taskToken'`)),
    } as never,
    fleet: unused,
    notifier: unused,
    launchGate: unused,
  });
  await perform([(await ledger.get(key)) as unknown as Item<EffectRecord>]);
  const stored = (await ledger.get(key)) as unknown as Item<EffectRecord>;
  expect(stored.body).toMatchObject({ tries: limits.effectTriesMax, lastError: expect.stringContaining('taskToken') });
  const told = [stored.body.lastError, said, await load.escalation(ledger, 'effect/succeed_task')];
  expect(JSON.stringify(told)).toContain('validation error');
  expect(JSON.stringify(told)).not.toContain(token);
  await ledger.close();
});
