/**
 * What CloudWatch makes of an alarm: its metric, period by period, its threshold and what missing data means. Only what
 * the stack uses; anything else throws, so that no alarm is judged by rules that are not its own.
 */
import type { Json } from '../../core/ports.ts';
import { at, type Resource } from './town.ts';

/** A value each period, oldest first; `undefined`: nothing was published. */
export type Series = readonly (number | undefined)[];

export interface Metric {
  readonly namespace: string;
  readonly name: string;
}

/** Throws for metric math, which bills each metric in it. */
export function metricOf({ id, Properties }: Resource): Metric {
  const name = at(Properties, 'MetricName');
  if (typeof name !== 'string') throw new Error(`${id} is an alarm on something other than one metric`);
  return { namespace: String(at(Properties, 'Namespace')), name };
}

/** The state after the last period of the series. */
export function stateOf({ Properties }: Resource, fed: Series): 'ALARM' | 'OK' {
  const ask = (name: string): Json | undefined => at(Properties, name);
  if (ask('ComparisonOperator') !== 'GreaterThanThreshold') throw new Error(`not known: ${ask('ComparisonOperator')}`);
  const missing = String(ask('TreatMissingData'));
  if (missing !== 'breaching' && missing !== 'notBreaching') throw new Error(`not known: ${missing}`);
  const periods = Number(ask('EvaluationPeriods'));
  const needed = Number(ask('DatapointsToAlarm') ?? periods);
  const seen = fed.slice(-periods);
  if (seen.length < periods) throw new Error(`${periods} periods are needed, ${seen.length} were fed`);
  const breaching = seen.filter((value) =>
    value === undefined ? missing === 'breaching' : value > Number(ask('Threshold')),
  );
  return breaching.length >= needed ? 'ALARM' : 'OK';
}
