import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import { groups, keys, kindOf } from '../../../core/keys.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import type { Item } from '../../../core/ports.ts';
import type { Capacity } from '../../../core/scheduler/records.ts';
import { create, recordOf } from '../../../core/step.ts';
import { closeBead, retryConvoy, slingBead } from '../../../lambdas/convoys/commands.ts';
import { makeTick } from '../../../lambdas/convoys/convoys.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, convoyOf, idOf, itemOf, t0 } from '../../core/fixtures.ts';

const resolves = {
  bead: idOf(1),
  attempt: 1,
  mergeRequest: 'SEQ',
  head: 'a'.repeat(40),
  base: 'b'.repeat(40),
  against: [],
};
const author = (over: Partial<Bead> = {}) =>
  beadOf(1, { status: 'submitted', run: 1, attempt: 1, mergeRequest: 'SEQ', ...over });
const resolver = (over: Partial<Bead> = {}) =>
  beadOf(2, {
    type: 'conflict',
    status: 'in_progress',
    run: 1,
    attempt: 1,
    polecat: 'Dag',
    admittedAt: t0,
    resolves,
    ...over,
  });
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
const atWork = [
  itemOf(keys.polecat('Dag'), polecat),
  itemOf<Capacity>(keys.capacity(), { working: { greenhouse: 1 } }),
];

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
const now = async <Body>(item: Item<Body>) => recordOf<Body>(await ledger.get(item))?.body;

describe('the tick of a convoy', () => {
  test('ends a resolver whose change is out of the queue: task stopped, slot free, once', async () => {
    await given(convoyOf(), author({ status: 'cancelled' }), resolver(), ...atWork);
    await makeTick(deps())('aaaaaa');
    expect(await now(resolver())).toMatchObject({ status: 'closed', closedReason: 'superseded' });
    expect(await now<Capacity>(itemOf(keys.capacity(), { working: {} }))).toEqual({ working: {} });
    expect(await ledger.get(keys.polecat('Dag'))).toBeUndefined();
    expect(effects).toContainEqual({ do: 'stop_task', taskId: 'task-1', reason: 'its change needs no resolver now' });
    effects = [];
    await makeTick(deps())('aaaaaa');
    expect(effects).toEqual([]);
  });

  test('leaves a resolver alone whose change waits for it', async () => {
    await given(convoyOf(), author(), resolver(), ...atWork);
    await makeTick(deps())('aaaaaa');
    expect(await now(resolver())).toMatchObject({ status: 'in_progress' });
  });

  test('of a cancelled one cancels its resolvers with the rest', async () => {
    await given(convoyOf({ status: 'cancelled' }), author(), resolver(), ...atWork);
    await makeTick(deps())('aaaaaa');
    expect([(await now(author()))?.status, (await now(resolver()))?.status]).toEqual(['cancelled', 'cancelled']);
    expect((await now<Convoy>(convoyOf()))?.progress).toMatchObject({ total: 1, cancelled: 1 });
  });
});

describe('people', () => {
  test('who close a resolver wake the queue that waits for it', async () => {
    await given(convoyOf(), author(), resolver(), ...atWork);
    await closeBead(deps(), idOf(2), { by: 'max', reason: 'failed', note: 'stuck' });
    expect(effects).toContainEqual({ do: 'wake', queue: 'refinery', group: groups.refinery('greenhouse', 'main') });
  });

  test('who retry a convoy retry its plan, not its resolvers', async () => {
    await given(convoyOf({ status: 'stalled' }), author({ status: 'failed' }), resolver({ status: 'failed' }));
    expect(await retryConvoy(deps(), 'aaaaaa', 'max')).toBe(1);
    expect([(await now(author()))?.status, (await now(resolver()))?.status]).toEqual(['open', 'failed']);
  });

  test('cannot sling a resolver that has ended', async () => {
    await given(convoyOf(), author(), resolver({ status: 'failed' }));
    await expect(slingBead(deps(), idOf(2), 'max')).rejects.toMatchObject({ code: 'RESOLVER_ENDED', status: 409 });
  });
});
