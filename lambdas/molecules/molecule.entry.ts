import { commandPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { moleculeEnv } from './molecule.env.ts';
import { makeHandler } from './molecule.ts';

const ports = metered(commandPorts(moleculeEnv.read(process.env)));

export const handler = billed(ports, makeHandler(ports));
