/** What attempts spend, as the town counts it: on the record before it is lost, once, and never from a fresh budget. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import { climb, countFailure } from '../../../core/molecules/ladder.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import type { BeatReport } from '../../../core/polecats/protocol.ts';
import type { Ledger } from '../../../core/ports.ts';
import { admit } from '../../../core/scheduler/admit.ts';
import { standInLine } from '../../../core/scheduler/line.ts';
import type { Capacity, DayBudget } from '../../../core/scheduler/records.ts';
import { asJson, create } from '../../../core/step.ts';
import { slingBead } from '../../../lambdas/convoys/commands.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { acceptBeat, acceptReport, nukePolecat } from '../../../lambdas/polecats/protocol.ts';
import { makeTick } from '../../../lambdas/scheduler/scheduler.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, convoyOf, idOf } from '../../core/fixtures.ts';

const ids = realIds(realClock);
let ledger: Ledger & { close(): Promise<void> };
const deps = () => ({ ledger, clock: realClock, ids, blobs: undefined as never, log: () => {} });
const bead = async (n = 1): Promise<Bead | undefined> => (await load.bead(ledger, idOf(n)))?.body;
const subject = { kind: 'polecat', bead: idOf(1), attempt: 1 } as const;

beforeEach(async () => {
  ledger = await openLedger({ clock: realClock });
});
afterEach(() => ledger.close());

/** Bead 1 at work, with $5 reserved of its budget. */
async function atWork(): Promise<void> {
  const now = realClock.now();
  const was = beadOf(1, { run: 1, admittedAt: now, budgetUsd: 5, reservedUsd: 5 });
  const hooked = hookBead(was, { name: 'Nux', token: 'tok', tokenHash: '' }, now);
  await ledger.commit({
    id: 'admitted',
    changes: [
      create(was, was.body),
      create(keys.capacity(), { working: { greenhouse: 1 } } satisfies Capacity),
      create(keys.budget(now), { reservedUsd: 5, spentUsd: 0 } satisfies DayBudget),
    ],
  });
  await ledger.commit({ id: 'hooked', changes: hooked.step.changes });
}

const beat = (more: Partial<Omit<BeatReport, 'subject'>>) =>
  acceptBeat(deps(), {
    subject,
    state: 'working',
    step: 'agent',
    costUsd: 0,
    outputBytes: 0,
    tail: '',
    logChunks: [],
    ...more,
  });

test('a harness that is lost in mid-call has spent what it said that the call might cost', async () => {
  await atWork();
  await beat({ costUsd: 1, heldUsd: 0.4 });
  await nukePolecat(deps(), 'Nux', 'max');
  expect((await bead())?.costUsd).toBe(1.4);
  expect((await load.budget(ledger, realClock.now()))?.body).toEqual({ reservedUsd: 0, spentUsd: 1.4 });
});

test('a call that has ended is held no more', async () => {
  await atWork();
  await beat({ costUsd: 1, heldUsd: 0.4 });
  await beat({ costUsd: 1.1, heldUsd: 0 });
  await nukePolecat(deps(), 'Nux', 'max');
  expect((await bead())?.costUsd).toBe(1.1);
});

test('a beat that was overtaken on its way does not take back what a newer one said', async () => {
  await atWork();
  await beat({ n: 1 });
  await beat({ n: 3, costUsd: 1, heldUsd: 0.4 });
  expect(await beat({ n: 2, costUsd: 0.5 })).toMatchObject({ superseded: false, stop: null });
  await nukePolecat(deps(), 'Nux', 'max');
  expect((await bead())?.costUsd).toBe(1.4);
});

/** The ledger, with something that happens just before the next commit. */
const justBefore = (happens: () => Promise<unknown>): Ledger => {
  let next: (() => Promise<unknown>) | undefined = happens;
  return {
    get: (key) => ledger.get(key),
    query: (...args) => ledger.query(...args),
    due: (...args) => ledger.due(...args),
    async commit(commit) {
      const first = next;
      next = undefined;
      await first?.();
      return ledger.commit(commit);
    },
  };
};

test('whoever ends an attempt books the call that it was allowed a moment before', async () => {
  await atWork();
  const held = justBefore(async () => expect(await beat({ costUsd: 1, heldUsd: 2 })).toMatchObject({ stop: null }));
  await nukePolecat({ ...deps(), ledger: held }, 'Nux', 'max');
  expect((await bead())?.costUsd).toBe(3);
});

