/** The fleet on ECS: one Fargate task for each launch. */
import {
  ConflictException,
  DescribeTasksCommand,
  type ECSClient,
  type Failure,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { PortRefused } from '../core/errors.ts';
import type { Fleet, LaunchRequest, LaunchResult, TaskState } from '../core/ports.ts';
import { answerOf, isThrottle, isUnavailable, messageOf, nameOf, thrownBy } from './errors.ts';

export interface FleetConfig {
  /** Name or ARN. */
  readonly cluster: string;
  /** Family (its newest revision runs) or ARN of the task definition of each kind. */
  readonly taskDefinitions: Readonly<Record<LaunchRequest['kind'], string>>;
  /** The container's name, the same in each of them. */
  readonly container: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** In a public subnet without a NAT gateway a task's own address is its way out. */
  readonly publicIp: boolean;
  /** `FARGATE_SPOT` costs about a third and may be stopped with two minutes' notice. */
  readonly capacity: 'FARGATE' | 'FARGATE_SPOT';
}

/** ECS: 100 tasks a description, and a reason of at most 255 characters in an answer. */
const tasksPerListMax = 100;
const reasonCharsMax = 255;

/** A task is named by the last part of its ARN: with the cluster, ECS takes that for the whole. */
const idOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** On demand by launch type: a capacity provider has to be made known to the cluster first, as it is for Spot. */
const capacityOf = ({ capacity }: FleetConfig): Partial<RunTaskCommandInput> =>
  capacity === 'FARGATE'
    ? { launchType: 'FARGATE' }
    : { capacityProviderStrategy: [{ capacityProvider: capacity, weight: 1 }] };

function runTaskInput(config: FleetConfig, request: LaunchRequest): RunTaskCommandInput {
  const environment = Object.entries(request.environment).map(([name, value]) => ({ name, value }));
  return {
    cluster: config.cluster,
    taskDefinition: config.taskDefinitions[request.kind],
    clientToken: request.clientToken,
    count: 1,
    ...capacityOf(config),
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...config.subnets],
        securityGroups: [...config.securityGroups],
        assignPublicIp: config.publicIp ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides: {
      containerOverrides: [{ name: config.container, environment }],
      ...(request.cpuUnits === undefined ? {} : { cpu: String(request.cpuUnits) }),
      ...(request.memoryMiB === undefined ? {} : { memory: String(request.memoryMiB) }),
    },
    enableECSManagedTags: true,
    propagateTags: 'TASK_DEFINITION',
  };
}

const detailOf = ({ reason, detail }: Failure): string => [reason, detail].filter(Boolean).join(': ');

/** Reasons of `failures[]` that name a mistake; every other reason is a lack of room. */
const mistaken = /MISSING|INACTIVE|ATTRIBUTE|LOCATION|INVALID/i;
/** Quotas are said in prose: "You've reached the limit on the number of vCPUs you can run concurrently". */
const outOfRoom = /reached the limit|capacity is unavailable|capacity is not available|concurrent/i;

/** What a refused launch means. Throws when it may have happened. */
function resultOfError(what: string, error: unknown): LaunchResult {
  const detail = `${nameOf(error)}: ${messageOf(error)}`;
  // The token has launched a task already, with other parameters: that task is what the caller asked for.
  const [launched] = error instanceof ConflictException ? (error.resourceIds ?? []) : [];
  if (launched) return { ok: true, taskId: idOf(launched) };
  if (isThrottle(error) || outOfRoom.test(messageOf(error))) return { ok: false, reason: 'capacity', detail };
  // Anything else that is the caller's fault is so the next time too: access, cluster, definition, parameters.
  if (!isUnavailable(error) && error instanceof Error && '$fault' in error)
    return { ok: false, reason: 'refused', detail };
  throw thrownBy(what, error);
}

async function launch(client: ECSClient, config: FleetConfig, request: LaunchRequest): Promise<LaunchResult> {
  try {
    const { tasks, failures = [] } = await client.send(new RunTaskCommand(runTaskInput(config, request)));
    const arn = tasks?.[0]?.taskArn;
    if (arn) return { ok: true, taskId: idOf(arn) };
    const detail = failures.map(detailOf).join('; ') || 'no task, and no reason';
    return { ok: false, reason: mistaken.test(detail) ? 'refused' : 'capacity', detail };
  } catch (error) {
    return resultOfError(`launch ${request.kind}`, error);
  }
}

function stateOf(task: Task): TaskState['state'] {
  switch (task.lastStatus) {
    case 'PROVISIONING':
    case 'PENDING':
    case 'ACTIVATING':
      return 'starting';
    case 'STOPPED':
    case 'DELETED':
      return 'stopped';
    default:
      return 'running';
  }
}

/** Stop codes that say nothing about the task. */
const hostLost: ReadonlySet<string> = new Set(['SpotInterruption', 'TerminationNotice']);

function taskStateOf(taskId: string, task: Task | undefined): TaskState {
  if (!task) return { taskId, state: 'absent' };
  const container = task.containers?.[0];
  const detail = [task.stopCode, task.stoppedReason, container?.reason].filter(Boolean).join(': ');
  return {
    taskId,
    state: stateOf(task),
    ...(container?.exitCode === undefined ? {} : { exitCode: container.exitCode }),
    ...(detail ? { detail } : {}),
    ...(hostLost.has(task.stopCode ?? '') ? { hostLost: true as const } : {}),
  };
}

async function list(
  client: ECSClient,
  { cluster }: FleetConfig,
  taskIds: readonly string[],
): Promise<readonly TaskState[]> {
  if (taskIds.length === 0 || taskIds.length > tasksPerListMax) {
    throw new PortRefused(
      'TASKS_OUT_OF_RANGE',
      `${taskIds.length} tasks asked for, 1 to ${tasksPerListMax} are possible`,
    );
  }
  const command = new DescribeTasksCommand({ cluster, tasks: [...new Set(taskIds)] });
  const { tasks = [], failures = [] } = await answerOf('list tasks', client.send(command));
  const other = failures.find(({ reason }) => reason !== 'MISSING');
  if (other) throw new Error(`list tasks: ${detailOf(other)}`);
  const byId = new Map(tasks.map((task) => [idOf(task.taskArn ?? ''), task]));
  return taskIds.map((taskId) => taskStateOf(taskId, byId.get(taskId)));
}

async function stop(client: ECSClient, { cluster }: FleetConfig, task: string, reason: string): Promise<void> {
  try {
    const command = new StopTaskCommand({ cluster, task, reason: reason.slice(0, reasonCharsMax) });
    await answerOf('stop task', client.send(command));
  } catch (error) {
    if (nameOf(error) !== 'InvalidParameterException' || !/task was not found|taskId/i.test(messageOf(error)))
      throw error;
  }
}

export const makeFleet = (client: ECSClient, config: FleetConfig): Fleet => ({
  launch: (request) => launch(client, config, request),
  stop: (taskId, reason) => stop(client, config, taskId, reason),
  list: (taskIds) => list(client, config, taskIds),
});
