/** Which changes landed on the target that a branch has not seen: the other side of its conflict, in text or in meaning. */
import { partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Oid } from '../../core/ports.ts';
import type { LandedSince } from '../../core/refinery/conflict/semantic.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import type { Tick } from './tick.ts';

/**
 * From the newest merge requests that have ended: those that touch one of `paths` first, then the newest. With
 * `onlyShared` no others.
 */
export async function landedSince(
  { deps: { ledger, repo } }: Pick<Tick, 'deps'>,
  view: QueueView,
  branch: { readonly head: Oid; readonly paths: readonly string[]; readonly onlyShared: boolean },
): Promise<readonly LandedSince[]> {
  const { items } = await ledger.query(partitions.queue(view.rig, view.target), {
    prefix: prefixes.endedMergeRequests,
    reverse: true,
    limit: limits.landedSinceSought,
  });
  const paths = new Set(branch.paths);
  const landed = items
    .flatMap((item) => recordOf<MergeRequest>(item)?.body ?? [])
    .flatMap(({ bead, commit, touched, endedAt = 0 }) =>
      commit === undefined
        ? []
        : [{ bead, commit, endedAt, shared: touched?.paths.filter((path) => paths.has(path)) ?? [] }],
    )
    .filter(({ shared }) => shared.length > 0 || !branch.onlyShared)
    .sort((a, b) => b.shared.length - a.shared.length || b.endedAt - a.endedAt)
    .slice(0, limits.landedSinceNamed);
  const seen = await Promise.all(landed.map(({ commit }) => repo.isAncestor(view.remote, commit, branch.head)));
  return landed.filter((_, i) => seen[i] === false).map(({ bead, commit, shared }) => ({ bead, commit, shared }));
}
