/** Variables of a formula: the values that were given, and where `{{name}}` puts them. */
import type { Fault } from '../errors.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';
import type { Variable } from './formula.ts';

export type Values = Readonly<Record<string, string>>;

export const variableNamePattern = /^[a-z][a-z0-9_]{0,40}$/;
export const valueCharsMax = 2000;

/** The blanks around a name are cut off afterwards: a pattern that looked for them would read a long run of them again and again. */
const reference = /\{\{([^{}]*)\}\}/g;

/** The names that a text refers to. */
export const referencesIn = (text: string): readonly string[] =>
  [...text.matchAll(reference)].map(([, name = '']) => name.trim());

export const fill = (text: string, values: Values): string =>
  text.replace(reference, (_, name: string) => values[name.trim()] ?? '');

/** Into a shell command: each value is one word there, whatever it holds. */
export const fillCommand = (command: string, values: Values): string =>
  command.replace(reference, (_, name: string) => `'${(values[name.trim()] ?? '').replaceAll("'", "'\\''")}'`);

/** Whether a value matches a pattern. Who compares a stranger's needs one that gives up. */
export type Matches = (pattern: string, value: string) => boolean | 'too_long';

export const plainMatch: Matches = (pattern, value) => new RegExp(pattern, 'u').test(value);

/** Why a value does not suit its variable; `undefined` if it does. */
export function misfit({ enum: allowed, pattern }: Variable, value: string, matches: Matches): string | undefined {
  if (value.length > valueCharsMax) return `has ${value.length} characters; at most ${valueCharsMax} are possible`;
  if (allowed && !allowed.includes(value)) return `is ${quoted(value)}, not one of ${allowed.join(', ')}`;
  const found = pattern === undefined || matches(pattern, value);
  if (found === true) return undefined;
  return `is ${quoted(value)}, which ${found ? 'takes too long to compare with' : 'does not match'} ${pattern}`;
}

const quoted = (text: string): string => JSON.stringify(clip(text));

/** The value of each variable, given or by default; or every reason why the formula cannot start with these. */
export function valuesOf(
  variables: readonly Variable[],
  given: Values,
  matches: Matches,
): { readonly values: Values } | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const values: Record<string, string> = {};
  for (const variable of variables) {
    const { name } = variable;
    const value = Object.hasOwn(given, name) ? given[name] : variable.default;
    const missing = variable.required && (value ?? '') === '';
    if (missing) {
      const about = variable.description === '' ? '' : ` (${variable.description})`;
      const remedy = `Give it: --var ${name}=… to gt formula run, or the line "var: ${name} = …" in a checklist.`;
      faults.push({ code: 'VAR_MISSING', what: `The variable ${name}${about} is required.`, remedy, at: name });
    }
    const wrong = value === undefined || missing ? undefined : misfit(variable, value, matches);
    if (wrong !== undefined)
      faults.push({ code: 'VAR_INVALID', what: `The variable ${name} ${wrong}.`, remedy: 'Give another.', at: name });
    values[name] = value ?? '';
  }
  const nearest = suggester(variables.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (variables.some((variable) => variable.name === name)) continue;
    const what = `The formula has no variable "${clip(name)}".${didYouMean(nearest(name))}`;
    const known = variables.map((variable) => variable.name).join(', ');
    faults.push({ code: 'VAR_UNKNOWN', what, remedy: known ? `It has ${known}.` : 'It has none.', at: name });
  }
  return faults.length > 0 ? { faults } : { values };
}

const conditionPattern = /^(!?)\s*\{\{\s*([a-z][a-z0-9_]*)\s*\}\}\s*(?:(==|!=)\s*'([^']*)')?$/;
const falsy = new Set(['', 'false', 'no', '0']);

/** `{{x}}`, `!{{x}}`, `{{x}} == 'a'` and `{{x}} != 'a'`; nothing else is a condition. */
export const isCondition = (text: string): boolean => {
  const [, not, , operator] = conditionPattern.exec(text.trim()) ?? [];
  return not !== undefined && !(not === '!' && operator !== undefined);
};

export function holds(condition: string, values: Values): boolean {
  const [, not, name = '', operator, other = ''] = conditionPattern.exec(condition.trim()) ?? [];
  const value = values[name] ?? '';
  if (operator === '==') return value === other;
  if (operator === '!=') return value !== other;
  return falsy.has(value) === (not === '!');
}
