import { commandPorts, fleetPort, slingQueue } from '../platform/ports.entry.ts';
import { fleetEnv } from './fleet.env.ts';
import { makeHandler } from './fleet.ts';

const env = fleetEnv.read(process.env);

export const handler = makeHandler({
  ...commandPorts(env),
  fleet: fleetPort(env),
  queues: slingQueue(env),
  apiUrl: () => env.API_URL,
  /** A task is known by its role's session. */
  secretOf: () => undefined,
});
