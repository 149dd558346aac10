import { keys, partitions, prefixes } from '../../core/keys.ts';
import type { Key } from '../../core/ports.ts';
import type { MergeRequest, Queue } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { queueStuckCause, repairQueue } from '../../core/witness/stuck.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
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
    return { step: repairQueue(meta.body, escalation, now), result: request ? now - request.submittedAt : 0 };
  });
