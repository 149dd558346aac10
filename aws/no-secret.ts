import { InvalidRequestException, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';

/** Whoever deletes a secret means at once, though Secrets Manager keeps it for weeks in case it was a mistake. */
export const isNoSecret = (error: unknown): boolean =>
  error instanceof ResourceNotFoundException ||
  (error instanceof InvalidRequestException && /deletion/.test(error.message));
