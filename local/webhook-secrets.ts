/** On a laptop the secrets that sign a rig's webhooks are in a file of the state directory that only its owner reads. */
import { join } from 'node:path';
import { secretsIn } from '../core/rigs/webhooks.ts';
import { secretFile } from './secret-file.ts';

/** `dir` holds a file a rig, named as the rig: `<state>/webhooks/greenhouse`. */
export const makeWebhookSecrets =
  (dir: string) =>
  async (rig: string): Promise<readonly string[]> =>
    secretsIn((await secretFile(join(dir, rig), 'WEBHOOK_SECRET_OPEN')) ?? '');
