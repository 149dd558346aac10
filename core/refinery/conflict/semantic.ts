/**
 * A change whose gates fail on the target, though its own branch may be good: what landed since it branched off is the
 * first suspect, so its author hears of that beside the log. Git merged the texts; only the gates saw the conflict.
 */
import type { BeadId } from '../../keys.ts';
import { limits } from '../../limits.ts';
import type { Oid } from '../../ports.ts';
import { short } from '../view.ts';

export interface LandedSince {
  readonly bead: BeadId;
  readonly commit: Oid;
  /** Those that the rejected change touches too. */
  readonly shared: readonly string[];
}

/**
 * What goes to the bead with its rejection: `failed` (what the gates said, one line), then what landed since its branch
 * point, as far as it is named (`landed`, those in the same files first). Nothing landed: `failed` alone.
 */
export function explainRejection(failed: string, landed: readonly LandedSince[]): string {
  if (landed.length === 0) return failed.slice(0, limits.returnDetailCharsMax);
  const named = landed.slice(0, limits.landedSinceNamed).map(({ bead, commit, shared }) => {
    const where = shared.length > 0 ? ` (touches ${shared.slice(0, 3).join(', ')} too)` : '';
    return `${bead} as ${short(commit)}${where}`;
  });
  const shows = `git show ${landed
    .slice(0, limits.landedSinceNamed)
    .map(({ commit }) => short(commit))
    .join(' ')}`;
  const context = `Its branch has not seen ${named.join(', ')}. If it passes by itself, it does not fit what they mean: ${shows}`;
  const room = limits.returnDetailCharsMax - context.length - 2;
  return `${failed.slice(0, Math.max(0, room))}. ${context}`;
}
