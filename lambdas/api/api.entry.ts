import { blobsPort, commandPorts, remoteGitPorts, webhookSecrets } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { apiEnv } from './api.env.ts';
import { makeHandler } from './gateway.ts';

const env = apiEnv.read(process.env);
const command = commandPorts(env);
const { repo, codeHost } = remoteGitPorts(env, command);
const ports = metered({ ...command, codeHost, blobs: blobsPort(env) });

export const handler = billed(
  ports,
  makeHandler({
    ...ports,
    repo,
    webhookSecrets: webhookSecrets(env, command),
    taskRoleName: env.TASK_ROLE_NAME,
    fleet: {
      polecatsMax: Number(env.POLECATS_MAX),
      fargate: { vcpusEach: Number(env.POLECAT_CPU) / 1024, spot: env.CAPACITY_PROVIDER === 'FARGATE_SPOT' },
    },
    logs: { town: env.TOWN_NAME },
  }),
);
