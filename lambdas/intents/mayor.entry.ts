import { blobsPort, commandPorts } from '../platform/ports.entry.ts';
import { mayorEnv } from './mayor.env.ts';
import { makeHandler } from './mayor.ts';

const env = mayorEnv.read(process.env);

export const handler = makeHandler({ ...commandPorts(env), blobs: blobsPort(env) });
