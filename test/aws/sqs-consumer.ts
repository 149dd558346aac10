/** Feeds a queue to a handler as Lambda's trigger does: batches, one at a time for each group, failures come again. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { BatchResponse, QueueEvent } from '../../core/deliveries.ts';

type Handler = (event: QueueEvent) => Promise<BatchResponse | undefined>;

const pollers = 3;

const groupOf = ({ Attributes }: Message): string => Attributes?.MessageGroupId ?? '';

const eventOf = (messages: readonly Message[]): QueueEvent => ({
  Records: messages.map(({ MessageId = '', Body = '', Attributes = {} }) => ({
    messageId: MessageId,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '',
      ...(Attributes.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId }),
    },
  })),
});

async function failedOf(messages: readonly Message[], handler: Handler): Promise<ReadonlySet<string>> {
  try {
    const response = await handler(eventOf(messages));
    return new Set(response?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch {
    return new Set(messages.map(({ MessageId = '' }) => MessageId));
  }
}

export function startConsumer(client: SQSClient, QueueUrl: string, handler: Handler): { stop(): Promise<void> } {
  let isStopped = false;

  async function handle(messages: readonly Message[]): Promise<void> {
    const failed = await failedOf(messages, handler);
    for (const { MessageId = '', ReceiptHandle } of messages) {
      const place = { QueueUrl, ReceiptHandle };
      await (failed.has(MessageId)
        ? client.send(new ChangeMessageVisibilityCommand({ ...place, VisibilityTimeout: 0 }))
        : client.send(new DeleteMessageCommand(place)));
    }
  }

  async function poll(): Promise<void> {
    while (!isStopped) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 3,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
        }),
      );
      const groups = new Set(Messages.map(groupOf));
      await Promise.all([...groups].map((group) => handle(Messages.filter((message) => groupOf(message) === group))));
    }
  }

  const running = Array.from({ length: pollers }, poll);
  return {
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}
