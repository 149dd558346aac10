/** Finds and pours the formula of a bead: the repository's own, as the target had it, before a built-in one. */
import type { Fault } from '../../core/errors.ts';
import { rigFormulas } from '../../core/formulas/formula.ts';
import { type Poured, pour } from '../../core/formulas/pour.ts';
import { workflowNamed } from '../../core/formulas/workflow-named.ts';
import type { PolecatJob } from '../../core/polecats/protocol.ts';
import { boundedMatch } from '../../local/bounded-match.ts';
import { builtInFormulas } from '../../local/built-in-formulas.ts';
import type { Clone } from './clone.ts';
import { git, mustGit } from './git.ts';
import type { Sandbox } from './sandbox.ts';

type Named = NonNullable<PolecatJob['formula']>;

export async function pourFormula(box: Sandbox, clone: Clone, { name, vars }: Named): Promise<Poured> {
  const own = await readOwn(box, clone, name);
  const named = workflowNamed(name, { own, builtIn: builtInFormulas }, boundedMatch);
  return 'faults' in named ? named : pour(named.workflow, vars, named.source, boundedMatch);
}

/** From where the branch left the target: not what an agent of an earlier attempt has made of it. */
async function readOwn({ own }: Sandbox, clone: Clone, name: string): Promise<string | undefined> {
  const path = `${rigFormulas}/${name}.toml`;
  const parted = await git(['merge-base', clone.start, clone.targetTip], { cwd: own });
  const commit = parted.code === 0 ? parted.out.trim() : clone.targetTip;
  const listed = await mustGit(['ls-tree', commit, '--', path], { cwd: own }, 'cannot look for the formula');
  const [, blob] = /^100\d{3} blob ([0-9a-f]+)\t/.exec(listed) ?? [];
  return blob === undefined ? undefined : mustGit(['cat-file', 'blob', blob], { cwd: own }, 'cannot read the formula');
}

/** For a human, in one text. The values are the task's, so they come with another task. */
export const sayFaults = (bead: string, name: string, faults: readonly Fault[]): string =>
  [
    `The formula "${name}" cannot be followed, and no agent has run.`,
    ...faults.map(({ at, what, remedy }) => `${at?.includes('.toml') ? `${at}: ` : ''}${what} ${remedy}`),
    `Is it the formula? Mend ${rigFormulas}/${name}.toml on the target branch, then answer.`,
    `Is it the task? gt bead close ${bead} --note "handed in again", and hand it in again with other formula: and var: lines.`,
  ].join('\n');
