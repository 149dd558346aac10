import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { escalationId } from '../../../core/escalations/escalation.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Candidate, MergeRequest } from '../../../core/refinery/records.ts';
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

const running = (more: Partial<Candidate>): Partial<Candidate> => ({ state: 'running', ...more });

test.each<[string, readonly Partial<MergeRequest>[], readonly Partial<Candidate>[], boolean]>([
  ['is told to a human', [{ state: 'queued' }], [], true],
  [
    'is told to a human though some of its changes are with resolvers',
    [{ state: 'resolving' }, { state: 'queued' }],
    [],
    true,
  ],
  ['is not, while all of them are with resolvers', [{ state: 'resolving' }, { state: 'resolving' }], [], false],
  ['is not, while all of them wait for a human', [{ state: 'queued', held: true }], [], false],
  [
    'is not, while all of them wait for reviews',
    [{ state: 'queued', review: { number: 1, url: '', approved: false } }],
    [],
    false,
  ],
  ['is not, while gates have time left', [{ state: 'queued' }], [running({ deadline: later.now() + 1 })], false],
  ['is told once they have none', [{ state: 'queued' }], [running({ deadline: later.now() })], true],
  ['is not, while checks are asked about', [{ state: 'queued' }], [running({ gatesPassedAt: t0, deadline: 0 })], false],
])('a queue without progress for half an hour %s', async (_what, states, candidates, told) => {
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
    create(keys.mergeRequest('greenhouse', 'main', `SEQ${i}`), { seq: `SEQ${i}`, ...state, submittedAt: t0 }),
  );
  const runs = candidates.map((candidate, i) => create(keys.candidate('greenhouse', 'main', `C${i}`), candidate));
  await ledger.commit({
    id: ids.ulid(),
    changes: [create(keys.queue('greenhouse', 'main'), queue), ...requests, ...runs],
  });
  const age = await watchQueue({ ledger, clock: later, ids }, { rig: 'greenhouse', target: 'main' });
  expect(age).toBe(limits.queueStuckEscalateMs);
  const cause = queueStuckCause('greenhouse', 'main');
  expect((await ledger.get(keys.escalation(escalationId(cause)))) !== undefined).toBe(told);
});
