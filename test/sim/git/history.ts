/** Questions to the graph of commits. One walk from two commits answers all of them, without looking further back than it must. */
import type { Commit } from './objects.ts';

interface Walk {
  /** Reachable from `left` and not from `right`, children before parents. */
  readonly leftOnly: readonly Commit[];
  /** Reachable from both, and from no other such commit: what git calls merge bases. */
  readonly best: readonly Commit[];
}

const fromLeft = 1;
const fromRight = 2;
const common = fromLeft | fromRight;
/** Behind a common commit: its own best is known. */
const stale = 4;

/** By generation, highest first: a commit is looked at after all that descends from it, so its marks are complete. */
function walk(left: Commit, right: Commit): Walk {
  const marks = new Map<Commit, number>();
  const queue: Commit[] = [];
  let fresh = 0;
  const mark = (commit: Commit, marked: number): void => {
    const before = marks.get(commit);
    const after = (before ?? 0) | marked;
    marks.set(commit, after);
    fresh += (after & stale ? 0 : 1) - (before === undefined || before & stale ? 0 : 1);
    if (before === undefined) insert(queue, commit);
  };
  mark(left, fromLeft);
  mark(right, fromRight);
  const leftOnly: Commit[] = [];
  const best: Commit[] = [];
  for (let commit = queue.pop(); commit && fresh > 0; commit = queue.pop()) {
    let marked = marks.get(commit) ?? 0;
    if (!(marked & stale)) fresh -= 1;
    if (marked === fromLeft) leftOnly.push(commit);
    if (marked === common) {
      best.push(commit);
      marked |= stale;
    }
    for (const parent of commit.parents) mark(parent, marked);
  }
  return { leftOnly, best };
}

/** Keeps the queue sorted by generation, the highest last. */
function insert(queue: Commit[], commit: Commit): void {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((queue[middle]?.generation ?? 0) < commit.generation) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, commit);
}

export const mergeBases = (a: Commit, b: Commit): readonly Commit[] => walk(a, b).best;

export const isAncestor = (ancestor: Commit, descendant: Commit): boolean =>
  walk(ancestor, descendant).best[0] === ancestor;

/** `git log --topo-order base..head`: of several lines of work one after the other, the second parent's first. */
export function between(base: Commit, head: Commit): readonly Commit[] {
  const inside = new Set(walk(head, base).leftOnly);
  const children = new Map<Commit, number>();
  for (const commit of inside)
    for (const parent of commit.parents) children.set(parent, (children.get(parent) ?? 0) + 1);
  const sorted: Commit[] = [];
  const ready = inside.has(head) ? [head] : [];
  for (let commit = ready.pop(); commit; commit = ready.pop()) {
    sorted.push(commit);
    for (const parent of commit.parents) {
      const left = (children.get(parent) ?? 0) - 1;
      children.set(parent, left);
      if (left === 0 && inside.has(parent)) ready.push(parent);
    }
  }
  return sorted;
}

/** Everything reachable from a commit, itself included. */
export function reachable(heads: Iterable<Commit>, known: ReadonlySet<Commit> = new Set()): ReadonlySet<Commit> {
  const found = new Set<Commit>();
  const todo = [...heads];
  for (let commit = todo.pop(); commit; commit = todo.pop()) {
    if (found.has(commit) || known.has(commit)) continue;
    found.add(commit);
    todo.push(...commit.parents);
  }
  return found;
}

/** Newest first by the committer's date, as `git log` shows them. */
export function* newestFirst(head: Commit): Generator<Commit> {
  const seen = new Set([head]);
  const queue = [head];
  for (let commit = queue.shift(); commit; commit = queue.shift()) {
    yield commit;
    for (const parent of commit.parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      const at = queue.findIndex((other) => seconds(other) < seconds(parent));
      queue.splice(at < 0 ? queue.length : at, 0, parent);
    }
  }
}

const seconds = (commit: Commit): number => Math.floor(commit.committer.at / 1000);
