/** Where gt finds formulas: a file, those of the repository it stands in, the built-in ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Formula, rigFormulas } from '../../core/formulas/formula.ts';
import { parseFormula } from '../../core/formulas/parse.ts';
import { didYouMean, suggester } from '../../core/nearest.ts';
import { boundedMatch } from '../../local/bounded-match.ts';
import { builtInFormulas } from '../../local/built-in-formulas.ts';
import { Refusal } from './refusal.ts';

export interface FormulaText {
  /** How people name it: a path, or the name of a built-in one. */
  readonly label: string;
  /** A polecat finds it by its name: it is built in, or in the directory of its repository for them. */
  readonly reachable: boolean;
  readonly text: string;
}

export const builtIns = (): FormulaText[] =>
  Object.entries(builtInFormulas).map(([label, text]) => ({ label, text, reachable: true }));

/** Those of the repository that the directory is in. */
export function repositoryFormulas(from = process.cwd()): FormulaText[] {
  for (let directory = from; ; directory = dirname(directory)) {
    const formulas = join(directory, rigFormulas);
    if (existsSync(formulas))
      return readdirSync(formulas)
        .filter((file) => file.endsWith('.toml'))
        .sort()
        .map((file) => fromFile(join(formulas, file)));
    if (existsSync(join(directory, '.git')) || directory === dirname(directory)) return [];
  }
}

export function fromFile(path: string): FormulaText {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    const reachable = dirname(resolve(path)).endsWith(`/${rigFormulas}`);
    return { label: relative(process.cwd(), path) || path, text, reachable };
  } catch (error) {
    const what = `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
    throw new Refusal('FILE_UNREADABLE', what, 'Give a TOML file in UTF-8, or the name of a formula.');
  }
}

/** By path, if it looks like one; else by name, where a repository's own goes before a built-in one. */
export function findFormula(named: string): FormulaText {
  if (named.endsWith('.toml') || named.includes('/')) return fromFile(named);
  const own = repositoryFormulas();
  const found =
    own.find(({ label }) => label.endsWith(`/${named}.toml`)) ?? builtIns().find((one) => one.label === named);
  if (found) return found;
  const names = [...Object.keys(builtInFormulas), ...own.map(({ label }) => nameOf(label))];
  const what = `There is no formula "${named}" here.${didYouMean(suggester(names)(named))}`;
  throw new Refusal('FORMULA_UNKNOWN', what, 'List them with gt formula list, or give a file.');
}

const nameOf = (label: string): string => label.slice(label.lastIndexOf('/') + 1).replace(/\.toml$/, '');

export type Faults = Refusal['faults'];

/** What is wrong with it, with file and line; a file is named as its formula, or nobody would find it. */
export function faultsOf({ label, text }: FormulaText): Faults {
  const parsed = parseFormula(text, boundedMatch);
  if ('faults' in parsed)
    return parsed.faults.map(({ what, remedy, at }) => ({ what, remedy, at: at ? `${label}, ${at}` : label }));
  const { name } = parsed.formula;
  if (name === nameOf(label)) return [];
  return [{ at: label, what: `The formula is called "${name}".`, remedy: `Call the file ${name}.toml.` }];
}

export function readFormula(found: FormulaText): Formula {
  const parsed = parseFormula(found.text, boundedMatch);
  if ('formula' in parsed) return parsed.formula;
  throw refusalOf('FORMULA_INVALID', faultsOf(found));
}

export function refusalOf(code: string, faults: Faults): Refusal {
  const [first] = faults;
  const at = first?.at === undefined ? '' : `${first.at}: `;
  return new Refusal(code, `${at}${first?.what ?? ''}`, first?.remedy ?? '', faults);
}
