/**
 * A ready bead's place in line is a virtual time, `readyAt + priority · step`. Ageing that is linear is a constant
 * order: nothing is rescored, and a bead of the lowest priority waits at most `4 · step` longer than its turn.
 */
import type { Bead } from '../convoys/bead.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant } from '../ports.ts';
import { asJson } from '../step.ts';

export const virtualTimeOf = (readyAt: Instant, priority: number): number => readyAt + priority * limits.priorityStepMs;

/** The bead, standing in line, and the item that marks its place. */
export function standInLine(bead: Bead, now: Instant): { bead: Bead; change: Change } {
  const readyAt = bead.readyAt ?? now;
  const inLine = virtualTimeOf(readyAt, bead.priority);
  return {
    bead: { ...bead, readyAt, inLine, blockedBy: [], blockedForGood: false },
    change: {
      put: { ...keys.ready(bead.rig, inLine, bead.id), body: asJson({ bead: bead.id }) },
      expect: { any: true },
    },
  };
}

/** The bead out of line, and the deletion of its place; nothing to delete if it stood nowhere. */
export function leaveLine(bead: Bead): { bead: Bead; changes: Change[] } {
  if (bead.inLine === undefined) return { bead, changes: [] };
  const { inLine, ...rest } = bead;
  return { bead: rest, changes: [{ delete: keys.ready(bead.rig, inLine, bead.id), expect: { any: true } }] };
}
