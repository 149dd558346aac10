import { noModel } from '../intents/mayor.env.ts';
import { commandPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { moleculeEnv } from './molecule.env.ts';
import { makeHandler } from './molecule.ts';

const env = moleculeEnv.read(process.env);
const ports = metered(commandPorts(env));

export const handler = billed(ports, makeHandler({ ...ports, triages: env.MODEL_ID !== noModel }));
