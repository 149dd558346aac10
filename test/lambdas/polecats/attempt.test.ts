import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import type { Beat } from '../../../core/polecats/polecat.ts';
import type { Instant, Ledger } from '../../../core/ports.ts';
import type { Capacity, DayBudget } from '../../../core/scheduler/records.ts';
import { asJson, create, recordOf } from '../../../core/step.ts';
import { closeBead } from '../../../lambdas/convoys/commands.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { makeHandler } from '../../../lambdas/polecats/fleet.ts';
import { nukePolecat } from '../../../lambdas/polecats/protocol.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf } from '../../core/fixtures.ts';

const ids = realIds(realClock);
let ledger: Ledger & { close(): Promise<void> };
beforeEach(async () => {
  ledger = await openLedger({ clock: realClock });
});
afterEach(() => ledger.close());

/** Bead 1 at work since then, with $5 reserved of which its polecat has spent $3. */
async function atWork(since: Instant): Promise<void> {
  const was = beadOf(1, { run: 1, admittedAt: since, reservedUsd: 5 });
  const hooked = hookBead(was, { name: 'Nux', token: 'tok', tokenHash: '' }, since);
  await ledger.commit({
    id: 'admitted',
    changes: [
      create(was, was.body),
      create(keys.capacity(), { working: { greenhouse: 1 } } satisfies Capacity),
      create(keys.budget(since), { reservedUsd: 5, spentUsd: 0 } satisfies DayBudget),
    ],
  });
  await ledger.commit({ id: 'hooked', changes: hooked.step.changes });
  const beat = recordOf<Beat>(await ledger.get(keys.beat('Nux')));
  const body = asJson({ ...beat?.body, costUsd: 3, step: 'agent' });
  await ledger.commit({ id: 'beat', changes: [{ put: { ...keys.beat('Nux'), body }, expect: { any: true } }] });
}

const bead = async (): Promise<Bead | undefined> => (await load.bead(ledger, idOf(1)))?.body;

describe('an attempt that a human ends', () => {
  const deps = () => ({ ledger, clock: realClock, ids, blobs: undefined as never });

  test.each<[string, () => Promise<void>]>([
    ['nuked', () => nukePolecat(deps(), 'Nux', 'max')],
    ['closed', () => closeBead(deps(), idOf(1), { by: 'max', reason: 'failed', note: 'enough' })],
  ])('has spent what its polecat said: %s', async (_, end) => {
    const since = realClock.now();
    await atWork(since);
    await end();
    expect((await load.budget(ledger, since))?.body).toEqual({ reservedUsd: 0, spentUsd: 3 });
    expect((await load.capacity(ledger))?.body.working).toEqual({});
    expect((await bead())?.costUsd).toBe(3);
  });
});

test('a launch that finds no room for long is told to a human once, and is tried again each time', async () => {
  await atWork(realClock.now() - limits.launchSlowMs);
  let sent = 0;
  const sling = makeHandler({
    ledger,
    clock: realClock,
    ids,
    log: () => {},
    fleet: { launch: async () => ({ ok: false, reason: 'capacity', detail: 'vCPU quota' }) } as never,
    queues: {
      send: async () => {
        sent += 1;
      },
    },
    apiUrl: () => 'http://localhost',
    secretOf: () => undefined,
  });
  const body = JSON.stringify({ bead: idOf(1), run: 1, token: 'tok' });
  for (const messageId of ['a', 'b']) await sling({ Records: [{ messageId, body }] } as never);
  expect(sent).toBe(2);
  const alarm = (await load.escalation(ledger, 'fleet/no-room'))?.body;
  expect(alarm).toMatchObject({ severity: 'high', times: 1, body: expect.stringContaining('vCPU quota') });
});
