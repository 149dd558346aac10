/** Real commits of a repository, as so many branches on one base, as if agents had written them at the same time. */
import type { World } from '../../lambdas/refinery/world.ts';
import { uniform } from './chance.ts';

export interface RealChange {
  readonly branch: string;
  /** It breaks the gate. */
  readonly broken: boolean;
}

/** Commits looked at for each that is wanted: those that need one before them do not fit the base. */
const lookedAtPerChange = 4;

/** Moves the world's main to a commit of `repo`, and makes `wanted` branches of what came after it, if there are so many. */
export function realChanges(world: World, repo: string, wanted: number, p: number): RealChange[] {
  const { git } = world.rig;
  git('fetch', '--quiet', '--no-tags', repo, 'HEAD:refs/bench/head');
  const first = ['rev-list', '--first-parent', '--no-merges', '--reverse', `--max-count=${wanted * lookedAtPerChange}`];
  const [base = '', ...commits] = git(...first, 'refs/bench/head').split('\n');
  git('update-ref', 'refs/heads/main', base);
  const baseTree = git('rev-parse', `${base}^{tree}`);
  const found: RealChange[] = [];
  for (const commit of commits) {
    if (found.length === wanted) break;
    const tree = mergedTree(world.rig, base, commit);
    if (tree === undefined || tree === baseTree) continue;
    const branch = `real/${found.length}`;
    git('update-ref', `refs/heads/${branch}`, git('commit-tree', tree, '-p', base, '-m', `Replay of ${commit}`));
    found.push({ branch, broken: uniform(1, 'bad', found.length) < p });
  }
  return found;
}

/** The same changes, for another world to play. */
export function copied(from: World, to: World): void {
  to.rig.git('fetch', '--quiet', '--no-tags', '--force', from.rig.remote.url, '+refs/heads/*:refs/heads/*');
}

/**
 * What the commit changed, on the base; nothing if it does not fit there. As a merge of two commits made for it, on what
 * the commit was made from: older gits take no other merge base.
 */
function mergedTree({ git }: World['rig'], base: string, commit: string): string | undefined {
  const before = git('commit-tree', `${commit}^^{tree}`, '-m', 'before');
  const [here, there] = [base, commit].map((of) => git('commit-tree', `${of}^{tree}`, '-p', before, '-m', 'side'));
  try {
    return git('merge-tree', '--write-tree', here ?? '', there ?? '');
  } catch {
    return undefined;
  }
}
