/** Who may be put into a chain now. */
import type { Board, Chain, Change } from './board.ts';

interface At {
  readonly board: Board;
  readonly changeOf: (id: string) => Change | undefined;
  readonly strands: readonly { readonly chain: Chain; readonly isCertain: boolean }[];
}

/**
 * Of `line`, in its order: what is in no chain, waits for nobody, and touches nothing that another chain touches.
 * Changes that touch the same paths are tested in one chain, else they would pass apart and fail together.
 */
export function* freeChanges(at: At, line: Iterable<Change>, own?: Chain): Generator<Change> {
  const behindOf = new Map(at.board.held.map(({ id, behind }) => [id, behind]));
  const taken = new Set<string>();
  /** What somebody taken could not follow: a chain is put in order once it is chosen, and must not have it before. */
  const barred = new Set<string>();
  const take = (id: string): void => {
    taken.add(id);
    for (const other of behindOf.get(id) ?? []) barred.add(other);
  };
  at.board.joined.forEach(take);
  const touched = new Set<string>();
  for (const { chain, isCertain } of at.strands) {
    const members = isCertain ? chain.members.slice(0, 1) : chain.members;
    members.forEach(take);
    if (chain.id === own?.id || isCertain) continue;
    for (const id of members) for (const path of at.changeOf(id)?.paths ?? []) touched.add(path);
  }
  for (const change of line) {
    if (taken.has(change.id) || (own !== undefined && change.alone)) continue;
    if (barred.has(change.id) || behindOf.get(change.id)?.some((id) => taken.has(id))) {
      if (change.overdue) return;
      continue;
    }
    if (change.paths?.some((path) => touched.has(path))) {
      if (change.overdue) for (const path of change.paths) touched.add(path);
      continue;
    }
    take(change.id);
    yield change;
  }
}
