import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { Item } from '../../../core/ports.ts';
import { create, recordOf } from '../../../core/step.ts';
import { answerBead, cancelConvoy, closeBead, retryConvoy, slingBead } from '../../../lambdas/convoys/commands.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, convoyOf } from '../../core/fixtures.ts';

let ledger: LocalLedger;
const ids = realIds(realClock);
const deps = () => ({ ledger, clock: realClock, ids });
beforeEach(async () => {
  ledger = await openLedger({ clock: realClock });
});
afterEach(() => ledger.close());

async function given(convoy: Partial<Convoy>, ...beads: readonly Item<Bead>[]): Promise<void> {
  const changes = [convoyOf(convoy), ...beads].map((item) => create(item, item.body));
  await ledger.commit({ id: ids.ulid(), changes });
}
const convoyNow = async () => recordOf<Convoy>(await ledger.get(convoyOf()));
const beadNow = async (n: number) => recordOf<Bead>(await ledger.get(beadOf(n)))?.body;

describe('a stalled convoy whose bead is sent on', () => {
  const asks = beadOf(1, { status: 'escalated', run: 1 });
  const failed = beadOf(1, { status: 'failed', run: 1, failures: 4 });
  const { id } = asks.body;
  test.each<[string, Item<Bead>, () => Promise<unknown>]>([
    ['by an answer', asks, () => answerBead(deps(), id, 'blue', 'max')],
    ['unanswered', asks, () => slingBead(deps(), id, 'max')],
    ['after a failure', failed, () => slingBead(deps(), id, 'max')],
    ['by a retry of the convoy', failed, () => retryConvoy(deps(), convoyOf().body.id, 'max')],
  ])('%s is open again in the same commit, and looked after', async (_how, bead, act) => {
    await given({ status: 'stalled', stalledBecause: 'x' }, bead);
    await act();
    expect((await convoyNow())?.body).toMatchObject({ status: 'open' });
    expect((await convoyNow())?.body.stalledBecause).toBeUndefined();
    expect((await convoyNow())?.attentionAt).toBeGreaterThan(realClock.now());
    expect(await beadNow(1)).toMatchObject({ status: 'open' });
  });

  test('the answer reaches its next attempt', async () => {
    await given({ status: 'stalled' }, asks);
    await answerBead(deps(), id, 'blue', 'max');
    expect(await beadNow(1)).toMatchObject({ answer: 'blue' });
  });
});

describe('people are told what they may not do', () => {
  test.each<[string, Partial<Bead>, () => Promise<unknown>, string]>([
    [
      'answer a bead that asks nothing',
      {},
      () => answerBead(deps(), beadOf(1).body.id, 'x', 'max'),
      'BEAD_NOT_WAITING',
    ],
    [
      'sling a bead that stands in line',
      { inLine: 1 },
      () => slingBead(deps(), beadOf(1).body.id, 'max'),
      'BEAD_NOT_SLINGABLE',
    ],
    [
      'close a bead that has landed',
      { status: 'closed', closedReason: 'merged' },
      () => closeBead(deps(), beadOf(1).body.id, { by: 'max', reason: 'failed', note: '' }),
      'BEAD_ENDED',
    ],
    ['answer a bead that is none', {}, () => answerBead(deps(), '../etc/passwd', 'x', 'max'), 'BEAD_UNKNOWN'],
  ])('%s', async (_what, over, act, code) => {
    await given({}, beadOf(1, over));
    await expect(act()).rejects.toMatchObject({ code });
  });

  test('retry a convoy whose plan was refused', async () => {
    await given({ status: 'stalled', faults: [{ code: 'PLAN_CYCLE', what: 'A cycle.', remedy: 'Break it.' }] });
    await expect(retryConvoy(deps(), convoyOf().body.id, 'max')).rejects.toMatchObject({
      code: 'CONVOY_PLAN_REFUSED',
      status: 409,
      remedy: expect.stringContaining('submit it again'),
    });
  });

  test('cancel a convoy that has landed', async () => {
    await given({ status: 'landed' });
    await expect(cancelConvoy(deps(), convoyOf().body.id, 'max')).rejects.toMatchObject({ code: 'CONVOY_ENDED' });
  });
});
