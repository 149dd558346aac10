/** On a laptop the git credential of a rig is in a file of the state directory that only its owner reads. */
import { join } from 'node:path';
import { refuse } from '../core/errors.ts';
import type { CodeHost } from '../core/ports.ts';
import { gitCredentialIn } from '../core/rigs/git-credential.ts';
import { secretFile } from './secret-file.ts';

/**
 * `dir` holds a file a rig, named as the rig, and one for its tasks alone if they have their own: `greenhouse`,
 * `greenhouse.tasks`. A rig without one needs no credential: its repository is public, or not spoken to over HTTP.
 */
export const makeGitCredential =
  (dir: string): CodeHost['gitCredential'] =>
  async ({ rig }) => {
    const file = join(dir, rig.replace('/', '.'));
    const secret = await secretFile(file, 'GIT_SECRET_OPEN');
    if (secret === undefined) return undefined;
    const credential = gitCredentialIn(secret);
    if (credential) return credential;
    throw refuse(
      500,
      'GIT_SECRET_INVALID',
      `${file} holds neither a token nor JSON with a username and a password.`,
      'Put one of them there.',
    );
  };
