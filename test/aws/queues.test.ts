import { createHash } from 'node:crypto';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeQueues } from '../../aws/queues.ts';
import type { Queues } from '../../core/ports.ts';
import { fresh } from '../contract/fresh.ts';
import { queuesContract } from '../contract/queues-contract.ts';
import { endpointSettings, onAws } from './endpoint.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';
import { startConsumer } from './sqs-consumer.ts';

onAws(() => {
  queuesContract(
    'on SQS',
    async () => {
      const client = new SQSClient(endpointSettings());
      const create = async (QueueName: string, more: Record<string, string> = {}): Promise<string> => {
        const Attributes = { VisibilityTimeout: '10', ...more };
        const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
        return QueueUrl;
      };
      const urls: Readonly<Record<string, string>> = {
        standard: await create(fresh('standard')),
        fifo: await create(`${fresh('fifo')}.fifo`, { FifoQueue: 'true' }),
      };
      const consumers: { stop(): Promise<void> }[] = [];
      return {
        queues: makeQueues(client, { urls }),
        standard: 'standard',
        fifo: 'fifo',
        consume: (queue, handler) => void consumers.push(startConsumer(client, urls[queue] ?? '', handler)),
        async dispose() {
          await Promise.all(consumers.map((consumer) => consumer.stop()));
          for (const QueueUrl of Object.values(urls)) await client.send(new DeleteQueueCommand({ QueueUrl }));
          client.destroy();
        },
      };
    },
    { withinMs: 20_000, quietMs: 1500 },
  );
});

describe('the queues’ use of SQS', () => {
  let service: FakeService;
  let client: SQSClient;
  let queues: Queues;
  beforeAll(async () => {
    service = await fakeService();
    client = new SQSClient(service.settings);
    const at = (name: string) => `${service.settings.endpoint}/1/${name}`;
    queues = makeQueues(client, { urls: { sling: at('sling'), refinery: at('refinery.fifo') } });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('a standard message carries its delay, a FIFO message its group and deduplication id', async () => {
    const sent = (body: string) =>
      ok({ MessageId: '1', MD5OfMessageBody: createHash('md5').update(body).digest('hex') });
    service.willAnswer(sent('{"bead":"gh-1"}'), sent('{"group":"g"}'));
    await queues.send({ queue: 'sling', body: { bead: 'gh-1' }, delaySeconds: 30 });
    await queues.send({ queue: 'refinery', body: { group: 'g' }, group: 'g', dedup: 'd' });
    expect(service.seen.map(jsonOf)).toEqual([
      { QueueUrl: expect.stringMatching(/sling$/), MessageBody: '{"bead":"gh-1"}', DelaySeconds: 30 },
      {
        QueueUrl: expect.stringMatching(/refinery\.fifo$/),
        MessageBody: '{"group":"g"}',
        MessageGroupId: 'g',
        MessageDeduplicationId: 'd',
      },
    ]);
  });

  test.each(['OverLimit', 'RequestThrottled', 'ThrottlingException', 'KmsThrottled'])(
    '%s is worth repeating',
    async (type) => {
      service.willAnswer(fault(type));
      await expect(queues.send({ queue: 'sling', body: 1 })).rejects.toMatchObject({ name: 'Unavailable' });
    },
  );

  test.each(['InvalidMessageContents', 'InvalidParameterValueException'])('%s is a refusal', async (type) => {
    service.willAnswer(fault(type));
    await expect(queues.send({ queue: 'sling', body: 1 })).rejects.toMatchObject({
      name: 'PortRefused',
      code: 'MESSAGE_REFUSED',
    });
  });

  test('an answer that is not about the message that was sent is worth repeating', async () => {
    service.willAnswer(ok({ MessageId: '1', MD5OfMessageBody: 'f'.repeat(32) }));
    await expect(queues.send({ queue: 'sling', body: 1 })).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('a queue that was deleted is an error for the operator', async () => {
    service.willAnswer(fault('QueueDoesNotExist'));
    await expect(queues.send({ queue: 'sling', body: 1 })).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });
});
