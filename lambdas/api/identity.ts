/**
 * Who calls through API Gateway. Its authorizer has proven them already, and what it found is read from the request's
 * context alone: a header is the caller's own word. A task of the fleet is known by its role, and its role session bears
 * the task's id: it may speak for the one subject it was launched for.
 */
import { refuse, type TownError, Unavailable } from '../../core/errors.ts';
import { keys, parseBeadId } from '../../core/keys.ts';
import type { Subject } from '../../core/polecats/protocol.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import type { Standing } from './deps.ts';
import type { Caller } from './endpoint.ts';

/** The part of `hono/aws-lambda`'s bindings that is read here. */
interface Bindings {
  readonly event?: {
    readonly requestContext?: {
      readonly authorizer?: {
        readonly iam?: { readonly userArn?: string | null } | null;
        readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> | null } | null;
      };
    };
  };
}

const authorizerOf = (environment: unknown) =>
  (environment as Bindings | undefined)?.event?.requestContext?.authorizer ?? {};

/** `arn:aws:sts::123456789012:assumed-role/<role>/<session>`, `arn:aws:iam::123456789012:user/<name>`. */
const principalOf = (environment: unknown): string | undefined =>
  authorizerOf(environment).iam?.userArn?.split(':').at(5) || undefined;

/** No principal of IAM begins so: whoever issues the tokens cannot give out the names of AWS. */
const tokenPrefix = 'jwt/';
const nameCharsMax = 200;

/**
 * `email` where the issuer verified it, since people read these names in the feed; else `sub`, which every token has. One
 * that looks like an address is marked: nobody verified that it is its holder's.
 */
function tokenSubject(environment: unknown): string | undefined {
  const claims = authorizerOf(environment).jwt?.claims ?? {};
  const verified = String(claims.email_verified) === 'true' ? claims.email : undefined;
  const { sub } = claims;
  const subject = verified ?? (typeof sub === 'string' && sub.includes('@') ? `sub:${sub}` : sub);
  if (typeof subject !== 'string' || subject === '' || subject.length > nameCharsMax) return undefined;
  return /^[\x21-\x7e]+$/.test(subject) ? `${tokenPrefix}${subject}` : undefined;
}

/** People and pipelines: whoever the authorizer lets in, but no task, whatever its role may come to be granted. */
export function personOf(environment: unknown, taskRoleName: string): Caller | TownError {
  if (taskOf(environment, taskRoleName) !== undefined) {
    return refuse(
      403,
      'CALLER_IS_A_TASK',
      'A task of the fleet speaks for its bead, and for nothing else.',
      'Run gt done inside the sandbox; everything else is for people.',
    );
  }
  const name = principalOf(environment) ?? tokenSubject(environment);
  if (name) return { name };
  return refuse(
    401,
    'CALLER_UNKNOWN',
    'The request carries no identity that this town knows.',
    'Sign it with AWS credentials (SigV4), or, where the town was given an issuer, send its token as a bearer token.',
  );
}

/** The id of the calling task, if the caller is one. */
export function taskOf(environment: unknown, taskRoleName: string): string | undefined {
  const [kind, role, session] = principalOf(environment)?.split('/') ?? [];
  return kind === 'assumed-role' && role === taskRoleName ? session : undefined;
}

/**
 * How the task stands to the subject. An attempt that has ended is `ended` for any task, which is how a harness that
 * missed the end learns of it. Throws `Unavailable` while the launch is not recorded yet.
 */
export async function standingOfTask(
  ledger: Ledger,
  task: string | undefined,
  subject: Subject,
): Promise<Standing | 'stranger'> {
  if (task === undefined) return 'stranger';
  const launched = subject.kind === 'polecat' ? await polecatTask(ledger, subject) : await gateTask(ledger, subject);
  if (launched === 'stranger' || launched === 'superseded') return launched;
  if (launched.taskId === undefined) throw new Unavailable('the launch of this task is not recorded yet');
  return launched.taskId === task ? 'current' : 'stranger';
}

type Launched = { readonly taskId: string | undefined } | 'superseded' | 'stranger';

async function polecatTask(ledger: Ledger, subject: Extract<Subject, { kind: 'polecat' }>): Promise<Launched> {
  const bead = parseBeadId(subject.bead) ? (await load.bead(ledger, subject.bead))?.body : undefined;
  if (!bead || subject.attempt > bead.attempt) return 'stranger';
  const polecat = bead.polecat === undefined ? undefined : (await load.polecat(ledger, bead.polecat))?.body;
  if (polecat?.bead !== bead.id || polecat.attempt !== subject.attempt) return 'superseded';
  return { taskId: polecat.taskId };
}

async function gateTask(ledger: Ledger, subject: Extract<Subject, { kind: 'gate' }>): Promise<Launched> {
  const item = await ledger.get(keys.candidate(subject.rig, subject.target, subject.candidate));
  const candidate = recordOf<Candidate>(item)?.body;
  if (!candidate || subject.gateRun > candidate.gateRun) return 'stranger';
  if (subject.gateRun < candidate.gateRun || candidate.state !== 'running') return 'superseded';
  return { taskId: candidate.taskId };
}
