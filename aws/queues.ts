/** Queues on SQS. What SQS refuses is refused before it is sent, with the town's own words. */
import { SendMessageCommand, type SendMessageCommandInput, type SQSClient } from '@aws-sdk/client-sqs';
import { PortRefused } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Message, Queues } from '../core/ports.ts';
import { answerOf, messageOf, nameOf } from './errors.ts';

export interface QueuesConfig {
  /** URL of each queue that this function may send to, by its name; a FIFO queue's ends in `.fifo`. */
  readonly urls: Readonly<Record<string, string>>;
}

/** SQS: letters, digits and punctuation, at most 128. */
const namePattern = /^[\x21-\x7e]{1,128}$/;

function checkFifo({ queue, group, dedup, delaySeconds }: Message): void {
  if (group === undefined) throw new PortRefused('GROUP_MISSING', `${queue} is a FIFO queue: a message needs a group`);
  if (dedup === undefined)
    throw new PortRefused('DEDUP_MISSING', `${queue} is a FIFO queue: a message needs a dedup id`);
  if (!namePattern.test(group)) throw new PortRefused('GROUP_INVALID', `group ${JSON.stringify(group)} on ${queue}`);
  if (!namePattern.test(dedup)) throw new PortRefused('DEDUP_INVALID', `dedup id ${JSON.stringify(dedup)} on ${queue}`);
  if (delaySeconds !== undefined)
    throw new PortRefused('DELAY_ON_FIFO', `${queue} is a FIFO queue: it delays no single message`);
}

function checkStandard({ queue, group, dedup, delaySeconds = 0 }: Message): void {
  if (group !== undefined || dedup !== undefined) {
    throw new PortRefused('FIFO_ONLY', `${queue} is a standard queue: it knows neither group nor dedup id`);
  }
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > limits.delayMaxSeconds) {
    throw new PortRefused(
      'DELAY_INVALID',
      `${delaySeconds} s on ${queue}, from 0 to ${limits.delayMaxSeconds} are possible`,
    );
  }
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
    const { queue, body, group, dedup, delaySeconds } = message;
    const url = urls[queue];
    if (url === undefined) throw new PortRefused('QUEUE_UNKNOWN', `no queue ${queue}`);
    const isFifo = url.endsWith('.fifo');
    if (isFifo) checkFifo(message);
    else checkStandard(message);
    const text = JSON.stringify(body);
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.messageBytesMax) {
      throw new PortRefused('MESSAGE_TOO_LARGE', `${bytes} bytes for ${queue}, at most ${limits.messageBytesMax} fit`);
    }
    const input: SendMessageCommandInput = {
      QueueUrl: url,
      MessageBody: text,
      ...(isFifo ? { MessageGroupId: group, MessageDeduplicationId: dedup } : { DelaySeconds: delaySeconds }),
    };
    try {
      await answerOf(`send to ${queue}`, client.send(new SendMessageCommand(input)));
    } catch (error) {
      throw refusals.has(nameOf(error)) ? new PortRefused('MESSAGE_REFUSED', `${queue}: ${messageOf(error)}`) : error;
    }
  },
});
