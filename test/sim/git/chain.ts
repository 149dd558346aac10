/** Chains as `git/chain.ts` and `git/replay.ts` build them, to the object id. */
import type { ChainLink, ChainRequest, ChainResult, LeftOut, LinkFault } from '../../../core/ports.ts';
import { identity } from '../../../git/names.ts';
import { between, isAncestor } from './history.ts';
import { mergeCommits, mergeTrees } from './merge.ts';
import { type Commit, commitOf, type Person, type Tree } from './objects.ts';
import type { Origin } from './origin.ts';

export type Chain =
  | { readonly ok: true; readonly commits: readonly Commit[]; readonly leftOut: readonly LeftOut[] }
  | Extract<ChainResult, { ok: false }>;

export function chainOn(origin: Origin, base: Commit, { links, strategy, onFault }: ChainRequest): Chain {
  const commits: Commit[] = [];
  const leftOut: LeftOut[] = [];
  // A branch that is not where it was submitted is found out before anything is merged.
  const heads = links.map((link) => submitted(origin, link));
  const order = onFault === 'leave_out' ? heads.entries() : [...heads.entries()].sort(faultsFirst);
  for (const [link, head] of order) {
    const tip = commits.at(-1) ?? base;
    const added = 'fault' in head ? head : add({ base, tip, head, link: links[link] as ChainLink, strategy });
    if (!('fault' in added)) commits.push(added);
    else if (onFault === 'leave_out') leftOut.push({ link, why: added });
    else return { ok: false, link, why: added };
  }
  return { ok: true, commits, leftOut };
}

type Submitted = Commit | LinkFault;

const faultsFirst = ([, a]: [number, Submitted], [, b]: [number, Submitted]): number =>
  Number('fault' in b) - Number('fault' in a);

function submitted(origin: Origin, link: ChainLink): Submitted {
  const head = origin.branch(link.branch);
  if (!head) return { fault: 'branch_gone' };
  return head.oid === link.head ? head : { fault: 'head_moved', head: head.oid };
}

interface Place {
  readonly base: Commit;
  readonly tip: Commit;
  readonly head: Commit;
  readonly link: ChainLink;
  readonly strategy: ChainRequest['strategy'];
}

function add(place: Place): Commit | LinkFault {
  const { base, tip, head, link, strategy } = place;
  const merge = mergeCommits(tip, head);
  if ('unrelated' in merge) return { fault: 'unrelated_history' };
  if ('conflicts' in merge) return conflictOf(place, merge.conflicts);
  if (merge.tree.oid === tip.tree.oid) {
    const alone = tip === base ? merge : mergeCommits(base, head);
    return { fault: 'empty', with: 'tree' in alone && alone.tree.oid === base.tree.oid ? 'base' : 'chain' };
  }
  if (link.asIs === true && isAncestor(tip, head)) return head;
  if (link.asIs || strategy === 'merge')
    return refinerysCommit(merge.tree, [tip, head], link.message, link.author, link);
  const replayed = strategy === 'rebase' ? replay(place, merge.tree) : undefined;
  return replayed ?? refinerysCommit(merge.tree, [tip], link.message, link.author, link);
}

/** Main's fault when the change conflicts with the base alone. */
function conflictOf({ base, tip, head }: Place, paths: readonly string[]): LinkFault {
  const alone = tip === base ? { conflicts: paths } : mergeCommits(base, head);
  return 'conflicts' in alone
    ? { fault: 'conflict', paths: alone.conflicts, with: 'base' }
    : { fault: 'conflict', paths, with: 'chain' };
}

function refinerysCommit(
  tree: Tree,
  parents: readonly Commit[],
  message: string,
  author: Person,
  link: ChainLink,
): Commit {
  return commitOf({
    tree,
    parents,
    author: { name: identity(author.name), email: identity(author.email), at: author.at },
    committer: { name: 'Gas Town Refinery', email: 'refinery@gastown.invalid', at: link.author.at },
    message: message.endsWith('\n') ? message : `${message}\n`,
  });
}

const replayedMax = 50;

/** The branch's own commits on the tip, where that gives the tree of the merge. */
function replay({ base, tip, head, link }: Place, goal: Tree): Commit | undefined {
  const originals = between(base, head)
    .toReversed()
    .filter(({ parents }) => parents.length === 1);
  if (originals.length === 0 || originals.length > replayedMax) return undefined;
  const trailers = link.message.slice(link.message.indexOf('\n\n') + 2).trim();
  let at = tip;
  for (const original of originals) {
    const merge = mergeTrees(original.parents[0]?.tree as Tree, at.tree, original.tree);
    if ('conflicts' in merge) return undefined;
    if (merge.tree.oid === at.tree.oid) continue;
    const message = `${original.message.trim()}\n\n${trailers}\n`;
    at = refinerysCommit(merge.tree, [at], message, original.author, link);
  }
  return at.tree.oid === goal.oid ? at : undefined;
}
