import { keys } from '../../core/keys.ts';
import type { Key } from '../../core/ports.ts';
import type { Queue } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { queueStuckCause, repairQueue } from '../../core/witness/stuck.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import type { WitnessDeps } from './witness.ts';

/** Wakes the Refinery of a queue, named by any item of its partition or by rig and target. */
export const watchQueue = (
  deps: Pick<WitnessDeps, 'ledger' | 'clock' | 'ids'>,
  which: Key | { readonly rig: string; readonly target: string },
): Promise<void> =>
  runCommand<void>(deps, 'watch of a merge queue', async (now) => {
    const key = 'pk' in which ? { pk: which.pk, sk: 'META' } : keys.queue(which.rig, which.target);
    const meta = recordOf<Queue>(await deps.ledger.get(key));
    if (!meta) return { result: undefined };
    const escalation = await load.escalation(deps.ledger, queueStuckCause(meta.body.rig, meta.body.target));
    return { step: repairQueue(meta.body, escalation, now), result: undefined };
  });
