/** Where messages go that nobody could handle: one queue for standard sources, one for FIFO ones, both alarmed. */
import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Monitoring, oneMinute } from './monitoring.ts';

export class DeadLetters extends Construct {
  readonly standard: sqs.Queue;
  readonly fifo: sqs.Queue;

  constructor(scope: Construct, id: string, monitoring: Monitoring) {
    super(scope, id);
    /** The longest that SQS keeps: time for a human to look. */
    const common = {
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
    };
    this.standard = new sqs.Queue(this, 'Standard', common);
    this.fifo = new sqs.Queue(this, 'Fifo', { ...common, fifo: true });

    const waiting = (queue: sqs.Queue) =>
      queue.metricApproximateNumberOfMessagesVisible({
        period: oneMinute,
        statistic: 'max',
        label: queue === this.fifo ? 'FIFO' : 'standard',
      });
    monitoring.alarm(this, 'StandardNotEmpty', {
      metric: waiting(this.standard),
      above: 0,
      periods: 1,
      severity: 'high',
      runbook: 'platform',
      heading: 'Dead letters in the standard queue',
      unattended: 'the Witness repairs what they were about within half an hour; their cause stays.',
      command: 'gt status',
    });
    monitoring.alarm(this, 'FifoNotEmpty', {
      metric: waiting(this.fifo),
      above: 0,
      periods: 1,
      severity: 'high',
      runbook: 'platform',
      heading: 'Dead letters in the FIFO queue',
      unattended: 'the group that was blocked runs again; what crashed its function will crash it again.',
      command: 'gt status',
    });
    monitoring.show('stuck', 'Dead letters', 'messages', [waiting(this.standard), waiting(this.fifo)]);
  }

  of(type: 'standard' | 'fifo'): sqs.Queue {
    return type === 'fifo' ? this.fifo : this.standard;
  }
}
