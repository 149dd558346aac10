/** The git credential of a rig, from Secrets Manager, held for a short while. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { refuse } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Clock, CodeHost, Instant } from '../core/ports.ts';
import { gitCredentialIn } from '../core/rigs/git-credential.ts';
import { secretText } from './secret.ts';

export interface GitCredentialConfig {
  /** The secret of a rig is named this and the rig's name: `gastown/git/greenhouse`. */
  readonly secretPrefix: string;
  readonly clock: Pick<Clock, 'now'>;
}

type GitCredential = NonNullable<Awaited<ReturnType<CodeHost['gitCredential']>>>;

const invalid = (name: string) =>
  refuse(
    500,
    'GIT_SECRET_INVALID',
    `the secret ${name} is neither a token nor JSON with a username and a password.`,
    `Put one of them there: aws secretsmanager put-secret-value --secret-id ${name} --secret-string …`,
  );

/**
 * A rig without a secret needs no credential: its repository is public, or not on the network. That is not held, so that
 * a secret made a moment ago is seen at once.
 */
export function makeGitCredential(
  client: SecretsManagerClient,
  { secretPrefix, clock }: GitCredentialConfig,
): CodeHost['gitCredential'] {
  const held = new Map<string, { readonly until: Instant; readonly credential: GitCredential }>();
  return async ({ rig }) => {
    const known = held.get(rig);
    if (known && clock.now() < known.until) return known.credential;
    const name = `${secretPrefix}${rig}`;
    const secret = await secretText(client, `git credential of ${rig}`, name);
    if (secret === undefined) return undefined;
    const credential = gitCredentialIn(secret);
    if (!credential) throw invalid(name);
    held.set(rig, { until: clock.now() + limits.gitCredentialHeldMs, credential });
    return credential;
  };
}
