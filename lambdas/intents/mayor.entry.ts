import { blobsPort, commandPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { mayorEnv } from './mayor.env.ts';
import { makeHandler } from './mayor.ts';

const env = mayorEnv.read(process.env);
const ports = metered({ ...commandPorts(env), blobs: blobsPort(env) });

export const handler = billed(ports, makeHandler(ports));
