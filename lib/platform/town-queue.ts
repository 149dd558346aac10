/** A queue of core/wiring.ts: its dead-letter queue, its age alarm, and the function it feeds. */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Runbook } from '../../core/runbooks.ts';
import { type QueueName, queues } from '../../core/wiring.ts';
import { oneMinute } from './monitoring.ts';
import type { Platform } from './platform.ts';
import type { TownFunction } from './town-function.ts';

export interface TownQueueProps {
  readonly platform: Platform;
  readonly name: QueueName;
  readonly runbook: Runbook;
  /** A message older than this is not being handled. */
  readonly ageAlarm: Duration;
  /** What stands still while it is not. */
  readonly unattended: string;
}

export class TownQueue extends Construct {
  readonly queue: sqs.Queue;
  private readonly props: TownQueueProps;

  constructor(scope: Construct, id: string, props: TownQueueProps) {
    super(scope, id);
    this.props = props;
    const wiring = queues[props.name];
    this.queue = new sqs.Queue(this, 'Queue', {
      ...(wiring.type === 'fifo' ? { fifo: true } : {}),
      visibilityTimeout: Duration.seconds(wiring.visibilitySeconds),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: props.platform.deadLetters.of(wiring.type), maxReceiveCount: wiring.receivesMax },
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
    });
    props.platform.monitoring.alarm(this, 'Age', {
      metric: this.age,
      above: props.ageAlarm.toSeconds(),
      periods: 2,
      severity: 'high',
      runbook: props.runbook,
      heading: `The ${props.name} queue is not drained`,
      unattended: props.unattended,
      command: 'gt status',
    });
    props.platform.monitoring.show('stuck', 'Oldest message', 'seconds', [this.age]);
  }

  /** Seconds that the oldest message has waited. */
  get age() {
    return this.queue.metricApproximateAgeOfOldestMessage({
      period: oneMinute,
      statistic: 'max',
      label: this.props.name,
    });
  }

  feed(target: TownFunction): void {
    const wiring = queues[this.props.name];
    target.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [this.queue.queueArn],
      }),
    );
    new EventSourceMapping(this, 'Feed', {
      target: target.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: wiring.batchSize,
      maxConcurrency: wiring.concurrencyMax,
      reportBatchItemFailures: true,
    });
  }

  grantSend(sender: TownFunction): void {
    sender.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }),
    );
  }
}
