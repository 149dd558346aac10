/** Reads one state of a definition, by its type. */
import type { Fields } from './fields.ts';
import type { Exit, State, StateOf, States } from './machine.ts';
import {
  type Around,
  afterwards,
  always,
  optional,
  readExit,
  readExpression,
  readNumber,
  readResult,
  readTemplate,
} from './read-parts.ts';
import { readRecovery } from './read-recovery.ts';
import { readTask } from './read-task.ts';
import type { Template } from './template.ts';
import { isTimestamp } from './timestamp.ts';

export function readState(name: string, fields: Fields, around: Around): State | undefined {
  fields.oneOf('QueryLanguage', ['JSONata']);
  const state = readTyped(name, fields, around);
  if (state) fields.finish();
  return state;
}

function readTyped(name: string, fields: Fields, around: Around): State | undefined {
  if (!fields.has('Type')) fields.required('Type');
  const type = fields.oneOf('Type', ['Task', 'Choice', 'Wait', 'Pass', 'Succeed', 'Fail', 'Parallel', 'Map']);
  switch (type) {
    case undefined:
      return undefined;
    case 'Task':
      return {
        name,
        type,
        ...readTask(fields, around),
        ...readExit(fields, around, afterwards),
        ...readRecovery(fields, around),
      };
    case 'Choice':
      return { name, type, ...readChoice(fields, around) };
    case 'Wait':
      return { name, type, ...readWait(fields, around), ...readExit(fields, around, always) };
    case 'Pass':
      return { name, type, ...readExit(fields, around, always) };
    case 'Succeed':
      return { name, type, ...optional('output', readTemplate(fields, 'Output', around, always)), assign: [] };
    case 'Fail': {
      const error = readText(fields, 'Error', around);
      return { name, type, ...optional('error', error), ...optional('cause', readText(fields, 'Cause', around)) };
    }
    case 'Parallel': {
      const args = readTemplate(fields, 'Arguments', around, always);
      return {
        name,
        type,
        ...optional('arguments', args),
        branches: readBranches(fields, around),
        ...readExit(fields, around, afterwards),
        ...readRecovery(fields, around),
      };
    }
    case 'Map':
      return {
        name,
        type,
        ...readMap(fields, around),
        ...readExit(fields, around, afterwards),
        ...readRecovery(fields, around),
      };
  }
}

function readText(fields: Fields, field: string, around: Around): Template | undefined {
  fields.string(field);
  return readTemplate(fields, field, around, always);
}

function readChoice(fields: Fields, around: Around): Omit<StateOf<'Choice'>, 'name' | 'type'> {
  if (!fields.has('Choices')) fields.required('Choices');
  const choices = fields.objects('Choices').flatMap((rule) => {
    const next = rule.required('Next');
    const condition = rule.required('Condition');
    const isExpression = typeof condition === 'string' && condition.startsWith('{%');
    if (condition !== undefined && !isExpression) rule.fault('Condition', 'must be a {% JSONata %} expression');
    const place = { fields: rule, field: 'Condition', around, parts: always };
    const expression = isExpression ? readExpression(condition, place) : undefined;
    const result = readResult(rule, around, always);
    rule.finish();
    if (next !== undefined && typeof next !== 'string') rule.fault('Next', 'must be a string');
    return expression && typeof next === 'string' ? [{ condition: expression, next, ...result }] : [];
  });
  return { choices, ...optional('next', fields.string('Default')), ...readResult(fields, around, always) };
}

function readWait(fields: Fields, around: Around) {
  if (fields.has('Seconds') === fields.has('Timestamp'))
    fields.fault('Seconds', 'a Wait has either Seconds or Timestamp');
  const seconds = readNumber(fields, 'Seconds', around, 0);
  const text = fields.raw.Timestamp;
  const isInstant = typeof text === 'string' && (text.startsWith('{%') || isTimestamp(text));
  if (text !== undefined && !isInstant)
    fields.fault('Timestamp', 'must look like 2030-01-31T00:00:00Z, or be an expression');
  return {
    ...optional('seconds', seconds),
    ...optional('timestamp', readTemplate(fields, 'Timestamp', around, always)),
  };
}

function readBranches(fields: Fields, around: Around): States[] {
  if (!fields.has('Branches')) fields.required('Branches');
  return fields.objects('Branches').map((branch) => {
    const states = around.nested(branch);
    branch.finish();
    return states;
  });
}

function readMap(
  fields: Fields,
  around: Around,
): Omit<StateOf<'Map'>, 'name' | 'type' | keyof Exit | 'retry' | 'catch'> {
  const items = readTemplate(fields, 'Items', around, always);
  if (items?.constant !== undefined && !Array.isArray(items.constant))
    fields.fault('Items', 'must be a list, or an expression');
  if (!fields.has('ItemProcessor')) fields.required('ItemProcessor');
  const processor = fields.object('ItemProcessor');
  const config = processor?.object('ProcessorConfig');
  config?.oneOf('Mode', ['INLINE']);
  config?.finish();
  const states = processor ? around.nested(processor) : { startAt: '', states: new Map() };
  processor?.finish();
  return {
    ...optional('items', items),
    ...optional('itemSelector', readTemplate(fields, 'ItemSelector', around, always)),
    ...optional('concurrencyMax', readNumber(fields, 'MaxConcurrency', around, 0)),
    processor: states,
  };
}
