import { commandPorts } from '../platform/ports.entry.ts';
import { moleculeEnv } from './molecule.env.ts';
import { makeHandler } from './molecule.ts';

export const handler = makeHandler(commandPorts(moleculeEnv.read(process.env)));
