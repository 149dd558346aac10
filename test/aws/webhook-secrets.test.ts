import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeWebhookSecrets } from '../../aws/webhook-secrets.ts';
import { limits } from '../../core/limits.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

describe('the secrets that sign a rig’s webhooks', () => {
  const [one, other] = ['one-secret-that-signs', 'another-secret-that-signs'];
  let service: FakeService;
  let client: SecretsManagerClient;
  let now = 0;
  const make = () => makeWebhookSecrets(client, { secretPrefix: 'gastown/webhook/', clock: { now: () => now } });
  beforeAll(async () => {
    service = await fakeService();
    client = new SecretsManagerClient(service.settings);
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('are read by the rig’s name, and not again for a while', async () => {
    const secrets = make();
    service.willAnswer(ok({ Name: 'x', SecretString: `${one}\n` }));
    const before = service.seen.length;
    for (let i = 0; i < 50; i += 1) expect(await secrets('green')).toEqual([one]);
    expect(service.seen.slice(before).map(jsonOf)).toEqual([{ SecretId: 'gastown/webhook/green' }]);
    service.willAnswer(ok({ Name: 'x', SecretString: `${one}\n${other}` }));
    now += limits.webhookSecretHeldMs;
    expect(await secrets('green')).toEqual([one, other]);
  });

  test('are none where there is no secret, which is not asked for again either', async () => {
    const secrets = make();
    service.willAnswer(fault('ResourceNotFoundException'));
    const before = service.seen.length;
    expect([await secrets('green'), await secrets('green')]).toEqual([[], []]);
    expect(service.seen.length - before).toBe(1);
  });

  test('are none from the moment that the secret is deleted, whose bytes are kept for weeks', async () => {
    const message = "You can't perform this operation on the secret because it was marked for deletion.";
    service.willAnswer(fault('InvalidRequestException', { message }));
    expect(await make()('green')).toEqual([]);
  });

  test.each(['', '\n\n', 'short', '0123456789abcde'])(
    'are none if the secret is %j, which could be guessed',
    async (text) => {
      service.willAnswer(ok({ Name: 'x', SecretString: text }));
      expect(await make()('green')).toEqual([]);
    },
  );

  test('that could not be read are asked for again', async () => {
    const secrets = make();
    service.willAnswer(fault('InternalServiceError', {}, 500));
    await expect(secrets('green')).rejects.toMatchObject({ name: 'Unavailable' });
    service.willAnswer(ok({ Name: 'x', SecretString: one }));
    expect(await secrets('green')).toEqual([one]);
  });
});
