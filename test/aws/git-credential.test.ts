import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeGitCredential } from '../../aws/git-credential.ts';
import type { CodeHost } from '../../core/ports.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

describe('the git credential of a rig', () => {
  const remote = { rig: 'greenhouse', url: 'https://example.com/greenhouse.git' };
  let service: FakeService;
  let client: SecretsManagerClient;
  let credential: CodeHost['gitCredential'];
  beforeAll(async () => {
    service = await fakeService();
    client = new SecretsManagerClient(service.settings);
    credential = makeGitCredential(client, { secretPrefix: 'gastown/git/' });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test.each([
    ['{"username":"town","password":"s3cret"}', { username: 'town', password: 's3cret' }],
    ['ghp_token\n', { username: 'x-access-token', password: 'ghp_token' }],
  ])('the secret %j is read', async (SecretString, told) => {
    service.willAnswer(ok({ Name: 'x', SecretString }));
    expect(await credential(remote)).toEqual(told);
    expect(jsonOf(service.seen[0])).toEqual({ SecretId: 'gastown/git/greenhouse' });
  });

  test('a rig without a secret needs no credential', async () => {
    service.willAnswer(fault('ResourceNotFoundException'));
    expect(await credential(remote)).toBeUndefined();
  });

  test.each(['', '{"token":"x"}', '{"username":"town"', undefined])(
    'the secret %j is refused, without a word of what it holds',
    async (SecretString) => {
      service.willAnswer(ok({ Name: 'x', SecretString }));
      await expect(credential(remote)).rejects.toMatchObject({ code: 'GIT_SECRET_INVALID' });
      await expect(credential(remote)).rejects.not.toThrow('town"');
    },
  );

  test('a missing right is an error, a failing service worth repeating', async () => {
    service.willAnswer(fault('AccessDeniedException'));
    await expect(credential(remote)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    service.willAnswer(fault('InternalServiceError', {}, 500));
    await expect(credential(remote)).rejects.toMatchObject({ name: 'Unavailable' });
  });
});
