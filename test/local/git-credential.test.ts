import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { makeGitCredential } from '../../local/git-credential.ts';

const dir = mkdtempSync(join(tmpdir(), 'gastown-git-credentials-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const of = (rig: string) => makeGitCredential(dir)({ rig, url: 'https://example.com/x.git' });
const keep = (name: string, secret: string) => {
  writeFileSync(join(dir, name), secret, { mode: 0o600 });
};

test('a rig’s git credential is a token or JSON, in a file that counts as soon as it is there', async () => {
  expect(await of('green')).toBeUndefined();
  keep('green', 'ghp_token\n');
  expect(await of('green')).toEqual({ username: 'x-access-token', password: 'ghp_token' });
  keep('green', '{"username":"town","password":"s3cret"}');
  expect(await of('green')).toEqual({ username: 'town', password: 's3cret' });
});

test('tasks may have one of their own', async () => {
  expect(await of('blue/tasks')).toBeUndefined();
  keep('blue.tasks', 'of-tasks');
  expect(await of('blue/tasks')).toMatchObject({ password: 'of-tasks' });
  expect(await of('blue')).toBeUndefined();
});

test('a file that others may read is refused, and one that says nothing of use', async () => {
  keep('open', 'token');
  chmodSync(join(dir, 'open'), 0o640);
  await expect(of('open')).rejects.toMatchObject({
    code: 'GIT_SECRET_OPEN',
    remedy: `Run: chmod 600 ${join(dir, 'open')}.`,
  });
  keep('odd', '{"token":"hush"}');
  await expect(of('odd')).rejects.toMatchObject({ code: 'GIT_SECRET_INVALID' });
  await expect(of('odd')).rejects.not.toThrow('hush');
});
