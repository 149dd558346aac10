import { handle } from 'hono/aws-lambda';
import { blobsPort, commandPorts, gitPorts } from '../platform/ports.entry.ts';
import { apiEnv } from './api.env.ts';
import { makeApp } from './app.ts';
import { iamPerson, maySpeakFor, taskOf } from './iam.ts';

const env = apiEnv.read(process.env);
const ports = commandPorts(env);

const app = makeApp(
  { ...ports, ...gitPorts(env, ports), blobs: blobsPort(env) },
  {
    authenticate: (_, environment) => iamPerson(environment, env.TASK_ROLE_NAME),
    authorizeSubject: (subject, _, environment) =>
      maySpeakFor(ports.ledger, taskOf(environment, env.TASK_ROLE_NAME), subject),
    localRemotes: false,
    onSuperseded: (subject) => ports.log('warn', 'a superseded task spoke', { ...subject }),
    onBug: (error) =>
      ports.log('error', 'bug', { error: String(error), stack: error instanceof Error ? (error.stack ?? null) : null }),
  },
);

export const handler = handle(app);
