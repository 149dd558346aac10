import { commandPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { convoysEnv } from './convoys.env.ts';
import { makeHandler } from './convoys.ts';

const ports = metered(commandPorts(convoysEnv.read(process.env)));

export const handler = billed(ports, makeHandler(ports));
