/** The fields of a task in a checklist (`needs: a, b`): what each one is called, takes and becomes. */
import { type BeadType, beadTypes } from '../convoys/bead.ts';
import type { PlannedBead } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { formulaNamePattern } from '../formulas/formula.ts';
import { valueCharsMax } from '../formulas/vars.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';

const fieldNames = [
  'needs',
  'accept',
  'priority',
  'type',
  'labels',
  'budget',
  'runtime',
  'formula',
  'var',
  'ref',
] as const;
type FieldName = (typeof fieldNames)[number];

/** May be given several times: each one adds to the ones before. */
const repeatable: ReadonlySet<FieldName> = new Set(['needs', 'accept', 'labels', 'var']);
const isField = (word: string): word is FieldName => (fieldNames as readonly string[]).includes(word);

/** What a line says, if it is a field: `undefined` is prose. */
export type FieldLine =
  | { readonly known: true; readonly name: FieldName; readonly value: string }
  | { readonly known: false; readonly word: string; readonly near: string | undefined };

/**
 * Any one lower-case word with a colon after it is meant as a field, so that a misspelt `neds:` cannot become prose.
 * In any other case only the known words are: `Note: …` is a sentence.
 */
export function readFieldLine(text: string): FieldLine | undefined {
  const match = /^([A-Za-z][A-Za-z_-]{0,30}):(?:[ \t]+(.*))?$/.exec(text);
  if (!match) return undefined;
  const [, word = '', value = ''] = match;
  const name = word.toLowerCase();
  if (isField(name)) return { known: true, name, value: value.trim() };
  if (word !== name) return undefined;
  return { known: false, word, near: suggester(fieldNames)(word) };
}

/** The part of a planned bead that fields set, while it is being read. */
export interface Fields {
  readonly needs: string[];
  readonly acceptance: string[];
  readonly labels: string[];
  /** The line where each field was last given. */
  readonly given: Map<string, number>;
  priority?: number;
  type?: BeadType;
  budgetUsd?: number;
  runtime?: string;
  formula?: string;
  vars?: Record<string, string>;
  externalRef?: string;
}

export const noFields = (): Fields => ({ needs: [], acceptance: [], labels: [], given: new Map() });

/** Sets one field, or says why it cannot be; `line` is where it stands. */
export function setField(fields: Fields, name: FieldName, value: string, line: number): Fault | undefined {
  const at = `line ${line}`;
  const earlier = fields.given.get(name);
  if (earlier !== undefined && !repeatable.has(name)) {
    const what = `"${name}:" stands here and on line ${earlier}.`;
    return { code: 'FIELD_REPEATED', what, remedy: 'Give it once per task.', at };
  }
  fields.given.set(name, line);
  const remedy = assign(fields, name, value);
  if (remedy === undefined) return undefined;
  const what = value === '' ? `"${name}:" is empty.` : `"${clip(value)}" is no value for "${name}:".`;
  return { code: 'FIELD_INVALID', what, remedy, at };
}

/** Returns what the field takes, if this value is not it. */
function assign(fields: Fields, name: FieldName, value: string): string | undefined {
  switch (name) {
    case 'needs':
      return append(fields.needs, words(value))
        ? undefined
        : 'Name the tasks that must land first, with commas between.';
    case 'labels': {
      const labels = words(value);
      const fit = labels.every((label) => label.length <= 50) && append(fields.labels, labels);
      return fit ? undefined : 'Give words of at most 50 characters, with commas between.';
    }
    case 'accept':
      return append(fields.acceptance, value === '' ? [] : [value])
        ? undefined
        : 'Say how one sees that the task is done.';
    case 'priority':
      if (!/^[0-4]$/.test(value)) return 'Give 0 (most urgent) to 4.';
      fields.priority = Number(value);
      return undefined;
    case 'type':
      return assignType(fields, value);
    case 'budget':
      if (!/^\$?\d{1,5}(\.\d{1,6})?$/.test(value) || Number(value.replace('$', '')) > 10_000) {
        return 'Give US dollars, such as 2.50; at most 10000.';
      }
      fields.budgetUsd = Number(value.replace('$', ''));
      return undefined;
    case 'runtime':
      if (!/^[a-z][a-z0-9-]{0,30}(:\S{1,200})?$/.test(value))
        return 'Name an agent, such as shell, claude or claude:opus.';
      fields.runtime = value;
      return undefined;
    case 'formula':
      if (!formulaNamePattern.test(value)) return 'Name a formula, such as shiny: gt formula list.';
      fields.formula = value;
      return undefined;
    case 'var':
      return assignVariable(fields, value);
    case 'ref':
      if (value === '' || value.length > 500) return 'Give the address of an issue, at most 500 characters.';
      fields.externalRef = value;
      return undefined;
  }
}

function assignVariable(fields: Fields, text: string): string | undefined {
  const [, name, value = ''] = /^([a-z][a-z0-9_]{0,40})[ \t]*=[ \t]*(.*)$/.exec(text) ?? [];
  if (name === undefined || value.length > valueCharsMax)
    return `Give a variable of the formula and its value, such as issue = 42; at most ${valueCharsMax} characters.`;
  if (fields.vars !== undefined && Object.hasOwn(fields.vars, name)) return `Give ${name} once.`;
  fields.vars = { ...fields.vars, [name]: value };
  return undefined;
}

function assignType(fields: Fields, value: string): string | undefined {
  const type = beadTypes.find((known) => known === value);
  if (!type) return `Give one of ${beadTypes.join(', ')}.${didYouMean(suggester(beadTypes)(value))}`;
  fields.type = type;
  return undefined;
}

/** False if there is nothing to append. */
function append(list: string[], items: readonly string[]): boolean {
  for (const item of items) list.push(item);
  return items.length > 0;
}

const words = (value: string): string[] =>
  value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** The fields as a planned bead has them: absent where the checklist is silent. */
export const planned = (fields: Fields): Omit<PlannedBead, 'name' | 'title' | 'instructions' | 'script'> => ({
  needs: fields.needs,
  acceptance: fields.acceptance,
  labels: fields.labels,
  priority: fields.priority ?? 2,
  type: fields.type ?? 'task',
  ...(fields.runtime === undefined ? {} : { runtime: fields.runtime }),
  ...(fields.formula === undefined ? {} : { formula: fields.formula }),
  ...(fields.vars === undefined ? {} : { vars: fields.vars }),
  ...(fields.budgetUsd === undefined ? {} : { budgetUsd: fields.budgetUsd }),
  ...(fields.externalRef === undefined ? {} : { externalRef: fields.externalRef }),
});
