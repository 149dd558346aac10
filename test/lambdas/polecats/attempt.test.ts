import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { Unavailable } from '../../../core/errors.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import { type Beat, nameAt } from '../../../core/polecats/polecat.ts';
import type { Instant, Json, LaunchRequest, Ledger } from '../../../core/ports.ts';
import type { Capacity, DayBudget } from '../../../core/scheduler/records.ts';
import { asJson, create, recordOf, replace } from '../../../core/step.ts';
import { closeBead } from '../../../lambdas/convoys/commands.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { endAttemptOf, stuckCause } from '../../../lambdas/polecats/end.ts';
import { makeHandler } from '../../../lambdas/polecats/fleet.ts';
import { nukePolecat } from '../../../lambdas/polecats/protocol.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { account } from '../../core/escalations/account.ts';
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
function fullFleet(record: Ledger = ledger, meanwhile: () => Promise<unknown> = async () => {}) {
  const sent: Json[] = [];
  const delays: number[] = [];
  const launched: string[] = [];
  let room = false;
  const handle = makeHandler({
    ledger: record,
    clock: realClock,
    ids,
    log: () => {},
    fleet: {
      launch: async ({ clientToken }: LaunchRequest) => {
        await meanwhile();
        if (!room) return { ok: false, reason: 'capacity', detail: 'vCPU quota' };
        launched.push(clientToken);
        return { ok: true, taskId: clientToken };
      },
    } as never,
    queues: {
      send: async ({ body, delaySeconds = 0 }) => {
        sent.push(body);
        delays.push(delaySeconds);
      },
    },
    apiUrl: () => 'http://localhost',
    secretOf: () => undefined,
  });
  const sling = (message: object) =>
    handle({ Records: [{ messageId: 'm', body: JSON.stringify({ bead: idOf(1), run: 1, ...message }) }] } as never);
  const makeRoom = (): void => {
    room = true;
  };
  return { sent, delays, launched, makeRoom, sling };
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

test.each([
  ['just now', 0, limits.launchAgainSeconds],
  ['ten minutes ago', 10 * 60_000, 150],
  ['a day ago', 24 * 3_600_000, limits.launchAgainMaxSeconds],
])(
  'a launch first tried %s is tried again after a quarter of that, within bounds and spread',
  async (_, ago, seconds) => {
    await atWork(realClock.now() - ago);
    const { delays, sling } = fullFleet();
    for (let i = 0; i < 20; i += 1) await sling({ token: 'tok' });
    for (const delay of delays) expect(Math.abs(delay - seconds)).toBeLessThanOrEqual(seconds / 4 + 1);
    expect(new Set(delays).size).toBeGreaterThan(3);
    // The cold-start deadline moves with each try: the next one must come before it.
    expect(Math.max(...delays) * 1000).toBeLessThan(limits.coldStartMs);
  },
);

test('a message that found no room launches the same attempt when there is some, and that one once', async () => {
  await atWork(realClock.now());
  const { sent, sling, makeRoom, launched } = fullFleet();
  await sling({ token: 'tok' });
  makeRoom();
  await sling(sent[0] as object);
  await sling(sent[0] as object);
  expect(sent).toHaveLength(1);
  expect(new Set(launched).size).toBe(1);
  expect(await bead()).toMatchObject({ status: 'hooked', attempt: 1, polecat: 'Nux' });
  expect((await load.polecat(ledger, 'Nux'))?.body.taskId).toBe(launched[0]);
});

test.each([true, false])(
  'a launch that outlasts its attempt says nothing of another bead’s polecat that has its name by now (room: %s)',
  async (room) => {
    await atWork(realClock.now());
    const { sling, makeRoom } = fullFleet(ledger, async () => {
      await nukePolecat({ ledger, clock: realClock, ids, blobs: undefined as never }, 'Nux', 'max');
      const { step } = hookBead(beadOf(2, { run: 1, admittedAt: 1 }), { name: 'Nux', token: '', tokenHash: '' }, 1);
      await ledger.commit({ id: 'other', changes: step.changes.slice(1) });
    });
    if (room) makeRoom();
    await sling({ token: 'tok' });
    const nux = await load.polecat(ledger, 'Nux');
    expect(nux).toMatchObject({ version: 1, body: { bead: idOf(2), attempt: 1 } });
    expect(nux?.body.taskId).toBeUndefined();
  },
);

test('while gates that found no room go first a polecat asks for none; then it is launched', async () => {
  await atWork(realClock.now());
  const { sent, sling, makeRoom, launched } = fullFleet();
  const gatesFirst = (until: number) =>
    ledger.commit({
      id: ids.ulid(),
      changes: [{ put: { ...keys.gateFirst(), body: { until } }, expect: { any: true } }],
    });
  makeRoom();
  await gatesFirst(realClock.now() + limits.gateFirstMs);
  await sling({ token: 'tok' });
  expect([launched.length, sent.length]).toEqual([0, 1]);
  await gatesFirst(realClock.now() - 1);
  await sling(sent[0] as object);
  expect([launched.length, sent.length]).toEqual([1, 1]);
});

test('attempts that end together give every slot back once, however often they conflict', async () => {
  const count = 40;
  await ledger.commit({ id: 'capacity', changes: [create(keys.capacity(), { working: { greenhouse: count } })] });
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  for (const n of numbers) {
    const { bead: hooked } = hookBead(
      beadOf(n, { run: 1, admittedAt: 1 }),
      { name: nameAt(n), token: '', tokenHash: '' },
      1,
    );
    await ledger.commit({ id: hooked.id, changes: [create(beadOf(n), hooked)] });
  }
  const clock = { ...realClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const ended = { outcome: { kind: 'no_change', note: '' }, costUsd: 0, agentMs: 0, who: 'polecat' } as const;
  /** As a harness does: again, until the town has answered. */
  async function report(n: number): Promise<string> {
    for (;;) {
      try {
        return await endAttemptOf({ ledger, clock, ids }, idOf(n), 1, ended);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
      }
    }
  }
  const answers = await Promise.all(numbers.flatMap((n) => [report(n), report(n)]));
  expect(answers.filter((answer) => answer === 'ended')).toHaveLength(count);
  expect((await load.capacity(ledger))?.body.working).toEqual({});
});

test('a hook reads the same few items however many polecats are alive, and takes no name of theirs', async () => {
  const others = Array.from({ length: 300 }, (_, i) => nameAt(i));
  for (const name of others) {
    const hooked = hookBead(beadOf(9, { admittedAt: 1 }), { name, token: 't', tokenHash: '' }, 1);
    const [, polecat] = hooked.step.changes;
    if (polecat) await ledger.commit({ id: name, changes: [polecat] });
  }
  await ledger.commit({
    id: 'admitted',
    changes: [
      create(beadOf(1), beadOf(1, { run: 1, admittedAt: 1 }).body),
      create(keys.capacity(), { working: { greenhouse: 301 } } satisfies Capacity),
    ],
  });
  const queried: string[] = [];
  const { sling } = fullFleet({
    ...ledger,
    query: (pk, options) => {
      queried.push(pk);
      return ledger.query(pk, options);
    },
  });
  await sling({ token: 'tok' });
  expect(queried).toEqual([]);
  expect(others).not.toContain((await bead())?.polecat);
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
  const alarm = { cause: stuckCause(idOf(1)), severity: 'high', title: 'stuck', ...account } as const;
  await ledger.commit({ id: 'stuck', changes: openEscalation(undefined, alarm, since).changes });
  await nukePolecat({ ledger, clock: realClock, ids, blobs: undefined as never }, 'Nux', 'max');
  expect((await load.escalation(ledger, alarm.cause))?.body.status).toBe('closed');
});
