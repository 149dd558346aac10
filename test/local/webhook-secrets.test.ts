import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { makeWebhookSecrets } from '../../local/webhook-secrets.ts';

const dir = mkdtempSync(join(tmpdir(), 'gastown-webhooks-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const secrets = makeWebhookSecrets(dir);

test('a rig’s webhook secret is in a file that only its owner reads', async () => {
  const file = join(dir, 'green');
  expect(await secrets('green')).toEqual([]);
  writeFileSync(file, 'one-secret-that-signs\n', { mode: 0o600 });
  expect(await secrets('green')).toEqual(['one-secret-that-signs']);
  chmodSync(file, 0o640);
  await expect(secrets('green')).rejects.toMatchObject({ code: 'WEBHOOK_SECRET_OPEN' });
});
