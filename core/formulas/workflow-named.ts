/** Which text the name of a formula stands for, and whether a polecat can follow it. */
import type { Fault } from '../errors.ts';
import { didYouMean, suggester } from '../nearest.ts';
import { rigFormulas, type Workflow } from './formula.ts';
import type { Molecule } from './molecule.ts';
import { parseFormula } from './parse.ts';
import type { Matches } from './vars.ts';

export interface Texts {
  /** The rig's own of this name: it goes before a built-in one. */
  readonly own: string | undefined;
  readonly builtIn: Readonly<Record<string, string>>;
  /** Of the rig's own, as far as they are known: for who mistyped one. */
  readonly names?: readonly string[];
}

export type Named =
  | { readonly workflow: Workflow; readonly source: Molecule['source'] }
  | { readonly faults: readonly Fault[] };

export function workflowNamed(name: string, { own, builtIn, names = [] }: Texts, matches: Matches): Named {
  const text = own ?? (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined);
  if (text === undefined) {
    const near = suggester([...names, ...Object.keys(builtIn)])(name);
    const what = `There is no formula "${name}".${didYouMean(near)}`;
    return refused('FORMULA_UNKNOWN', what, `Name another, or land it as ${rigFormulas}/${name}.toml.`);
  }
  const parsed = parseFormula(text, matches);
  if ('faults' in parsed)
    return {
      faults: parsed.faults.map(({ at, ...fault }) => ({ ...fault, at: `${name}.toml${at ? `, ${at}` : ''}` })),
    };
  const { formula } = parsed;
  if (formula.name !== name)
    return refused('FORMULA_INVALID', `${name}.toml is called "${formula.name}".`, `Call it ${name}.`);
  if (formula.type === 'convoy') {
    const what = `"${name}" is a convoy formula, and a polecat follows a workflow.`;
    return refused('FORMULA_INVALID', what, `Hand it in with gt formula run ${name} --rig <rig>.`);
  }
  return { workflow: formula, source: own === undefined ? 'built-in' : 'repository' };
}

const refused = (code: string, what: string, remedy: string): Named => ({ faults: [{ code, what, remedy }] });
