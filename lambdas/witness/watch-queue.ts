import { keys, partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Key, Ledger } from '../../core/ports.ts';
import type { Candidate, MergeRequest, Queue } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { queueStuckCause, repairQueue } from '../../core/witness/stuck.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { queryAll } from '../platform/query-all.ts';
import type { WitnessDeps } from './witness.ts';

/**
 * Wakes the Refinery of a queue, named by any item of its partition or by rig and target. Answers how long the oldest
 * change in it has waited, in milliseconds.
 */
export const watchQueue = (
  deps: Pick<WitnessDeps, 'ledger' | 'clock' | 'ids'>,
  which: Key | { readonly rig: string; readonly target: string },
): Promise<number> =>
  runCommand<number>(deps, 'watch of a merge queue', async (now) => {
    const key = 'pk' in which ? { pk: which.pk, sk: 'META' } : keys.queue(which.rig, which.target);
    const meta = recordOf<Queue>(await deps.ledger.get(key));
    if (!meta) return { result: 0 };
    const { rig, target } = meta.body;
    const [escalation, oldest] = await Promise.all([
      load.escalation(deps.ledger, queueStuckCause(rig, target)),
      deps.ledger.query(partitions.queue(rig, target), { prefix: prefixes.mergeRequests, limit: 1 }),
    ]);
    const request = recordOf<MergeRequest>(oldest.items[0])?.body;
    const still = now - meta.body.progressAt >= limits.queueStuckEscalateMs;
    const stuck = still && !(await isWaiting(deps.ledger, rig, target, now));
    return { step: repairQueue(meta.body, stuck, escalation, now), result: request ? now - request.submittedAt : 0 };
  });

/**
 * What is left waits for a polecat, a human, gates that still have time, or checks: all of them have a watch, or a letter,
 * of their own. Asked for only when nothing has moved for long.
 */
async function isWaiting(ledger: Ledger, rig: string, target: string, now: Instant): Promise<boolean> {
  const pk = partitions.queue(rig, target);
  const [requests, candidates] = await Promise.all([
    queryAll<MergeRequest>(ledger, pk, { prefix: prefixes.mergeRequests }),
    queryAll<Candidate>(ledger, pk, { prefix: prefixes.candidates }),
  ]);
  const runs = candidates.some(
    ({ body: { state, gatesPassedAt, deadline = 0 } }) =>
      state === 'running' && (gatesPassedAt !== undefined || deadline > now),
  );
  const isOurs = ({ state, held, review }: MergeRequest): boolean =>
    state !== 'resolving' && held !== true && review?.approved !== false;
  return runs || (requests.length > 0 && !requests.some(({ body }) => isOurs(body)));
}
