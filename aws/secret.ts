import {
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { answerOf } from './errors.ts';

/** What the secret holds; `undefined` if there is none. `what` names it in errors. */
export async function secretText(
  client: SecretsManagerClient,
  what: string,
  name: string,
): Promise<string | undefined> {
  try {
    const command = new GetSecretValueCommand({ SecretId: name });
    return (await answerOf(what, client.send(command))).SecretString ?? '';
  } catch (error) {
    if (isNoSecret(error)) return undefined;
    throw error;
  }
}

/** Whoever deletes a secret means at once, though Secrets Manager keeps it for weeks in case it was a mistake. */
const isNoSecret = (error: unknown): boolean =>
  error instanceof ResourceNotFoundException ||
  (error instanceof InvalidRequestException && /deletion/.test(error.message));
