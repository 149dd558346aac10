/**
 * `rebase`: a branch's commits one by one on a new tip, without a work tree. git 2.39 cannot name the merge base of
 * `merge-tree`, so each commit is merged between synthetic commits that have its parent's tree as their only ancestor.
 */
import type { ChainLink, Oid } from '../core/ports.ts';
import { type Built, type Cache, fail } from './cache.ts';
import { treeOf } from './fetch.ts';
import { mergeTree } from './merge.ts';
import { writeCommit } from './objects.ts';

interface Original {
  readonly parent: Oid;
  readonly tree: Oid;
  readonly author: ChainLink['author'];
  readonly message: string;
}

/** Longer branches land as one commit: each replayed commit costs a merge. */
const commitsMax = 50;

/**
 * The new head; or nothing when the commits cannot be replayed to exactly the tree that the merge gives (merge
 * commits with content of their own, conflicts in between): then the branch lands as one commit, and nothing is lost.
 */
export async function replay(
  cache: Cache,
  base: Oid,
  tip: Built,
  link: ChainLink,
  goal: Oid,
): Promise<Built | undefined> {
  const originals = await commitsOf(cache, base, link.head);
  if (originals.length === 0 || originals.length > commitsMax) return undefined;
  const trailers = link.message.slice(link.message.indexOf('\n\n') + 2).trim();
  let at = tip;
  for (const original of originals) {
    const tree = await replayOne(cache, at, original);
    if (!tree) return undefined;
    if (tree === at.tree) continue;
    const message = `${original.message.trim()}\n\n${trailers}\n`;
    at = {
      tree,
      oid: await writeCommit(cache, tree, [at.oid], { message, author: original.author, committedAt: link.author.at }),
    };
  }
  return at.tree === goal ? at : undefined;
}

async function replayOne(cache: Cache, tip: Built, original: Original): Promise<Oid | undefined> {
  const before = await treeOf(cache, original.parent);
  if (!before) return undefined;
  const text = { message: 'synthetic', author: original.author, committedAt: original.author.at };
  const common = await writeCommit(cache, before, [], text);
  const theirs = await writeCommit(cache, original.tree, [common], text);
  const ours = await writeCommit(cache, tip.tree, [common], text);
  const merge = await mergeTree(cache, ours, theirs);
  return merge.merged === 'clean' ? merge.tree : undefined;
}

async function commitsOf(cache: Cache, base: Oid, head: Oid): Promise<readonly Original[]> {
  const format = '%T%x00%P%x00%an%x00%ae%x00%at%x00%B%x00%x01';
  const answer = await cache.git([
    'log',
    '--reverse',
    '--topo-order',
    '--no-merges',
    `--format=${format}`,
    `${base}..${head}`,
    '--',
  ]);
  if (answer.status !== 0) fail('reading a branch', answer);
  return answer.stdout.split('\x01').flatMap((entry): Original[] => {
    const [tree = '', parents = '', name = '', email = '', at = '0', message = ''] = entry.trimStart().split('\0');
    const parent = parents.split(' ')[0];
    return tree && parent ? [{ tree, parent, author: { name, email, at: Number(at) * 1000 }, message }] : [];
  });
}
