import { groups } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';

/**
 * Wakes of a rig's merge queues, as many as a commit has room for: the rig's own target comes first in every list. A
 * queue that has work and is not among them looks by itself within a minute.
 */
export const queueWakes = (rig: string, targets: readonly string[]) =>
  targets
    .slice(0, limits.wakesPerCommitMax)
    .map((target) => ({ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }) as const);
