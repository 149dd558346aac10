/** A bead that triage had split lands by an attempt from before: nobody works any more for what the target has. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { keys, kindOf } from '../../../core/keys.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import type { Item } from '../../../core/ports.ts';
import type { Capacity } from '../../../core/scheduler/records.ts';
import { create, recordOf } from '../../../core/step.ts';
import { makeTick } from '../../../lambdas/convoys/convoys.ts';
import { settlement } from '../../../lambdas/convoys/settlement.ts';
import { runCommand } from '../../../lambdas/platform/command.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, convoyOf, idOf, itemOf, t0 } from '../../core/fixtures.ts';

const whole = beadOf(1, { attempt: 1, lastRun: 1, needs: [idOf(2), idOf(3), idOf(4)], blockedBy: [idOf(4)] });
const part = (n: number, over: Partial<Bead>) => beadOf(n, { partOf: idOf(1), ...over });
const polecat: Polecat = {
  name: 'Dag',
  rig: 'greenhouse',
  bead: idOf(2),
  attempt: 1,
  branch: 'b',
  taskId: 'task-1',
  tokenHash: '',
  hookedAt: t0,
  nudges: 0,
};
const working = { status: 'in_progress', run: 1, attempt: 1, polecat: 'Dag', admittedAt: t0 } as const;
const alarm = {
  cause: beadCause(idOf(3)),
  severity: 'medium',
  title: 'it failed',
  what: 'it failed',
  tried: 'all',
  unattended: 'it waits',
  command: 'gt convoy retry aaaaaa',
} as const;

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

const deps = () => ({ ledger, clock: realClock, ids, log: () => undefined });
const given = (...items: readonly Item<object>[]) =>
  ledger.commit({ id: ids.ulid(), changes: items.map((item) => create(item, item.body)) });
const statuses = async (...ns: readonly number[]) =>
  Promise.all(ns.map(async (n) => recordOf<Bead>(await ledger.get(keys.bead(idOf(n))))?.body.status));
const landAttempt1 = () =>
  runCommand<void>(deps(), 'settlement', async (now) => ({
    step: await settlement(
      ledger,
      { bead: idOf(1), attempt: 1, outcome: { kind: 'landed', commit: 'c'.repeat(40) } },
      now,
    ),
    result: undefined,
  }));

describe('the parts of a bead that has landed by itself', () => {
  test('are cancelled, with the parts of parts: tasks stopped, slots free, alarms over; and the convoy has landed', async () => {
    await given(
      convoyOf(),
      whole,
      part(2, working),
      part(3, { status: 'failed', run: 1, attempt: 3 }),
      part(4, { needs: [idOf(5)] }),
      part(5, { partOf: idOf(4) }),
      itemOf(keys.polecat('Dag'), polecat),
      itemOf<Capacity>(keys.capacity(), { working: { greenhouse: 1 } }),
    );
    await ledger.commit({ id: ids.ulid(), changes: [...openEscalation(undefined, alarm, t0).changes] });
    await landAttempt1();
    await makeTick(deps())('aaaaaa');
    expect(await statuses(1, 2, 3, 4, 5)).toEqual(['closed', 'cancelled', 'cancelled', 'cancelled', 'cancelled']);
    expect((await load.capacity(ledger))?.body.working).toEqual({});
    expect(effects).toContainEqual(expect.objectContaining({ do: 'stop_task', taskId: 'task-1' }));
    expect((await load.escalation(ledger, alarm.cause))?.body.status).toBe('closed');
    expect(recordOf<Convoy>(await ledger.get(keys.convoy('aaaaaa')))?.body).toMatchObject({
      status: 'landed',
      progress: { total: 5, landed: 1, failed: 0, cancelled: 4, blocked: 0 },
    });
    effects = [];
    await makeTick(deps())('aaaaaa');
    expect(effects).toEqual([]);
  });

  test('that have landed stay so, and what needs the bead goes on', async () => {
    await given(
      convoyOf(),
      whole,
      part(2, { status: 'closed', closedReason: 'merged' }),
      part(3, {}),
      part(4, {}),
      beadOf(5, { needs: [idOf(1)] }),
    );
    await landAttempt1();
    await makeTick(deps())('aaaaaa');
    expect(await statuses(1, 2, 3, 4, 5)).toEqual(['closed', 'closed', 'cancelled', 'cancelled', 'open']);
    expect((await load.bead(ledger, idOf(5)))?.body.inLine).toBeDefined();
  });

  test('may arrive after all: a convoy that has landed counts them as landed', async () => {
    await given(
      convoyOf({
        status: 'landed',
        closedAt: t0,
        progress: { total: 2, landed: 1, failed: 0, cancelled: 1, blocked: 0 },
      }),
      { ...whole, body: { ...whole.body, status: 'closed', closedReason: 'merged' } },
      part(2, { status: 'cancelled', run: 1, attempt: 1 }),
    );
    const commit = 'd'.repeat(40);
    await runCommand<void>(deps(), 'settlement', async (now) => ({
      step: await settlement(ledger, { bead: idOf(2), attempt: 1, outcome: { kind: 'landed', commit } }, now),
      result: undefined,
    }));
    await makeTick(deps())('aaaaaa');
    expect(recordOf<Convoy>(await ledger.get(keys.convoy('aaaaaa')))?.body).toMatchObject({
      status: 'landed',
      progress: { total: 2, landed: 2, cancelled: 0 },
    });
  });

  test('work on as long as it waits for them', async () => {
    await given(convoyOf(), whole, part(2, {}), part(3, { status: 'failed', run: 1 }), part(4, {}));
    await makeTick(deps())('aaaaaa');
    expect(await statuses(1, 2, 3, 4)).toEqual(['open', 'open', 'failed', 'open']);
  });
});
