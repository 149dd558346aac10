/** Reads what the states have in common: templates and expressions, numbers, the way out. */
import { type Expression, parseExpression, type StatesPart } from './expression.ts';
import { type Fields, isWithin } from './fields.ts';
import { functionNames, type Sources } from './functions.ts';
import type { Assignments, Exit, States } from './machine.ts';
import { makeTemplate, type Template } from './template.ts';

/** The longest time that a definition may name, in seconds. */
export const secondsMax = 99_999_999;
export interface VariableScope {
  readonly assigned: Set<string>;
  readonly parent?: VariableScope;
}

/** What the whole machine knows of its names. */
export interface Names {
  readonly sources: Sources;
  /** Every state, and where it stands. */
  readonly states: Map<string, string>;
  readonly references: {
    readonly name: string;
    readonly scope: VariableScope;
    readonly fields: Fields;
    readonly field: string;
    readonly assigns: boolean;
  }[];
}

export interface Around {
  readonly names: Names;
  readonly scope: VariableScope;
  readonly nested: (fields: Fields) => States;
}

/** The parts of $states that every expression may read. */
export const always: readonly StatesPart[] = ['input', 'context'];
/** With the result of a Task, Parallel or Map. */
export const afterwards: readonly StatesPart[] = [...always, 'result'];

/** Exact optional properties: absent, not undefined. */
export const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } => (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };

export function readExit(fields: Fields, around: Around, parts: readonly StatesPart[]): Exit {
  const next = fields.string('Next');
  const end = fields.take('End');
  if (end !== undefined && end !== true) fields.fault('End', 'must be true where it stands');
  if ((next === undefined) === (end === undefined)) fields.fault('Next', 'a state has either Next or End');
  return { ...optional('next', next), ...readResult(fields, around, parts) };
}

export function readResult(fields: Fields, around: Around, parts: readonly StatesPart[]): Omit<Exit, 'next'> {
  return {
    ...optional('output', readTemplate(fields, 'Output', around, parts)),
    assign: readAssign(fields, around, parts),
  };
}

function readAssign(fields: Fields, around: Around, parts: readonly StatesPart[]): Assignments {
  const inner = fields.object('Assign');
  if (!inner) return [];
  return Object.keys(inner.raw).flatMap((name) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(name)) inner.fault(name, 'is not a name for a variable');
    if (name === 'states' || functionNames.has(name)) inner.fault(name, 'is a reserved name');
    around.scope.assigned.add(name);
    around.names.references.push({ name, scope: around.scope, fields: inner, field: name, assigns: true });
    const value = readTemplate(inner, name, around, parts);
    return value ? [[name, value] as const] : [];
  });
}

export function readTemplate(
  fields: Fields,
  field: string,
  around: Around,
  parts: readonly StatesPart[],
): Template | undefined {
  const value = fields.take(field);
  if (value === undefined) return undefined;
  return makeTemplate(value, (text, path) => readExpression(text, { fields, field: `${field}${path}`, around, parts }));
}

interface Place {
  readonly fields: Fields;
  readonly field: string;
  readonly around: Around;
  readonly parts: readonly StatesPart[];
}

export function readExpression(text: string, { fields, field, around, parts }: Place): Expression | undefined {
  if (text.length < 4 || !text.startsWith('{%') || !text.endsWith('%}')) {
    fields.fault(field, 'an expression begins with {% and ends with %}, without spaces around them');
    return undefined;
  }
  try {
    const expression = parseExpression(text.slice(2, -2).trim(), around.names.sources);
    for (const refusal of expression.refusals) fields.fault(field, refusal);
    for (const part of expression.parts) {
      const known = part === undefined || parts.some((name) => name === part);
      if (!known) fields.fault(field, `$states.${part} does not exist here; there are: ${parts.join(', ')}`);
    }
    for (const name of expression.variables) {
      around.names.references.push({ name, scope: around.scope, fields, field, assigns: false });
    }
    return expression;
  } catch (error) {
    fields.fault(field, `JSONata says: ${(error as Error).message}`);
    return undefined;
  }
}

/** A whole number within bounds, or an expression that will give one (checked when it does). */
export function readNumber(fields: Fields, field: string, around: Around, min: number): Template | undefined {
  const value = fields.take(field);
  if (value === undefined) return undefined;
  const isExpression = typeof value === 'string' && value.startsWith('{%');
  if (!isExpression && !isWithin(value, { min, max: secondsMax, whole: true })) {
    fields.fault(field, `must be a whole number from ${min} to ${secondsMax}, or an expression`);
  }
  return readTemplate(fields, field, around, always);
}
