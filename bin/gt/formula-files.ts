/** Where gt finds formulas: a file, those of the repository it stands in, the built-in ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Formula, rigFormulas } from '../../core/formulas/formula.ts';
import { parseFormula } from '../../core/formulas/parse.ts';
import { didYouMean, suggester } from '../../core/nearest.ts';
import { boundedMatch } from '../../local/bounded-match.ts';
import { builtInFormulas } from '../../local/built-in-formulas.ts';
import { fromHere, here } from './here.ts';
import { Refusal } from './refusal.ts';

export interface FormulaText {
  /** How people name it: a path, or the name of a built-in one. */
  readonly label: string;
  /** A polecat finds it by its name: it is built in, or in the directory of its repository for them. */
  readonly reachable: boolean;
  readonly text: string;
  /** Why there is no text. */
  readonly unreadable?: string;
}

export const builtIns = (): FormulaText[] =>
  Object.entries(builtInFormulas).map(([label, text]) => ({ label, text, reachable: true }));

/** Those of the repository that the directory is in. */
export function repositoryFormulas(from = here()): FormulaText[] {
  for (let directory = from; ; directory = dirname(directory)) {
    const formulas = join(directory, rigFormulas);
    if (existsSync(formulas))
      return readdirSync(formulas)
        .filter((file) => file.endsWith('.toml'))
        .sort()
        .map((file) => textIn(join(formulas, file)));
    if (existsSync(join(directory, '.git')) || directory === dirname(directory)) return [];
  }
}

/** One that cannot be read is a faulty formula like others: those beside it are none the worse for it. */
function textIn(path: string): FormulaText {
  const found = { label: relative(here(), path), reachable: dirname(path).endsWith(`/${rigFormulas}`) };
  try {
    return { ...found, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const unreadable =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8 text' : `cannot be read: ${message}`;
    return { ...found, text: '', unreadable };
  }
}

export function fromFile(path: string): FormulaText {
  const found = textIn(fromHere(path));
  if (found.unreadable === undefined) return found;
  const what = `${path} ${found.unreadable}.`;
  throw new Refusal('FILE_UNREADABLE', what, 'Give a TOML file in UTF-8, or the name of a formula.');
}

/** The formula, or what is wrong with its text. */
export function parsed({ text, unreadable }: FormulaText): ReturnType<typeof parseFormula> {
  if (unreadable === undefined) return parseFormula(text, boundedMatch);
  const what = `The file ${unreadable}.`;
  return { faults: [{ code: 'FILE_UNREADABLE', what, remedy: 'Save it as UTF-8.' }] };
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
export function faultsOf(found: FormulaText): Faults {
  const { label } = found;
  const read = parsed(found);
  if ('faults' in read)
    return read.faults.map(({ what, remedy, at }) => ({ what, remedy, at: at ? `${label}, ${at}` : label }));
  const { name } = read.formula;
  if (name === nameOf(label)) return [];
  return [{ at: label, what: `The formula is called "${name}".`, remedy: `Call the file ${name}.toml.` }];
}

export function readFormula(found: FormulaText): Formula {
  const read = parsed(found);
  if ('formula' in read) return read.formula;
  throw refusalOf('FORMULA_INVALID', faultsOf(found));
}

export function refusalOf(code: string, faults: Faults): Refusal {
  const [first] = faults;
  const at = first?.at === undefined ? '' : `${first.at}: `;
  return new Refusal(code, `${at}${first?.what ?? ''}`, first?.remedy ?? '', faults);
}
