import { commandPorts, fleetPort, gitPorts } from '../platform/ports.entry.ts';
import { refineryEnv } from './refinery.env.ts';
import { makeHandler } from './refinery.ts';

const env = refineryEnv.read(process.env);
const ports = commandPorts(env);

export const handler = makeHandler({ ...ports, ...gitPorts(env, ports), fleet: fleetPort(env) });
