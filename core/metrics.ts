/**
 * The town's own metrics: one list for those who measure, for the dashboard and for the alarms. A metric is a field of a
 * log line (CloudWatch's embedded metric format) with the town as its only dimension, so their number is bounded; one
 * that is not written costs nothing, so zeros are left out and an idle town has none.
 */
import type { TownEvent } from './events.ts';
import type { LadderStep } from './molecules/ladder.ts';
import type { PolecatState } from './polecats/polecat.ts';
import type { Instant } from './ports.ts';

type Unit = 'Count' | 'Seconds' | 'None';

export const metrics = {
  ChangesLanded: 'Count',
  BeadsClosed: 'Count',
  BeadsFailed: 'Count',
  AttemptsStarted: 'Count',
  RetriesSameAgent: 'Count',
  RetriesFresh: 'Count',
  RetriesInfrastructure: 'Count',
  EscalationsOpened: 'Count',
  /** Runs of a rig's gates that ended, with a verdict or without one. */
  GateRuns: 'Count',
  /** What the agents' models cost, in dollars. */
  ModelUsd: 'None',
  /** Life of the tasks that ended, as Fargate bills it. */
  TaskSeconds: 'Seconds',
  /** An effect that has failed as often as `limits.effectTriesMax`, each time that it fails again. */
  EffectsStuck: 'Count',
  /** A tick that failed each time that it was tried, and an item that the Witness could not look at. */
  WorkFailed: 'Count',
  PolecatsStarting: 'Count',
  PolecatsWorking: 'Count',
  PolecatsChecking: 'Count',
  PolecatsPushing: 'Count',
  PolecatsStuck: 'Count',
  HeartbeatsLate: 'Count',
  EscalationsOpen: 'Count',
  OldestMergeRequest: 'Seconds',
} as const satisfies Readonly<Record<string, Unit>>;

export type MetricName = keyof typeof metrics;
export type Measured = Readonly<Partial<Record<MetricName, number>>>;

export const metricsNamespace = 'GasTown';

export const isMetric = (name: string): name is MetricName => Object.hasOwn(metrics, name);

/** What an event counts as by its kind; figures that differ from event to event are in its `measured`. */
const countedAs: Readonly<Record<string, MetricName>> = {
  'mr.landed': 'ChangesLanded',
  'bead.closed': 'BeadsClosed',
  'bead.failed': 'BeadsFailed',
  'bead.hooked': 'AttemptsStarted',
  'escalation.opened': 'EscalationsOpened',
};

export function measuredOf({ kind, measured = {} }: TownEvent): Measured {
  const counted = countedAs[kind];
  const all = { ...(counted === undefined ? {} : { [counted]: 1 }), ...measured };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}

export const retryMetric: Readonly<Record<Extract<LadderStep, { kind: 'retry' }>['rung'], MetricName>> = {
  same_agent: 'RetriesSameAgent',
  fresh: 'RetriesFresh',
  infrastructure: 'RetriesInfrastructure',
};

export const polecatMetric: Readonly<Record<PolecatState, MetricName>> = {
  starting: 'PolecatsStarting',
  working: 'PolecatsWorking',
  checking: 'PolecatsChecking',
  pushing: 'PolecatsPushing',
  stuck: 'PolecatsStuck',
};

const minuteSeconds = 60;

/** Fargate bills by the second, a minute at least. */
export const billedSeconds = (from: Instant, to: Instant): number =>
  Math.max(minuteSeconds, Math.ceil((to - from) / 1000));
