/** Chains as `git/chain.ts` and `git/replay.ts` build them, to the object id. */
import type { ChainLink, ChainRequest, ChainResult, LinkFault } from '../../../core/ports.ts';
import { identity } from '../../../git/names.ts';
import { between } from './history.ts';
import { mergeCommits, mergeTrees } from './merge.ts';
import { type Commit, commitOf, type Person, type Tree } from './objects.ts';
import type { Origin } from './origin.ts';

export type Chain = { readonly ok: true; readonly commits: readonly Commit[] } | Extract<ChainResult, { ok: false }>;

export function chainOn(origin: Origin, base: Commit, { links, strategy }: ChainRequest): Chain {
  const heads: Commit[] = [];
  for (const [i, link] of links.entries()) {
    const head = origin.branch(link.branch);
    if (!head) return { ok: false, link: i, why: { fault: 'branch_gone' } };
    if (head.oid !== link.head) return { ok: false, link: i, why: { fault: 'head_moved', head: head.oid } };
    heads.push(head);
  }
  const commits: Commit[] = [];
  for (const [i, head] of heads.entries()) {
    const added = add({ base, tip: commits.at(-1) ?? base, head, link: links[i] as ChainLink, strategy });
    if ('fault' in added) return { ok: false, link: i, why: added };
    commits.push(added);
  }
  return { ok: true, commits };
}

interface Place {
  readonly base: Commit;
  readonly tip: Commit;
  readonly head: Commit;
  readonly link: ChainLink;
  readonly strategy: ChainRequest['strategy'];
}

function add(place: Place): Commit | LinkFault {
  const { tip, head, link, strategy } = place;
  const merge = mergeCommits(tip, head);
  if ('unrelated' in merge) return { fault: 'unrelated_history' };
  if ('conflicts' in merge) return conflictOf(place, merge.conflicts);
  if (merge.tree.oid === tip.tree.oid) return { fault: 'empty' };
  const parents = strategy === 'merge' ? [tip, head] : [tip];
  const replayed = strategy === 'rebase' ? replay(place, merge.tree) : undefined;
  return replayed ?? refinerysCommit(merge.tree, parents, link.message, link.author, link);
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
