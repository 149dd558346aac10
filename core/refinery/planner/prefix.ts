/** Where to cut: the prefix whose chance to be all good is nearest the target tells most. */

/** A run never tests more changes of its chain than this, whatever the rig says. */
export const prefixMax = 64;

export interface Prefix {
  readonly count: number;
  /** That all of it is good. */
  readonly chance: number;
}

/** `chances` fall with each change. Of two that are equally near, the shorter; at least one change, at most `max`. */
export function nearestPrefix(chances: Iterable<number>, target: number, max: number): Prefix {
  let best: Prefix = { count: 0, chance: 1 };
  for (const chance of chances) {
    if (best.count > 0 && Math.abs(chance - target) >= Math.abs(best.chance - target)) break;
    best = { count: best.count + 1, chance };
    if (best.count >= Math.min(max, prefixMax)) break;
  }
  return best;
}
