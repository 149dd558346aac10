import { commandPorts } from '../platform/ports.entry.ts';
import { convoysEnv } from './convoys.env.ts';
import { makeHandler } from './convoys.ts';

export const handler = makeHandler(commandPorts(convoysEnv.read(process.env)));