test('an attempt that was ended a moment before is allowed no call', async () => {
  await atWork();
  const ended = justBefore(() => nukePolecat(deps(), 'Nux', 'max'));
  const asked = { subject, state: 'working', step: 'agent', costUsd: 0, heldUsd: 2, outputBytes: 0 } as const;
  expect(await acceptBeat({ ...deps(), ledger: ended }, { ...asked, tail: '', logChunks: [] })).toEqual({
    superseded: true,
  });
  expect((await bead())?.costUsd).toBe(0);
});

test('cents add up: three beads at $0.10 fit into $0.30', () => {
  const at = (n: number) => {
    const { bead: stood } = standInLine(beadOf(n, { budgetUsd: 0.1, readyAt: 1 }).body, n);
    const place = { ...keys.ready('greenhouse', stood.inLine ?? 0, stood.id), version: 1, commit: 'c', body: {} };
    return { place, bead: { ...beadOf(n), body: stood } };
  };
  const none = { switch: undefined, breaker: undefined, capacity: undefined, budget: undefined };
  const caps = { rig: 'greenhouse', polecatsPerRig: 9, polecatsPerTown: 9, dayBudgetUsd: 0.3, convoyBudgetUsd: 0.3 };
  const { admitted } = admit({ ...none, line: [at(1), at(2), at(3), at(4)], convoys: new Map() }, caps, 10);
  expect(admitted).toBe(3);
});

test('an attempt that says it spent more than was reserved is told to stop, and why', async () => {
  await atWork();
  expect(await beat({ costUsd: 5 })).toMatchObject({ stop: null });
  const answer = await beat({ costUsd: 5.01 });
  expect(answer).toMatchObject({ cause: 'budget', stop: expect.stringMatching(/\$5\.01 .* of \$5 reserved/) });
});

test('a report is booked once, at what it really cost', async () => {
  await atWork();
  const report = { subject, costUsd: 2.25, agentMs: 1000, log: [], tail: '', status: 'failed' as const };
  const told = { ...report, cause: 'budget' as const, detail: 'of $5.00 …' };
  expect(await acceptReport(deps(), told)).toEqual({ accepted: true });
  await acceptReport(deps(), told);
  expect(await bead()).toMatchObject({ costUsd: 2.25 });
  expect((await load.budget(ledger, realClock.now()))?.body).toEqual({ reservedUsd: 0, spentUsd: 2.25 });
});

test('a bead whose budget is spent is not tried again by itself, however many rungs are left', () => {
  const config = { 'retry.same_agent': 5, 'retry.fresh': 5, 'retry.backoff_s': [0] };
  const step = climb(countFailure(beadOf(1).body, 'budget'), 'budget', config);
  expect(step).toEqual({ kind: 'give_up', because: 'its budget is spent' });
});

test('slung with more money it starts again with what is left of that', async () => {
  const failed = beadOf(1, { status: 'failed', run: 1, attempt: 1, budgetUsd: 5, costUsd: 4.9 });
  const convoy = convoyOf();
  await ledger.commit({ id: 'failed', changes: [create(failed, failed.body), create(convoy, convoy.body)] });
  await slingBead(deps(), idOf(1), 'max', 12);
  expect(await bead()).toMatchObject({ status: 'open', budgetUsd: 12, costUsd: 4.9 });
});

test('a convoy’s budget holds its beads together, by what they have cost and what they hold', async () => {
  const now = realClock.now();
  const rig = {
    name: 'greenhouse',
    prefix: 'gh',
    url: '/dev/null',
    defaultBranch: 'main',
    settings: { 'budget.per_convoy_usd': 10 },
    addedAt: now,
  };
  const done = beadOf(1, { status: 'closed', closedReason: 'merged', budgetUsd: 4, costUsd: 3.5 });
  const waiting = [2, 3].map((n) => {
    const { bead: stood, change } = standInLine(beadOf(n, { budgetUsd: 4, readyAt: now }).body, now + n);
    return [create(keys.bead(stood.id), asJson(stood) as object), change];
  });
  await ledger.commit({
    id: 'line',
    changes: [create(keys.rig('greenhouse'), rig), create(done, done.body), ...waiting.flat()],
  });
  await makeTick({ ...deps(), caps: { polecatsPerTown: 8, dayBudgetUsd: 100 } })('greenhouse');
  expect(await bead(2)).toMatchObject({ reservedUsd: 4 });
  // $3.50 spent and $4 held leave too little for another $4; the first may leave enough.
  expect(await bead(3)).not.toHaveProperty('admittedAt');
  expect(await bead(3)).toHaveProperty('inLine');
});
