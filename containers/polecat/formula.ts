/** Finds and pours the formula of a bead: the repository's own, as the target had it, before a built-in one. */
import type { Fault } from '../../core/errors.ts';
import { rigFormulas } from '../../core/formulas/formula.ts';
import { parseFormula } from '../../core/formulas/parse.ts';
import { type Poured, pour } from '../../core/formulas/pour.ts';
import type { PolecatJob } from '../../core/polecats/protocol.ts';
import { boundedMatch } from '../../local/bounded-match.ts';
import { builtInFormulas } from '../../local/built-in-formulas.ts';
import type { Clone } from './clone.ts';
import { git, mustGit } from './git.ts';
import type { Sandbox } from './sandbox.ts';

type Named = NonNullable<PolecatJob['formula']>;

export async function pourFormula(box: Sandbox, clone: Clone, { name, vars }: Named): Promise<Poured> {
  const own = await readOwn(box, clone, name);
  const text = own ?? (Object.hasOwn(builtInFormulas, name) ? builtInFormulas[name] : undefined);
  if (text === undefined)
    return refused('FORMULA_UNKNOWN', `There is no formula "${name}".`, `Land it as ${rigFormulas}/${name}.toml.`);
  const parsed = parseFormula(text, boundedMatch);
  if ('faults' in parsed) return parsed;
  const { formula } = parsed;
  if (formula.name !== name)
    return refused('FORMULA_INVALID', `${name}.toml is called "${formula.name}".`, `Call it ${name}.`);
  if (formula.type === 'convoy')
    return refused(
      'FORMULA_INVALID',
      `"${name}" is a convoy formula, and a polecat follows a workflow.`,
      `Hand it in with gt formula run ${name}.`,
    );
  return pour(formula, vars, own === undefined ? 'built-in' : 'repository', boundedMatch);
}

const refused = (code: string, what: string, remedy: string): Poured => ({ faults: [{ code, what, remedy }] });

/** From where the branch left the target: not what an agent of an earlier attempt has made of it. */
async function readOwn({ own }: Sandbox, clone: Clone, name: string): Promise<string | undefined> {
  const path = `${rigFormulas}/${name}.toml`;
  const parted = await git(['merge-base', clone.start, clone.targetTip], { cwd: own });
  const commit = parted.code === 0 ? parted.out.trim() : clone.targetTip;
  const listed = await mustGit(['ls-tree', commit, '--', path], { cwd: own }, 'cannot look for the formula');
  const [, blob] = /^100\d{3} blob ([0-9a-f]+)\t/.exec(listed) ?? [];
  return blob === undefined ? undefined : mustGit(['cat-file', 'blob', blob], { cwd: own }, 'cannot read the formula');
}

/** For a human, in one text. */
export const sayFaults = (name: string, faults: readonly Fault[]): string =>
  [
    `The formula "${name}" cannot be followed. Mend it on the target branch, or close the bead, then answer.`,
    ...faults.map(({ at, what, remedy }) => `${at === undefined ? '' : `${at}: `}${what} ${remedy}`),
  ].join('\n');
