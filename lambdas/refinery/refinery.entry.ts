import { commandPorts, fleetPort, gitPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { refineryEnv } from './refinery.env.ts';
import { makeHandler } from './refinery.ts';

const env = refineryEnv.read(process.env);
const command = commandPorts(env);
const ports = metered({ ...command, ...gitPorts(env, command), fleet: fleetPort(env) });

export const handler = billed(ports, makeHandler(ports));
