/** The AWS side of each port, made from a function's environment. A function bundles only those that its entry names. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { makeBlobs } from '../../aws/blobs.ts';
import { clientSettings } from '../../aws/clients.ts';
import { makeFleet } from '../../aws/fleet.ts';
import { makeGitCredential } from '../../aws/git-credential.ts';
import { makeLedger } from '../../aws/ledger.ts';
import { makeLog } from '../../aws/log.ts';
import { makeNotifier } from '../../aws/notifier.ts';
import { makeQueues } from '../../aws/queues.ts';
import { makeWebhookSecrets } from '../../aws/webhook-secrets.ts';
import { makeWorkflows } from '../../aws/workflows.ts';
import { makeRemoteRepo } from '../../git/remote.ts';
import { makeGitRepo } from '../../git/repo.ts';
import { realClock } from '../../local/clock.ts';
import { makeReportedChecks } from '../../local/code-host.ts';
import { realIds } from '../../local/ids.ts';
import type { fleetNames, machineNames, tickNames, topicNames } from './shared.env.ts';
import { telling } from './telling.ts';

type Env<Names extends readonly string[]> = Readonly<Record<Names[number], string>>;

/** What every command needs. */
export function commandPorts(env: Env<['TOWN_NAME', 'TOWN_TABLE']>) {
  const log = makeLog({ clock: realClock, town: env.TOWN_NAME });
  const ledger = makeLedger(new DynamoDBClient(clientSettings()), { table: env.TOWN_TABLE });
  return { ledger: telling(ledger, log), clock: realClock, ids: realIds(realClock), log };
}

export const blobsPort = (env: Env<['BLOBS_BUCKET']>) =>
  makeBlobs(new S3Client(clientSettings()), { bucket: env.BLOBS_BUCKET, prefix: 'blobs/' });

export const fleetPort = (env: Env<typeof fleetNames>) =>
  makeFleet(new ECSClient(clientSettings()), {
    cluster: env.CLUSTER_ARN,
    taskDefinitions: { polecat: env.POLECAT_TASK_FAMILY, gate: env.GATE_TASK_FAMILY },
    container: env.TASK_CONTAINER,
    subnets: env.SUBNET_IDS.split(','),
    securityGroups: [env.SECURITY_GROUP_ID],
    publicIp: env.PUBLIC_IP === 'true',
    capacity: env.CAPACITY_PROVIDER === 'FARGATE_SPOT' ? 'FARGATE_SPOT' : 'FARGATE',
  });

export const workflowsPort = (env: Env<typeof machineNames>) =>
  makeWorkflows(new SFNClient(clientSettings()), {
    machines: { molecule: env.MOLECULE_MACHINE_ARN, intent: env.INTENT_MACHINE_ARN },
  });

export const tickQueues = (env: Env<typeof tickNames>) =>
  makeQueues(new SQSClient(clientSettings()), {
    urls: { ticks: env.TICKS_QUEUE_URL, refinery: env.REFINERY_QUEUE_URL },
  });

export const slingQueue = (env: Env<['SLING_QUEUE_URL']>) =>
  makeQueues(new SQSClient(clientSettings()), { urls: { sling: env.SLING_QUEUE_URL } });

export const notifierPort = (env: Env<typeof topicNames>) =>
  makeNotifier(new SNSClient(clientSettings()), {
    topics: {
      critical: env.CRITICAL_TOPIC_ARN,
      high: env.HIGH_TOPIC_ARN,
      medium: env.MEDIUM_TOPIC_ARN,
      low: env.LOW_TOPIC_ARN,
    },
  });

export const webhookSecrets = (
  env: Env<['WEBHOOK_SECRET_PREFIX']>,
  { clock }: Pick<ReturnType<typeof commandPorts>, 'clock'>,
) => makeWebhookSecrets(new SecretsManagerClient(clientSettings()), { secretPrefix: env.WEBHOOK_SECRET_PREFIX, clock });

const gitCredentials = (env: Env<['GIT_SECRET_PREFIX']>, { clock }: ReturnType<typeof commandPorts>) =>
  makeGitCredential(new SecretsManagerClient(clientSettings()), { secretPrefix: env.GIT_SECRET_PREFIX, clock });

/** Git and the code host, with the credential of each rig from its secret. */
export function gitPorts(env: Env<['GIT_SECRET_PREFIX']>, command: ReturnType<typeof commandPorts>) {
  const credential = gitCredentials(env, command);
  return {
    repo: makeGitRepo({ cacheDir: '/tmp/git', clock: command.clock, credential }),
    codeHost: makeReportedChecks(command.ledger, credential),
  };
}

/** The same for who only asks a remote what it is: a third of git's code. */
export function remoteGitPorts(env: Env<['GIT_SECRET_PREFIX']>, command: ReturnType<typeof commandPorts>) {
  const credential = gitCredentials(env, command);
  return { repo: makeRemoteRepo({ credential }), codeHost: makeReportedChecks(command.ledger, credential) };
}
