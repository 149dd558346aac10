/**
 * What the emulator lacks of Fargate: it takes tasks and never starts them. Here each runs as a process of the real
 * harness, with the environment of its launch and the credentials of its task role, known by its task's id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { assumeRole, json, trustAccount } from './aws-api.ts';

export interface Fargate {
  /** Ids of the tasks that were started, with the log of each. */
  readonly started: ReadonlyMap<string, { readonly log: string; exitCode?: number }>;
  stop(): Promise<void>;
}

export interface FargateOptions {
  readonly ecs: ECSClient;
  readonly cluster: string;
  /** The bundle of the harness: what the image holds. */
  readonly harness: string;
  readonly dir: string;
  /** What the image and the platform set. */
  readonly environment: Readonly<Record<string, string>>;
}

const lookEveryMs = 100;
/** As `lookup` in aws-api.ts, for a process that is not ours to change. */
const resolver = path.join(import.meta.dirname, 'localhost.cjs');

export async function startFargate(options: FargateOptions): Promise<Fargate> {
  const { ecs, cluster, dir } = options;
  mkdirSync(dir, { recursive: true });
  const started = new Map<string, { log: string; exitCode?: number }>();
  const running = new Map<string, ChildProcess>();
  const sessions = new Map<string, string>();
  const trusted = new Set<string>();
  const endpoint = createServer((request, response) => {
    const answer = sessions.get(request.url ?? '');
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(answer ?? '{}');
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const credentials = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;

  async function start(task: Task, id: string): Promise<void> {
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: task.taskDefinitionArn }),
    );
    const role = taskDefinition?.taskRoleArn ?? '';
    if (!trusted.has(role)) await trustAccount(role);
    trusted.add(role);
    const keys = await assumeRole(role, id);
    const grant = { AccessKeyId: keys.accessKeyId, SecretAccessKey: keys.secretAccessKey, Token: keys.sessionToken };
    sessions.set(`/${id}`, JSON.stringify({ ...grant, Expiration: keys.until }));
    const given = [...(taskDefinition?.containerDefinitions ?? []), ...(task.overrides?.containerOverrides ?? [])];
    const variables = given.flatMap(({ environment = [] }) => environment.map(({ name, value }) => [name, value]));
    const log = path.join(dir, `${id}.log`);
    const output = openSync(log, 'w');
    const child = spawn(process.execPath, ['--require', resolver, options.harness], {
      stdio: ['ignore', output, output],
      cwd: mkdtempSync(path.join(dir, 'task-')),
      env: {
        ...options.environment,
        ...Object.fromEntries(variables),
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${credentials}/${id}`,
      },
    });
    started.set(id, { log });
    running.set(id, child);
    child.once('exit', (exitCode) => {
      running.delete(id);
      started.set(id, { log, exitCode: exitCode ?? -1 });
      void ended(task, id);
    });
  }

  /** ECS says that the task has stopped: to whoever asks, and on the event bus. */
  async function ended(task: Task, id: string): Promise<void> {
    await ecs.send(new StopTaskCommand({ cluster, task: id, reason: 'Essential container in task exited' }));
    const detail = {
      taskArn: task.taskArn,
      clusterArn: task.clusterArn,
      lastStatus: 'STOPPED',
      overrides: task.overrides,
    };
    const entry = { Source: 'aws.ecs', DetailType: 'ECS Task State Change', Detail: JSON.stringify(detail) };
    await json('events', '1.1', 'AWSEvents.PutEvents', { Entries: [entry] });
  }

  async function look(): Promise<void> {
    const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, desiredStatus: 'RUNNING' }));
    const ids = taskArns.map((arn) => arn.slice(arn.lastIndexOf('/') + 1));
    for (const [id, child] of running) if (!ids.includes(id)) child.kill('SIGTERM');
    const fresh = ids.filter((id) => !started.has(id));
    if (fresh.length === 0) return;
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: fresh }));
    for (const task of tasks) await start(task, task.taskArn?.slice(task.taskArn.lastIndexOf('/') + 1) ?? '');
  }

  let on = true;
  const looking = (async () => {
    while (on) {
      await look().catch((error: unknown) => console.error(`fargate: ${String(error)}`));
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  return {
    started,
    async stop() {
      on = false;
      await looking;
      for (const child of running.values()) child.kill('SIGKILL');
      endpoint.closeAllConnections();
      endpoint.close();
    },
  };
}
