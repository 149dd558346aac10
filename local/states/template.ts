/** JSON in which any string may be a `{% JSONata %}` expression: Arguments, Output, the values of Assign. */
import type { Json } from '../../core/ports.ts';
import type { Env, Expression } from './expression.ts';
import { StateFault } from './fault.ts';

export interface Template {
  /** Set if there is no expression in it. */
  readonly constant?: Json;
  evaluate(env: Env): Promise<Json>;
}

export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `parse` is called for each expression, with its place inside the template. */
export function makeTemplate(
  value: Json,
  parse: (text: string, path: string) => Expression | undefined,
  path = '',
): Template {
  if (typeof value === 'string' && value.startsWith('{%')) {
    const expression = parse(value, path);
    return expression ? { evaluate: (env) => expression.evaluate(env) } : constant(value);
  }
  if (typeof value === 'string') {
    if (value.endsWith('%}')) parse(value, path);
    return constant(value);
  }
  if (Array.isArray(value)) return listTemplate(value.map((item, i) => makeTemplate(item, parse, `${path}/${i}`)));
  if (!isObject(value)) return constant(value);
  return objectTemplate(
    Object.entries(value).map(([name, inner]) => [name, makeTemplate(inner, parse, `${path}/${name}`)] as const),
  );
}

const constant = (value: Json): Template => ({ constant: value, evaluate: async () => value });

function listTemplate(items: readonly Template[]): Template {
  if (items.every((item) => item.constant !== undefined)) return constant(items.map((item) => item.constant as Json));
  return {
    async evaluate(env) {
      const values: Json[] = [];
      for (const item of items) values.push(await item.evaluate(env));
      return values;
    },
  };
}

function objectTemplate(fields: readonly (readonly [string, Template])[]): Template {
  if (fields.every(([, field]) => field.constant !== undefined)) {
    return constant(Object.fromEntries(fields.map(([name, field]) => [name, field.constant as Json])));
  }
  return {
    async evaluate(env) {
      const values: [string, Json][] = [];
      for (const [name, field] of fields) values.push([name, await field.evaluate(env)]);
      return Object.fromEntries(values);
    },
  };
}

/** What Step Functions carries from state to state: at most 256 KiB of JSON. */
export const payloadBytesMax = 256 * 1024;

export const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

export function sized(value: Json, what: string): Json {
  const bytes = bytesOf(value);
  if (bytes <= payloadBytesMax) return value;
  throw new StateFault('States.DataLimitExceeded', `${what}: ${bytes} bytes; at most ${payloadBytesMax}`);
}
