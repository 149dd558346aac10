import { commandPorts, fleetPort, slingQueue } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { fleetEnv } from './fleet.env.ts';
import { makeHandler } from './fleet.ts';

const env = fleetEnv.read(process.env);
const ports = metered({ ...commandPorts(env), fleet: fleetPort(env), queues: slingQueue(env) });

/** A task is known by its role's session. */
const secretOf = () => undefined;

export const handler = billed(ports, makeHandler({ ...ports, apiUrl: () => env.API_URL, secretOf }));
