/** A landing that nobody waits for any more: its push was given up, the bead has gone on, and then it arrived. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { keys, kindOf } from '../../../core/keys.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import type { Item } from '../../../core/ports.ts';
import type { Capacity } from '../../../core/scheduler/records.ts';
import { create, recordOf } from '../../../core/step.ts';
import { settlement } from '../../../lambdas/convoys/settlement.ts';
import { runCommand } from '../../../lambdas/platform/command.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf, itemOf, t0 } from '../../core/fixtures.ts';

const commit = 'c'.repeat(40);
const landed = { bead: idOf(1), attempt: 1, outcome: { kind: 'landed', commit } } as const;
const capacityOf = (count: number) => itemOf<Capacity>(keys.capacity(), { working: { greenhouse: count } });
const polecat: Polecat = {
  name: 'Dag',
  rig: 'greenhouse',
  bead: idOf(1),
  attempt: 2,
  branch: 'b',
  taskId: 'task-2',
  tokenHash: '',
  hookedAt: t0,
  nudges: 0,
};

const ids = realIds(realClock);
let ledger: LocalLedger;
let effects: EffectRecord['effect'][];
beforeEach(async () => {
  ledger = await openLedger({ clock: realClock });
  effects = [];
  ledger.onCommitted((put) => {
    for (const item of put) if (kindOf(item) === 'effect') effects.push((item.body as unknown as EffectRecord).effect);
  });
});
afterEach(() => ledger.close());

const given = (...items: readonly Item<object>[]) =>
  ledger.commit({ id: ids.ulid(), changes: items.map((item) => create(item, item.body)) });
const beadIn = (over: Partial<Bead>) => beadOf(1, { run: 1, attempt: 2, ...over });
const settle = () =>
  runCommand<void>({ ledger, clock: realClock, ids }, 'settlement', async (now) => ({
    step: await settlement(ledger, landed, now),
    result: undefined,
  }));
const bead = async () => recordOf<Bead>(await ledger.get(keys.bead(idOf(1))))?.body;
const merged = { status: 'closed', closedReason: 'merged', commit };

test('closes the bead under its next polecat, which is stopped; once', async () => {
  const working = { status: 'in_progress', polecat: 'Dag', admittedAt: t0 } as const;
  await given(beadIn(working), itemOf(keys.polecat('Dag'), polecat), capacityOf(2));
  await settle();
  expect(await bead()).toMatchObject(merged);
  expect((await load.capacity(ledger))?.body.working).toEqual({ greenhouse: 1 });
  expect(await ledger.get(keys.polecat('Dag'))).toBeUndefined();
  expect(effects).toContainEqual(expect.objectContaining({ do: 'stop_task', taskId: 'task-2' }));
  effects = [];
  await settle();
  expect(effects).toEqual([]);
});

test.each([
  [1, 'escalated'],
  [1, 'failed'],
  [2, 'escalated'],
  [2, 'failed'],
] as const)('tells nobody any more of a bead in attempt %i that is %s', async (attempt, status) => {
  const alarm = {
    cause: beadCause(idOf(1)),
    severity: 'medium',
    title: 'it asks',
    what: 'which of the two?',
    tried: 'attempt 2',
    unattended: 'it waits',
    command: 'gt escalations list',
  } as const;
  const { changes } = openEscalation(undefined, alarm, t0);
  await given(beadIn({ attempt, status }));
  await ledger.commit({ id: ids.ulid(), changes: [...changes] });
  await settle();
  expect(await bead()).toMatchObject(merged);
  expect((await load.escalation(ledger, alarm.cause))?.body satisfies Escalation | undefined).toMatchObject({
    status: 'closed',
  });
});

test('changes nothing about a bead that a later attempt has closed', async () => {
  const later = { status: 'closed', closedReason: 'merged', commit: 'd'.repeat(40) } as const;
  await given(beadIn(later));
  await settle();
  expect(await bead()).toMatchObject(later);
});
