/** A polecat that resolves a conflict: well, or in one of the ways that the town is to see through. */

import { isTestFile } from '../../../git/test-code.ts';
import { mergeBases } from '../git/history.ts';
import { common, mergeCleanly } from '../git/merge.ts';
import { type Commit, commitOf, type Files, filesOf, type Person, withFiles } from '../git/objects.ts';
import { textOf } from '../git/truth.ts';
import type { Random } from '../kernel/random.ts';
import type { BeadPlan } from '../kernel/scenario.ts';

const ways = [
  'well',
  'spoils',
  'keeps its own',
  'drops the merge',
  'leaves markers',
  'strays',
  'deletes a test',
] as const;

export interface Resolution {
  readonly random: Random;
  readonly plan: BeadPlan;
  readonly attempt: number;
  /** The change that shall fit. */
  readonly start: Commit;
  /** The target that it shall fit. */
  readonly base: Commit;
  readonly author: Person;
  readonly message: string;
}

export function resolve({ random, plan, attempt, start, base, author, message }: Resolution): Commit {
  const way = random.chance(0.5) ? 'well' : random.pick(ways);
  const [ours, theirs] = [new Map(filesOf(start.tree)), new Map(filesOf(base.tree))];
  const { tree, conflicts } = mergeCleanly(common(mergeBases(start, base)), start.tree, base.tree);
  const settled = conflicts.map((path): [string, string] => {
    const both = [ours.get(path) ?? '', theirs.get(path) ?? ''] as const;
    if (way === 'keeps its own') return [path, both[0]];
    if (way === 'leaves markers') return [path, `<<<<<<<\n${both[0]}=======\n${both[1]}>>>>>>>\n`];
    const spoilt = textOf({ path, by: plan.name, attempt, quality: 'bad' });
    return [path, [...new Set(`${both[0]}${both[1]}${way === 'spoils' ? spoilt : ''}`.split(/(?<=\n)/))].join('')];
  });
  const also: Files = {
    ...(way === 'strays'
      ? { 'src/stray': textOf({ path: 'src/stray', by: plan.name, attempt, quality: 'good' }) }
      : {}),
    ...(way === 'deletes a test'
      ? Object.fromEntries(
          [...theirs.keys()]
            .filter(isTestFile)
            .slice(0, 1)
            .map((path) => [path, null]),
        )
      : {}),
  };
  const parents = way === 'drops the merge' ? [start] : [start, base];
  return commitOf({
    tree: withFiles(tree, { ...Object.fromEntries(settled), ...also }),
    parents,
    author,
    committer: author,
    message,
  });
}
