import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import type { Beat } from '../../../core/polecats/polecat.ts';
import type { Instant, Json, Ledger } from '../../../core/ports.ts';
import type { Capacity, DayBudget } from '../../../core/scheduler/records.ts';
import { asJson, create, recordOf, replace } from '../../../core/step.ts';
import { closeBead } from '../../../lambdas/convoys/commands.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { stuckCause } from '../../../lambdas/polecats/end.ts';
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

/** The fleet in a region without room, and what it sent to try again. */
function fullFleet() {
  const sent: Json[] = [];
  const handle = makeHandler({
    ledger,
    clock: realClock,
    ids,
    log: () => {},
    fleet: { launch: async () => ({ ok: false, reason: 'capacity', detail: 'vCPU quota' }) } as never,
    queues: { send: async ({ body }) => void sent.push(body) },
    apiUrl: () => 'http://localhost',
    secretOf: () => undefined,
  });
  const sling = (message: object) =>
    handle({ Records: [{ messageId: 'm', body: JSON.stringify({ bead: idOf(1), run: 1, ...message }) }] } as never);
  return { sent, sling };
}

test('a launch that finds no room for long is told to a human once, and is tried again each time', async () => {
  await atWork(realClock.now() - limits.launchSlowMs);
  const { sent, sling } = fullFleet();
  await sling({ token: 'tok' });
  await sling({ token: 'tok' });
  expect(sent).toHaveLength(2);
  const alarm = (await load.escalation(ledger, 'fleet/no-room'))?.body;
  expect(alarm).toMatchObject({ severity: 'high', times: 1, body: expect.stringContaining('vCPU quota') });
});

test('a launch that is repeated for an attempt that has ended leaves the next attempt its own token', async () => {
  await atWork(realClock.now());
  const { sent, sling } = fullFleet();
  await sling({ token: 'tok' });
  const was = await load.bead(ledger, idOf(1));
  if (!was) throw new Error('bead 1 is gone');
  const again: Bead = { ...was.body, attempt: 2, wait: { for: 'work', token: 'second', run: 1 } };
  await ledger.commit({ id: 'second', changes: [replace(was, again)] });
  await sling(sent[0] as object);
  expect((await bead())?.wait?.token).toBe('second');
});

test('the alarm of a stuck polecat ends with its attempt', async () => {
  const since = realClock.now();
  await atWork(since);
  const alarm = { cause: stuckCause(idOf(1)), severity: 'high', title: 'stuck', body: '' } as const;
  await ledger.commit({ id: 'stuck', changes: openEscalation(undefined, alarm, since).changes });
  await nukePolecat({ ledger, clock: realClock, ids, blobs: undefined as never }, 'Nux', 'max');
  expect((await load.escalation(ledger, alarm.cause))?.body.status).toBe('closed');
});
