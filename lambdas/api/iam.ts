/**
 * Who calls through API Gateway: IAM has authenticated them already, this reads what it says. A task of the fleet is
 * known by its role, and its role session bears the task's id: it may speak for the one subject it was launched for.
 */
import { refuse, TownError, Unavailable } from '../../core/errors.ts';
import { keys, parseBeadId } from '../../core/keys.ts';
import type { Subject } from '../../core/polecats/protocol.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import type { Caller } from './endpoint.ts';

/** The part of `hono/aws-lambda`'s bindings that is read here. */
interface Bindings {
  readonly event?: {
    readonly requestContext?: { readonly authorizer?: { readonly iam?: { readonly userArn?: string } } };
  };
}

const arnOf = (environment: unknown): string | undefined =>
  (environment as Bindings | undefined)?.event?.requestContext?.authorizer?.iam?.userArn;

/** `arn:aws:sts::123456789012:assumed-role/<role>/<session>`, `arn:aws:iam::123456789012:user/<name>`. */
export function iamCaller(environment: unknown): Caller | TownError {
  const arn = arnOf(environment);
  const name = arn?.split(':').at(5);
  if (name) return { name };
  return refuse(401, 'CALLER_UNKNOWN', 'The request carries no IAM identity.', 'Sign it with AWS credentials (SigV4).');
}

/** People and pipelines: whoever IAM lets in, but no task, whatever its role may come to be granted. */
export function iamPerson(environment: unknown, taskRoleName: string): Caller | TownError {
  if (taskOf(environment, taskRoleName) === undefined) return iamCaller(environment);
  return refuse(
    403,
    'CALLER_IS_A_TASK',
    'A task of the fleet speaks for its bead, and for nothing else.',
    'Run gt done inside the sandbox; everything else is for people.',
  );
}

/** The id of the calling task, if the caller is one. */
export function taskOf(environment: unknown, taskRoleName: string): string | undefined {
  const caller = iamCaller(environment);
  if (caller instanceof TownError) return undefined;
  const [kind, role, session] = caller.name.split('/');
  return kind === 'assumed-role' && role === taskRoleName ? session : undefined;
}

/**
 * May the task speak for the subject? For one that has ended any task may: its calls are answered `superseded`, which
 * is how a harness that missed the end learns of it. Throws `Unavailable` while the launch is not recorded yet.
 */
export async function maySpeakFor(ledger: Ledger, task: string | undefined, subject: Subject): Promise<boolean> {
  if (task === undefined) return false;
  const launched = subject.kind === 'polecat' ? await polecatTask(ledger, subject) : await gateTask(ledger, subject);
  if (launched === 'unknown' || launched === 'ended') return launched === 'ended';
  if (launched.taskId === undefined) throw new Unavailable('the launch of this task is not recorded yet');
  return launched.taskId === task;
}

type Launched = { readonly taskId: string | undefined } | 'ended' | 'unknown';

async function polecatTask(ledger: Ledger, subject: Extract<Subject, { kind: 'polecat' }>): Promise<Launched> {
  const bead = parseBeadId(subject.bead) ? (await load.bead(ledger, subject.bead))?.body : undefined;
  if (!bead || subject.attempt > bead.attempt) return 'unknown';
  const polecat = bead.polecat === undefined ? undefined : (await load.polecat(ledger, bead.polecat))?.body;
  if (polecat?.bead !== bead.id || polecat.attempt !== subject.attempt) return 'ended';
  return { taskId: polecat.taskId };
}

async function gateTask(ledger: Ledger, subject: Extract<Subject, { kind: 'gate' }>): Promise<Launched> {
  const item = await ledger.get(keys.candidate(subject.rig, subject.target, subject.candidate));
  const candidate = recordOf<Candidate>(item)?.body;
  if (!candidate || subject.gateRun > candidate.gateRun) return 'unknown';
  if (subject.gateRun < candidate.gateRun || candidate.state !== 'running') return 'ended';
  return { taskId: candidate.taskId };
}
