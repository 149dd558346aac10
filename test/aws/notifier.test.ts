import { CreateTopicCommand, DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeNotifier } from '../../aws/notifier.ts';
import { limits } from '../../core/limits.ts';
import type { Notifier } from '../../core/ports.ts';
import { fresh } from '../contract/fresh.ts';
import { notification, notifierContract } from '../contract/notifier-contract.ts';
import { endpointSettings, onAws } from './endpoint.ts';
import { type Answer, type FakeService, fakeService } from './fake-service.ts';

onAws(() => {
  notifierContract('by SNS', async () => {
    const client = new SNSClient(endpointSettings());
    const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: fresh('town') }));
    return {
      notifier: makeNotifier(client, {
        topics: { critical: TopicArn, high: TopicArn, medium: TopicArn, low: TopicArn },
      }),
      async dispose() {
        await client.send(new DeleteTopicCommand({ TopicArn }));
        client.destroy();
      },
    };
  });
});

const xml = (status: number, body: string): Answer => ({ status, body, headers: { 'content-type': 'text/xml' } });
const published = xml(
  200,
  '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult><ResponseMetadata/></PublishResponse>',
);
const xmlFault = (code: string, status: number): Answer =>
  xml(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code} happened</Message></Error></ErrorResponse>`,
  );

describe('the notifier’s use of SNS', () => {
  let service: FakeService;
  let client: SNSClient;
  let notifier: Notifier;
  beforeAll(async () => {
    service = await fakeService();
    client = new SNSClient(service.settings);
    notifier = makeNotifier(client, { topics: { critical: 'arn:c', high: 'arn:h', medium: 'arn:m', low: 'arn:l' } });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('each severity has its topic', async () => {
    service.willAnswer(published);
    for (const severity of ['critical', 'high', 'medium', 'low'] as const) {
      await notifier.publish(notification({ severity, subject: 'It is on fire' }));
    }
    const forms = service.seen.map(({ text }) => new URLSearchParams(text));
    expect(forms.map((form) => form.get('TopicArn'))).toEqual(['arn:c', 'arn:h', 'arn:m', 'arn:l']);
    expect(forms[0]?.get('Subject')).toBe('It is on fire');
  });

  test('a body at the limit leaves room for what SNS counts besides, and is cut between characters', async () => {
    service.willAnswer(published);
    await notifier.publish(notification({ body: `x${'é'.repeat(limits.messageBytesMax / 2 - 1)}` }));
    const message = new URLSearchParams(service.seen[0]?.text).get('Message') ?? '';
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(limits.messageBytesMax - 1024);
    expect(message).toMatch(/^xé+$/);
  });

  test.each([
    ['Throttled', 429],
    ['ThrottlingException', 400],
    ['InternalError', 500],
  ])('%s is worth repeating', async (code, status) => {
    service.willAnswer(xmlFault(code, status));
    await expect(notifier.publish(notification())).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('a topic that is gone is an error for the operator', async () => {
    service.willAnswer(xmlFault('NotFound', 404));
    await expect(notifier.publish(notification())).rejects.not.toMatchObject({ name: 'Unavailable' });
  });
});
