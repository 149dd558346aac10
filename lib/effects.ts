/** Effects: the function that the stream wakes, and what whoever performs an effect may reach. */
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { keys } from '../core/keys.ts';
import { stream } from '../core/wiring.ts';
import { effectsEnv } from '../lambdas/platform/effects.env.ts';
import type { Api } from './api.ts';
import type { Topics } from './escalations.ts';
import { oneMinute } from './platform/monitoring.ts';
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
  readonly ticks: Readonly<Record<'scheduler' | 'convoys' | 'refinery', TownQueue>>;
  readonly yard: Yard;
  readonly topics: Topics;
}

export const reachEnvironment = ({ platform, api, molecules, intents, ticks, yard, topics }: Reach) => ({
  TOWN_NAME: platform.config.town,
  TOWN_TABLE: platform.table.name,
  API_URL: api.url,
  MOLECULE_MACHINE_ARN: molecules.machine.stateMachineArn,
  INTENT_MACHINE_ARN: intents.machine.stateMachineArn,
  SCHEDULER_QUEUE_URL: ticks.scheduler.queue.queueUrl,
  CONVOYS_QUEUE_URL: ticks.convoys.queue.queueUrl,
  REFINERY_QUEUE_URL: ticks.refinery.queue.queueUrl,
  ...yard.environment,
  CRITICAL_TOPIC_ARN: topics.of('critical').topicArn,
  HIGH_TOPIC_ARN: topics.of('high').topicArn,
  MEDIUM_TOPIC_ARN: topics.of('medium').topicArn,
  LOW_TOPIC_ARN: topics.of('low').topicArn,
});

export function grantReach(
  performer: TownFunction,
  { platform, molecules, intents, ticks, yard, topics }: Reach,
): void {
  platform.table.grantCommand(performer);
  for (const machine of [molecules, intents]) {
    machine.grantStart(performer);
    machine.grantAnswer(performer);
  }
  for (const tick of Object.values(ticks)) tick.grantSend(performer);
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
      runbook: 'platform',
    });
    grantReach(performer, reach);
    this.feed(platform, performer);
    const age = performer.function.metric('IteratorAge', { period: oneMinute, statistic: 'max' });
    platform.monitoring.alarm(this, 'StreamAge', {
      metric: age,
      above: Duration.minutes(2).toMilliseconds(),
      periods: 5,
      severity: 'high',
      runbook: 'platform',
      heading: 'The stream is behind',
    });
    platform.monitoring.row('Effects', { title: 'Age of the stream, ms', metrics: [age] }, ...performer.graphs());
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
