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
  const taken = new Set(at.board.joined);
  const touched = new Set<string>();
  for (const { chain, isCertain } of at.strands) {
    const members = isCertain ? chain.members.slice(0, 1) : chain.members;
    for (const id of members) taken.add(id);
    if (chain.id === own?.id || isCertain) continue;
    for (const id of members) for (const path of at.changeOf(id)?.paths ?? []) touched.add(path);
  }
  const held = new Map(at.board.held.map(({ id, behind }) => [id, behind]));
  // A chain is put in order once it is chosen: what could not follow another must not end up before it either.
  const fits = ({ id }: Change): boolean =>
    !held.get(id)?.some((other) => taken.has(other)) &&
    !at.board.held.some((other) => taken.has(other.id) && other.behind.includes(id));
  for (const change of line) {
    if (taken.has(change.id) || (own !== undefined && change.alone)) continue;
    if (!fits(change)) {
      if (change.overdue) return;
      continue;
    }
    if (change.paths?.some((path) => touched.has(path))) {
      if (change.overdue) for (const path of change.paths) touched.add(path);
      continue;
    }
    taken.add(change.id);
    yield change;
  }
}
