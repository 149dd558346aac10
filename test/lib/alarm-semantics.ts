/**
 * What CloudWatch makes of an alarm: its metric or metric math, period by period, its threshold and what missing data
 * means. Only what the stack uses; anything else throws, so that no alarm is judged by rules that are not its own.
 */
import type { Json } from '../../core/ports.ts';
import { at, listAt, type Resource } from './town.ts';

/** A value each period, oldest first; `undefined`: nothing was published. */
export type Series = readonly (number | undefined)[];

export interface Metric {
  /** Its id within the alarm; `metric` where the alarm has but one. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly statistic: string;
  readonly periodSeconds: number;
}

export function metricsOf({ Properties }: Resource): Metric[] {
  const one = at(Properties, 'MetricName');
  if (one !== undefined) return [metricOf('metric', Properties, at(Properties, 'Statistic'), at(Properties, 'Period'))];
  const entries = listAt(Properties, 'Metrics');
  return entries.flatMap((entry) => {
    const stat = at(entry, 'MetricStat');
    if (stat === undefined) return [];
    const id = entries.length === 1 ? 'metric' : String(at(entry, 'Id'));
    return [metricOf(id, at(stat, 'Metric'), at(stat, 'Stat'), at(stat, 'Period'))];
  });
}

const metricOf = (id: string, of: Json | undefined, statistic: Json | undefined, period: Json | undefined): Metric => ({
  id,
  namespace: String(at(of, 'Namespace')),
  name: String(at(of, 'MetricName')),
  statistic: String(statistic),
  periodSeconds: Number(period),
});

/** The state after the last period of the series. */
export function stateOf(alarm: Resource, fed: Readonly<Record<string, Series>>): 'ALARM' | 'OK' | 'INSUFFICIENT_DATA' {
  const { Properties } = alarm;
  const ask = (name: string): Json | undefined => at(Properties, name);
  if (ask('ComparisonOperator') !== 'GreaterThanThreshold') throw new Error(`not known: ${ask('ComparisonOperator')}`);
  const periods = Number(ask('EvaluationPeriods'));
  const needed = Number(ask('DatapointsToAlarm') ?? periods);
  const seen = seriesOf(alarm, fed).slice(-periods);
  if (seen.length < periods) throw new Error(`${periods} periods are needed, ${seen.length} were fed`);
  const breaching = seen.map((value) => (value === undefined ? undefined : value > Number(ask('Threshold'))));
  const missing = ask('TreatMissingData') ?? 'missing';
  if (missing === 'missing' && breaching.every((breach) => breach === undefined)) return 'INSUFFICIENT_DATA';
  if (!['missing', 'breaching', 'notBreaching'].includes(String(missing))) throw new Error(`not known: ${missing}`);
  const counted = breaching.map((breach) => breach ?? missing === 'breaching');
  return counted.filter(Boolean).length >= needed ? 'ALARM' : 'OK';
}

function seriesOf(alarm: Resource, fed: Readonly<Record<string, Series>>): Series {
  const wanted = metricsOf(alarm).map(({ id }) => id);
  for (const id of wanted) if (!fed[id]) throw new Error(`nothing is fed for ${id}`);
  const returned = listAt(alarm.Properties, 'Metrics').find((entry) => at(entry, 'ReturnData') !== false);
  const expression = at(returned, 'Expression');
  if (expression === undefined) return fed[wanted[0] ?? ''] ?? [];
  const length = Math.max(...wanted.map((id) => fed[id]?.length ?? 0));
  return Array.from({ length }, (_, i) =>
    evaluate(String(expression), Object.fromEntries(wanted.map((id) => [id, fed[id]?.[i]]))),
  );
}

type Value = number | undefined;

/** Metric math on one period: + - * /, comparisons, IF, FILL. What is computed of missing data is missing. */
export function evaluate(expression: string, values: Readonly<Record<string, Value>>): Value {
  const tokens = expression.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|==|!=|[-+*/()<>,]/g) ?? [];
  let position = 0;
  const peek = (): string | undefined => tokens[position];
  const take = (expected?: string): string => {
    const token = tokens[position];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`"${expression}": ${expected ?? 'something'} expected at ${token ?? 'its end'}`);
    position += 1;
    return token;
  };
  const arguments_ = (): Value[] => {
    const found: Value[] = [];
    take('(');
    do found.push(comparison());
    while (peek() === ',' && take());
    take(')');
    return found;
  };
  const atom = (): Value => {
    if (peek() === '(') {
      take();
      const inner = comparison();
      take(')');
      return inner;
    }
    const token = take();
    if (/^\d/.test(token)) return Number(token);
    if (peek() === '(') return call(token, arguments_());
    if (!Object.hasOwn(values, token)) throw new Error(`"${expression}": no metric ${token}`);
    return values[token];
  };
  const chain = (next: () => Value, operators: readonly string[]) => (): Value => {
    let left = next();
    while (operators.includes(peek() ?? '')) {
      const operator = take();
      const right = next();
      left = left === undefined || right === undefined ? undefined : compute(operator, left, right);
    }
    return left;
  };
  const comparison = chain(chain(chain(atom, ['*', '/']), ['+', '-']), ['>', '<', '>=', '<=', '==', '!=']);
  const result = comparison();
  if (position < tokens.length) throw new Error(`"${expression}" goes on at ${peek()}`);
  return result;
}

function call(name: string, given: readonly Value[]): Value {
  switch (name) {
    case 'IF':
      return given[0] === undefined ? undefined : given[given[0] === 0 ? 2 : 1];
    case 'FILL':
      return given[0] ?? given[1];
    default:
      throw new Error(`metric math does not know ${name} here`);
  }
}

function compute(operator: string, left: number, right: number): Value {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : left / right;
    case '>':
      return Number(left > right);
    case '<':
      return Number(left < right);
    case '>=':
      return Number(left >= right);
    case '<=':
      return Number(left <= right);
    case '==':
      return Number(left === right);
    default:
      return Number(left !== right);
  }
}
