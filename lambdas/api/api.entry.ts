import { blobsPort, commandPorts, gitPorts, webhookSecrets } from '../platform/ports.entry.ts';
import { apiEnv } from './api.env.ts';
import { makeHandler } from './gateway.ts';

const env = apiEnv.read(process.env);
const ports = commandPorts(env);

export const handler = makeHandler({
  ...ports,
  ...gitPorts(env, ports),
  blobs: blobsPort(env),
  webhookSecrets: webhookSecrets(env, ports),
  taskRoleName: env.TASK_ROLE_NAME,
});
