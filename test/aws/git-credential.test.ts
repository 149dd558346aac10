import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeGitCredential } from '../../aws/git-credential.ts';
import { limits } from '../../core/limits.ts';
import type { CodeHost } from '../../core/ports.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

describe('the git credential of a rig', () => {
  const remote = { rig: 'greenhouse', url: 'https://example.com/greenhouse.git' };
  let service: FakeService;
  let client: SecretsManagerClient;
  let credential: CodeHost['gitCredential'];
  let now = 0;
  beforeAll(async () => {
    service = await fakeService();
    client = new SecretsManagerClient(service.settings);
  });
  beforeEach(() => {
    credential = makeGitCredential(client, { secretPrefix: 'gastown/git/', clock: { now: () => now } });
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
    expect(jsonOf(service.seen.at(-1))).toEqual({ SecretId: 'gastown/git/greenhouse' });
  });

  test('is not read again for a while, each rig for itself; a rotated one is then used', async () => {
    service.willAnswer(ok({ Name: 'x', SecretString: 'old' }));
    const before = service.seen.length;
    for (let i = 0; i < 5; i += 1) expect(await credential(remote)).toMatchObject({ password: 'old' });
    await credential({ ...remote, rig: 'other' });
    const names = service.seen.slice(before).map((request) => jsonOf(request));
    expect(names).toEqual([{ SecretId: 'gastown/git/greenhouse' }, { SecretId: 'gastown/git/other' }]);
    service.willAnswer(ok({ Name: 'x', SecretString: 'new' }));
    now += limits.gitCredentialHeldMs;
    expect(await credential(remote)).toMatchObject({ password: 'new' });
  });

  test('a rig without a secret needs no credential, and a new secret is seen at once', async () => {
    service.willAnswer(fault('ResourceNotFoundException'));
    expect(await credential(remote)).toBeUndefined();
    service.willAnswer(ok({ Name: 'x', SecretString: 'token' }));
    expect(await credential(remote)).toMatchObject({ password: 'token' });
  });

  test('a secret that is marked for deletion is none; one that cannot be read for another reason is an error', async () => {
    const said = "You can't perform this operation on the secret because it was marked for deletion.";
    service.willAnswer(fault('InvalidRequestException', { message: said }));
    expect(await credential(remote)).toBeUndefined();
    service.willAnswer(fault('InvalidRequestException', { message: 'it is managed by another service' }));
    await expect(credential(remote)).rejects.toMatchObject({ name: 'InvalidRequestException' });
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
