/** One task from claim to report. Its environment says which piece of work; the town says what is to be done. */

import { bearer, type Signer, sigV4 } from '../../aws/sign.ts';
import { limits } from '../../core/limits.ts';
import { presets } from '../../core/polecats/presets.ts';
import type { Ack, Job, Report, Subject, Verdict } from '../../core/polecats/protocol.ts';
import { textOf } from './failure.ts';
import { runGate } from './gate.ts';
import type { Interrupt } from './interrupt.ts';
import { runPolecat } from './polecat.ts';
import { credentialsUrl, roleCredentials } from './role.ts';
import { makeSandbox, removeSandbox, type TaskEnvironment } from './sandbox.ts';
import { forgetSecrets, keepSecretsOf } from './secrets.ts';
import { Town } from './town.ts';

export interface Task {
  readonly environment: TaskEnvironment;
  readonly subject: Subject;
  readonly town: Town;
  readonly interrupt: Interrupt;
}

/** 0: the town has been told, or needs no telling. */
export interface TaskEnd {
  readonly exitCode: number;
  readonly detail: string;
}

const claimPatienceMs = limits.heartbeatLateMs;
const reportPatienceMs = 10 * 60_000;
/** Told to end, it has seconds left: the Witness will find that the task is gone. */
const lastWordsMs = 3_000;

/** A path of credentials is as good as the credentials: whoever knows it may ask for them. */
const secretNames = [
  ...['GASTOWN_TOKEN', 'ANTHROPIC_API_KEY', ...Object.values(presets).flatMap(({ keys }) => keys)],
  ...[
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  ],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
];

export async function runTask(environment: TaskEnvironment, interrupt: Interrupt): Promise<TaskEnd> {
  let town: Town | undefined;
  forgetSecrets();
  for (const known of [process.env, environment]) keepSecretsOf(known, secretNames);
  try {
    const subject = JSON.parse(need(environment, 'GASTOWN_SUBJECT')) as Subject;
    town = new Town(need(environment, 'GASTOWN_API'), signerOf(environment), subject);
    return await claimAndRun({ environment, subject, town, interrupt });
  } catch (error) {
    return { exitCode: 1, detail: textOf(error) };
  } finally {
    town?.close();
  }
}

async function claimAndRun(task: Task): Promise<TaskEnd> {
  const { town, subject, interrupt } = task;
  const claim = { patienceMs: claimPatienceMs, interrupt };
  const job = await town.post<Job | { superseded: true }>('claim', { subject }, claim);
  if ('superseded' in job) return { exitCode: 0, detail: 'superseded before it was claimed' };
  const box = makeSandbox(task.environment);
  try {
    const told = job.kind === 'polecat' ? await runPolecat(task, job, box) : await runGate(task, job, box);
    if (told === undefined) return { exitCode: 0, detail: 'superseded' };
    const ack = await town.post<Ack>(job.kind === 'polecat' ? 'report' : 'verdict', told, {
      patienceMs: () => (interrupt.current?.why === 'terminated' ? lastWordsMs : reportPatienceMs),
    });
    return { exitCode: 0, detail: 'superseded' in ack ? 'superseded' : summaryOf(told) };
  } finally {
    removeSandbox(box);
  }
}

const summaryOf = (told: Report | Verdict): string => ('status' in told ? told.status : told.result);

function signerOf(environment: TaskEnvironment): Signer {
  const token = environment.GASTOWN_TOKEN;
  if (token) return bearer(token);
  return sigV4({
    region: need(environment, 'AWS_REGION'),
    service: 'execute-api',
    credentials: roleCredentials(credentialsUrl(environment)),
    now: () => new Date(),
  });
}

function need(environment: TaskEnvironment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`ENV_MISSING: ${name}. The fleet sets it when it launches a task.`);
  return value;
}
