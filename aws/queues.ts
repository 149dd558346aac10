/** Queues on SQS. What SQS would refuse is refused before it is sent, in the town's own words. */
import { SendMessageCommand, type SendMessageCommandInput, type SQSClient } from '@aws-sdk/client-sqs';
import { PortRefused } from '../core/errors.ts';
import type { Queues } from '../core/ports.ts';
import { bodyOf } from '../core/queue-refusals.ts';
import { answerOf, messageOf, nameOf } from './errors.ts';

export interface QueuesConfig {
  /** URL of each queue that this function may send to, by its name; a FIFO queue's ends in `.fifo`. */
  readonly urls: Readonly<Record<string, string>>;
}

/** The refusals that the checks here cannot foresee: characters, and what an operator changed about the queue. */
const refusals = new Set([
  'InvalidMessageContents',
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'UnsupportedOperation',
]);

export const makeQueues = (client: SQSClient, { urls }: QueuesConfig): Queues => ({
  async send(message) {
    const { queue, group, dedup, delaySeconds } = message;
    const url = urls[queue];
    if (url === undefined)
      throw new PortRefused('QUEUE_UNKNOWN', `no queue "${queue}"; there are ${Object.keys(urls).join(', ')}`);
    const isFifo = url.endsWith('.fifo');
    const input: SendMessageCommandInput = {
      QueueUrl: url,
      MessageBody: bodyOf(message, isFifo ? 'fifo' : 'standard'),
      ...(isFifo ? { MessageGroupId: group, MessageDeduplicationId: dedup } : { DelaySeconds: delaySeconds }),
    };
    try {
      await answerOf(`send to ${queue}`, client.send(new SendMessageCommand(input)));
    } catch (error) {
      throw refusals.has(nameOf(error)) ? new PortRefused('MESSAGE_REFUSED', `${queue}: ${messageOf(error)}`) : error;
    }
  },
});
