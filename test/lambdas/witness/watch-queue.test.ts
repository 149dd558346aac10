import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { escalationId } from '../../../core/escalations/escalation.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { MergeRequest } from '../../../core/refinery/records.ts';
import { create } from '../../../core/step.ts';
import { queueStuckCause } from '../../../core/witness/stuck.ts';
import { watchQueue } from '../../../lambdas/witness/watch-queue.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { t0 } from '../../core/fixtures.ts';

const later = { now: () => t0 + limits.queueStuckEscalateMs, sleep: async () => undefined };
const ids = realIds(later);
let ledger: LocalLedger;
beforeEach(async () => {
  ledger = await openLedger({ clock: later });
});
afterEach(() => ledger.close());

test.each<[string, readonly MergeRequest['state'][], boolean]>([
  ['is told to a human', ['queued'], true],
  ['is told to a human though some of its changes are with resolvers', ['resolving', 'queued'], true],
  ['is not, while all of them are with resolvers', ['resolving', 'resolving'], false],
])('a queue without progress for half an hour %s', async (_what, states, told) => {
  const queue = {
    rig: 'greenhouse',
    target: 'main',
    epoch: 0,
    foreignPushes: 0,
    progressAt: t0,
    landedCount: 0,
    runsCount: 0,
  };
  const requests = states.map((state, i) =>
    create(keys.mergeRequest('greenhouse', 'main', `SEQ${i}`), { seq: `SEQ${i}`, state, submittedAt: t0 }),
  );
  await ledger.commit({ id: ids.ulid(), changes: [create(keys.queue('greenhouse', 'main'), queue), ...requests] });
  const age = await watchQueue({ ledger, clock: later, ids }, { rig: 'greenhouse', target: 'main' });
  expect(age).toBe(limits.queueStuckEscalateMs);
  const cause = queueStuckCause('greenhouse', 'main');
  expect((await ledger.get(keys.escalation(escalationId(cause)))) !== undefined).toBe(told);
});
