/** Effects: the function that the stream wakes, and what whoever performs an effect may reach. */
import { Duration } from 'aws-cdk-lib';
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { keys } from '../core/keys.ts';
import { stream } from '../core/wiring.ts';
import { effectsEnv } from '../lambdas/platform/effects.env.ts';
import type { Api } from './api.ts';
import type { Topics } from './escalations.ts';
import { fiveMinutes, oneHour, oneMinute } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import type { TownMachine } from './platform/town-machine.ts';
import type { TownQueue } from './platform/town-queue.ts';
import type { Yard } from './polecats/yard.ts';

/** What the partition of every effect starts with. */
const effectPartitions = keys.effect('', 0).pk;

/** What effects do: start and answer executions, wake ticks, launch and stop tasks, tell people. */
export interface Reach {
  readonly platform: Platform;
  readonly api: Api;
  readonly molecules: TownMachine;
  readonly intents: TownMachine;
  readonly wakes: Readonly<Record<'ticks' | 'refinery', TownQueue>>;
  readonly yard: Yard;
  readonly topics: Topics;
}

export const reachEnvironment = ({ platform, api, molecules, intents, wakes, yard, topics }: Reach) => ({
  TOWN_NAME: platform.config.town,
  TOWN_TABLE: platform.table.name,
  API_URL: api.url,
  MOLECULE_MACHINE_ARN: molecules.machine.stateMachineArn,
  INTENT_MACHINE_ARN: intents.machine.stateMachineArn,
  TICKS_QUEUE_URL: wakes.ticks.queue.queueUrl,
  REFINERY_QUEUE_URL: wakes.refinery.queue.queueUrl,
  ...yard.environment,
  CRITICAL_TOPIC_ARN: topics.of('critical').topicArn,
  HIGH_TOPIC_ARN: topics.of('high').topicArn,
  MEDIUM_TOPIC_ARN: topics.of('medium').topicArn,
  LOW_TOPIC_ARN: topics.of('low').topicArn,
});

export function grantReach(
  performer: TownFunction,
  { platform, molecules, intents, wakes, yard, topics }: Reach,
): void {
  platform.table.grantCommand(performer);
  for (const machine of [molecules, intents]) {
    machine.grantStart(performer);
    machine.grantAnswer(performer);
  }
  for (const queue of Object.values(wakes)) queue.grantSend(performer);
  yard.grantLaunch(performer);
  topics.grantPublish(performer);
}

export class Effects extends Construct {
  constructor(scope: Construct, id: string, { reach }: { reach: Reach }) {
    super(scope, id);
    const { platform } = reach;
    const performer = new TownFunction(this, 'Performer', {
      platform,
      name: 'effects',
      contract: effectsEnv,
      environment: reachEnvironment(reach),
    });
    grantReach(performer, reach);
    this.feed(platform, performer);
    this.observe(performer, platform);
  }

  private observe(performer: TownFunction, { monitoring, table: { table } }: Platform): void {
    const age = performer.function.metric('IteratorAge', { period: oneMinute, statistic: 'max', label: 'stream' });
    monitoring.alarm(this, 'StreamAge', {
      metric: age,
      above: Duration.minutes(2).toMilliseconds(),
      periods: 5,
      severity: 'high',
      runbook: 'platform',
      heading: 'The stream is behind',
      unattended: 'everything goes on, slower: the Witness performs each effect two minutes late.',
      command: 'gt feed',
    });
    const stuck = monitoring.own('EffectsStuck');
    monitoring.alarm(this, 'EffectsStuck', {
      metric: stuck,
      above: 0,
      periods: 1,
      severity: 'high',
      runbook: 'platform',
      heading: 'The town cannot do what it decided',
      unattended: 'it is tried about every half hour; if it is an email that cannot go out, nobody hears of anything.',
      command: 'gt escalations list',
    });
    monitoring.show('stuck', 'Age of the stream', 'milliseconds', [age]);
    monitoring.show('stuck', 'Effects given up for now', 'tries in 5 minutes', [stuck]);
    monitoring.show('stuck', 'Throttles', 'calls in 5 minutes', [
      LambdaFunction.metricAllThrottles({ period: fiveMinutes, label: 'functions (whole account)' }),
      table.metric('ReadThrottleEvents', { period: fiveMinutes, statistic: 'sum', label: 'table reads' }),
      table.metric('WriteThrottleEvents', { period: fiveMinutes, statistic: 'sum', label: 'table writes' }),
    ]);
    monitoring.show('cost', 'Units of the table', 'units an hour', [
      table.metricConsumedReadCapacityUnits({ period: oneHour, statistic: 'sum', label: 'read' }),
      table.metricConsumedWriteCapacityUnits({ period: oneHour, statistic: 'sum', label: 'written' }),
    ]);
  }

  /** New effect items only: the rest of the stream never costs an invocation. */
  private feed(platform: Platform, performer: TownFunction): void {
    platform.table.grantStream(performer);
    const dead = new SqsDlq(platform.deadLetters.standard);
    new EventSourceMapping(this, 'Stream', {
      target: performer.function,
      eventSourceArn: platform.table.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: stream.batchSize,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: stream.triesMax,
      onFailure: dead,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(effectPartitions) } } },
        }),
      ],
    });
  }
}
