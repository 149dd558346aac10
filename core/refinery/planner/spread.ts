/** More runs on one chain at once: each cuts the widest stretch of chance that is not yet cut. */

/**
 * The prefix to test next to those of `tested`; nothing, if none is left that would tell more. `chances`: for k = 1, 2, …
 * the chance that the first k are all good, which falls from 1 to about 0.
 */
export function widestGap(chances: readonly number[], tested: readonly number[]): number | undefined {
  const cuts = [0, ...[...tested].sort((a, b) => a - b), chances.length + 1];
  const chanceAt = (k: number): number => (k === 0 ? 1 : (chances[k - 1] ?? 0));
  let best: { readonly count: number; readonly gap: number } | undefined;
  for (let i = 1; i < cuts.length; i++) {
    const [from = 0, to = 0] = [cuts[i - 1], cuts[i]];
    const gap = chanceAt(from) - chanceAt(to);
    if (to - from < 2 || gap <= (best?.gap ?? 0)) continue;
    const middle = (chanceAt(from) + chanceAt(to)) / 2;
    let count = from + 1;
    while (count + 1 < to && Math.abs(chanceAt(count + 1) - middle) < Math.abs(chanceAt(count) - middle)) count += 1;
    best = { count, gap };
  }
  return best?.count;
}
