/**
 * Contract suites against AWS itself or an emulator: set `GASTOWN_AWS_ENDPOINT` (and credentials in the SDK's own
 * variables). Everything that a suite needs it makes, and removes afterwards.
 */
import { describe } from '@jest/globals';
import { clientSettings } from '../../aws/clients.ts';

const endpoint = process.env.GASTOWN_AWS_ENDPOINT;

/** For clients of the SDK, where the endpoint is set. */
export const endpointSettings = () => ({
  ...clientSettings(),
  endpoint: endpoint ?? '',
  region: process.env.AWS_REGION ?? 'us-east-1',
  credentials: {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'test',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'test',
    ...(process.env.AWS_SESSION_TOKEN ? { sessionToken: process.env.AWS_SESSION_TOKEN } : {}),
  },
});

export function onAws(suite: () => void): void {
  if (endpoint) describe(`at ${endpoint}`, suite);
  else describe.skip('at an AWS endpoint (skipped: GASTOWN_AWS_ENDPOINT is not set)', suite);
}

/** An emulator is at the endpoint, and known by its gaps. */
export const onEmulator = process.env.GASTOWN_EMULATOR_DIR !== undefined;
