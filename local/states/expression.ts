/** One JSONata expression: parsed once, at load, with what it refers to; evaluated to JSON or a QueryEvaluationError. */
import jsonata from 'jsonata';
import type { Json } from '../../core/ports.ts';
import { queryFault } from './fault.ts';
import { functionNames, register, type Sources } from './functions.ts';

export type StatesPart = 'input' | 'context' | 'result' | 'errorOutput';

/** What an expression sees. Values here are never changed: an assignment makes a new `variables`. */
export interface Env {
  readonly states: {
    readonly input: Json;
    readonly context: Json;
    readonly result?: Json;
    readonly errorOutput?: Json;
  };
  readonly variables: Readonly<Record<string, Json>>;
}

export interface Expression {
  readonly text: string;
  /** Names of variables that the expression does not bind itself. */
  readonly variables: ReadonlySet<string>;
  /** The second step of each `$states.<part>`; `undefined` stands for all of `$states`. */
  readonly parts: ReadonlySet<string | undefined>;
  /** Why Step Functions or this interpreter would not take it; empty if they would. */
  readonly refusals: readonly string[];
  evaluate(env: Env): Promise<Json>;
}

/** Throws with JSONata's own message if the text does not parse. */
export function parseExpression(text: string, sources: Sources): Expression {
  const expression = jsonata(text);
  register(expression, sources);
  expression.registerFunction(definedName, defined);
  const seen = examine(expression.ast());
  return {
    text,
    ...seen,
    async evaluate({ states, variables }) {
      let result: unknown;
      try {
        result = await expression.evaluate(undefined, { ...variables, states });
      } catch (error) {
        const { message, position } = error as { message?: string; position?: number };
        throw queryFault(
          `${message ?? String(error)}${position === undefined ? '' : ` at ${position}`} in {% ${text} %}`,
        );
      }
      return plain(result, text);
    },
  };
}

/** JSON without JSONata's marks on arrays; anything that JSON cannot hold is an error, also deep inside. */
function plain(value: unknown, text: string): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, text));
  if (typeof value === 'object' && !('_jsonata_function' in value) && !('_jsonata_lambda' in value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, text)]));
  }
  throw queryFault(
    `{% ${text} %} gave ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`,
  );
}

/** A name that no expression can spell. */
const definedName = ' defined';

function defined(value: unknown): unknown {
  if (value === undefined) throw new Error('A field of an object is undefined');
  return value;
}

/** JSONata drops an object's field whose value is undefined; Step Functions must not lose it silently, nor do we. */
function demandFields(pairs: unknown[][]): void {
  for (const pair of pairs) {
    const procedure = { type: 'variable', value: definedName };
    pair[1] = { type: 'function', value: '(', arguments: [pair[1]], procedure };
  }
}

interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly lhs?: Node;
  readonly arguments?: readonly Node[];
  readonly focus?: string;
  readonly index?: string;
}

/** What the expression refers to. Also makes undefined fields errors, in place. */
function examine(ast: unknown): Pick<Expression, 'variables' | 'parts' | 'refusals'> {
  const used = new Set<string>();
  const bound = new Set<string>();
  const parts = new Set<string | undefined>();
  const qualified = new Set<unknown>();
  const refusals: string[] = [];
  const visited = new Set<unknown>();

  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || visited.has(value)) return;
    visited.add(value);
    const node = value as Node;
    if (node.type === 'path') {
      const [first, second] = node.steps ?? [];
      if (first?.type === 'variable' && first.value === 'states' && second?.type === 'name') {
        parts.add(String(second.value));
        qualified.add(first);
      }
    }
    if (node.type === 'variable') {
      if (node.value === 'states' && !qualified.has(node)) parts.add(undefined);
      used.add(String(node.value));
    }
    if (node.type === 'bind' && node.lhs) bound.add(String(node.lhs.value));
    if (node.type === 'lambda') for (const argument of node.arguments ?? []) bound.add(String(argument.value));
    if (typeof node.focus === 'string') bound.add(node.focus);
    if (typeof node.index === 'string') bound.add(node.index);
    const function_ = (node as { procedure?: Node }).procedure;
    if (function_?.value === 'toMillis' && (node.arguments?.length ?? 0) > 1) {
      refusals.push("$toMillis with a picture reads the machine's clock; use the ISO 8601 form");
    }
    for (const child of Object.values(node)) visit(child);
    if (node.type === 'unary' && node.value === '{') demandFields(node.lhs as unknown as unknown[][]);
  };
  visit(ast);

  if (used.has('eval')) refusals.push('Step Functions has no $eval; use $parse for JSON');
  if (bound.has('states')) refusals.push('$states is reserved');
  const free = [...used].filter((name) => name !== '' && name !== '$' && name !== 'states' && !bound.has(name));
  const variables = new Set(free.filter((name) => !functionNames.has(name) && name !== 'eval'));
  return { variables, parts, refusals };
}
