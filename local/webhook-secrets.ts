/** On a laptop the secrets that sign a rig's webhooks are in a file of the state directory that only its owner reads. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../core/errors.ts';
import { secretsIn } from '../core/rigs/webhooks.ts';

/** `dir` holds a file a rig, named as the rig: `<state>/webhooks/greenhouse`. */
export const makeWebhookSecrets =
  (dir: string) =>
  async (rig: string): Promise<readonly string[]> => {
    const file = join(dir, rig);
    try {
      const { mode } = await stat(file);
      if ((mode & 0o077) !== 0)
        throw refuse(500, 'WEBHOOK_SECRET_OPEN', `${file} can be read by others.`, `Run: chmod 600 ${file}.`);
      return secretsIn(await readFile(file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
