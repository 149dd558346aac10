import { blobsPort, commandPorts, gitPorts, webhookSecrets } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { apiEnv } from './api.env.ts';
import { makeHandler } from './gateway.ts';

const env = apiEnv.read(process.env);
const command = commandPorts(env);
const ports = metered({ ...command, ...gitPorts(env, command), blobs: blobsPort(env) });

export const handler = billed(
  ports,
  makeHandler({
    ...ports,
    webhookSecrets: webhookSecrets(env, command),
    taskRoleName: env.TASK_ROLE_NAME,
    fleet: {
      polecatsMax: Number(env.POLECATS_MAX),
      fargate: { vcpusEach: Number(env.POLECAT_CPU) / 1024, spot: env.CAPACITY_PROVIDER === 'FARGATE_SPOT' },
    },
    logs: { town: env.TOWN_NAME },
  }),
);
