/** The routes that a task speaks to, each call authenticated for the one attempt (or gate run) that it names. */
import { timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { refuse, type TownError } from '../../core/errors.ts';
import type { StepTold } from '../../core/formulas/progress.ts';
import { sha256 } from '../../core/hash.ts';
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Polecat } from '../../core/polecats/polecat.ts';
import {
  beatSchema,
  claimSchema,
  reportSchema,
  type Subject,
  subjectHeader,
  subjectSchema,
  verdictSchema,
} from '../../core/polecats/protocol.ts';
import { stepSchema } from '../../core/polecats/step-protocol.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { findBead } from '../feed/records.ts';
import { acceptBeat, acceptReport, authorizePolecat, claimPolecat } from '../polecats/protocol.ts';
import { acceptStep } from '../polecats/steps.ts';
import { acceptVerdict, claimGate } from '../refinery/verdict.ts';
import { loadRig } from '../rigs/load.ts';
import type { ApiDeps, ApiOptions, Standing } from './deps.ts';
import { type Api, type ApiEnv, endpoint } from './endpoint.ts';

export const protocolPrefix = '/v1/polecat/';
const tag = 'polecat protocol';
const superseded = { superseded: true } as const;
const supersededSchema = z.object({ superseded: z.literal(true) });
const ackSchema = z.union([z.object({ accepted: z.literal(true) }), supersededSchema]);

type GateSubject = Extract<Subject, { kind: 'gate' }>;

/** Whether the caller may speak for the subject, and is still wanted to. Throws if it is anybody else. */
async function standingOf(
  deps: ApiDeps,
  options: ApiOptions,
  context: Context<ApiEnv>,
  subject: Subject,
): Promise<Standing> {
  const standing = options.standingOf
    ? await options.standingOf(subject, context.env)
    : await standingOfBearer(deps, context.req.header('authorization'), subject);
  if (standing === 'stranger') throw strangerTo(subject);
  if (standing === 'superseded') options.onSuperseded(subject);
  return standing;
}

/**
 * An attempt that has ended keeps no secret: its late calls are answered `superseded`, whoever makes them, which tells
 * nothing and stops a harness that missed the end.
 */
async function standingOfBearer(
  deps: ApiDeps,
  authorization: string | undefined,
  subject: Subject,
): Promise<Standing | 'stranger'> {
  const token = /^Bearer ([0-9a-f]{16,128})$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return 'stranger';
  if (await matches(deps, subject, sha256(token))) return 'current';
  return (await hasEnded(deps, subject)) ? 'superseded' : 'stranger';
}

async function matches(deps: ApiDeps, subject: Subject, tokenHash: string): Promise<boolean> {
  if (subject.kind === 'polecat') return authorizePolecat(deps, subject, tokenHash);
  const candidate = await candidateOf(deps, subject);
  if (candidate?.gateRun !== subject.gateRun || candidate.state !== 'running') return false;
  const expected = candidate.tokenHash ?? '';
  return expected.length === tokenHash.length && timingSafeEqual(Buffer.from(expected), Buffer.from(tokenHash));
}

async function hasEnded(deps: ApiDeps, subject: Subject): Promise<boolean> {
  if (subject.kind === 'gate') {
    const candidate = await candidateOf(deps, subject);
    return candidate !== undefined && (subject.gateRun < candidate.gateRun || candidate.state !== 'running');
  }
  const bead = await findBead(deps.ledger, subject.bead);
  if (!bead || subject.attempt > bead.attempt) return false;
  if (subject.attempt < bead.attempt || bead.polecat === undefined) return true;
  const polecat = recordOf<Polecat>(await deps.ledger.get(keys.polecat(bead.polecat)))?.body;
  return polecat?.bead !== bead.id || polecat.attempt !== subject.attempt;
}

async function candidateOf({ ledger }: ApiDeps, subject: GateSubject): Promise<Candidate | undefined> {
  const item = await ledger.get(keys.candidate(subject.rig, subject.target, subject.candidate));
  return recordOf<Candidate>(item)?.body;
}

const strangerTo = (subject: Subject): TownError =>
  refuse(
    401,
    'ATTEMPT_UNAUTHORIZED',
    `The caller is not the task of ${subject.kind === 'polecat' ? `${subject.bead}, attempt ${subject.attempt}` : `candidate ${subject.candidate}, run ${subject.gateRun}`}.`,
    'Only the task that was launched for it may speak for it.',
  );

const wrongKind = (subject: Subject): TownError =>
  refuse(
    400,
    'SUBJECT_KIND',
    `A ${subject.kind} does not make this call.`,
    'Polecats beat and report, gates give a verdict.',
  );

export function protocolRoutes(api: Api, deps: ApiDeps, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}claim`,
      name: 'claim',
      about: 'What this task is to do; core/polecats/protocol.ts has the shape of a job',
      tag,
      body: claimSchema,
      answer: z.looseObject({}),
    },
    async ({ body: { subject }, context }) => {
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      return { ...(subject.kind === 'polecat' ? await claimPolecat(deps, subject) : await claimGate(deps, subject)) };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}beat`,
      name: 'beat',
      about: 'A heartbeat; the answer may carry a nudge or a stop',
      tag,
      body: beatSchema,
      answer: z.union([
        supersededSchema,
        z.object({
          superseded: z.literal(false),
          stop: z.string().nullable(),
          nudge: z.string().nullable(),
          nudgedAt: z.number().optional(),
          cause: z.literal('budget').optional(),
        }),
      ]),
    },
    async ({ body: { subject, ...beat }, context }) => {
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      // A gate task beats only to learn that it is no longer wanted.
      if (subject.kind === 'gate') return { superseded: false as const, stop: null, nudge: null };
      return acceptBeat(deps, { ...beat, subject });
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}credential`,
      name: 'credential',
      about: 'What git needs to fetch from and push to the remote of this task; null where it needs nothing',
      tag,
      body: claimSchema,
      answer: z.union([
        supersededSchema,
        z.object({ credential: z.object({ username: z.string(), password: z.string() }).nullable() }),
      ]),
    },
    async ({ body: { subject }, context }) => {
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      return { credential: await gitCredential(deps, subject) };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}step`,
      name: 'step',
      about: 'How a step of the bead’s molecule stands',
      tag,
      body: stepSchema,
      answer: ackSchema,
    },
    async ({ body: { subject, ...told }, context }) => {
      if (subject.kind !== 'polecat') throw wrongKind(subject);
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      return acceptStep(deps, subject, told as StepTold);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}report`,
      name: 'report',
      about: 'How the attempt ended',
      tag,
      body: reportSchema,
      answer: ackSchema,
    },
    async ({ body, context }) => {
      const { subject } = body;
      if (subject.kind !== 'polecat') throw wrongKind(subject);
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      return acceptReport(deps, { ...body, subject });
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${protocolPrefix}verdict`,
      name: 'verdict',
      about: 'What the gates said',
      tag,
      body: verdictSchema,
      answer: ackSchema,
    },
    async ({ body, context }) => {
      const { subject } = body;
      if (subject.kind !== 'gate') throw wrongKind(subject);
      if ((await standingOf(deps, options, context, subject)) === 'superseded') return superseded;
      return acceptVerdict(deps, { ...body, subject });
    },
  );

  endpoint(
    api,
    {
      method: 'put',
      path: `${protocolPrefix}blobs`,
      name: 'putBlob',
      about: `A log chunk or evidence: application/octet-stream, at most ${limits.evidenceBytesMax} bytes`,
      tag,
      headers: z.object({ [subjectHeader]: z.string().max(1000).openapi({ description: 'The subject, as JSON' }) }),
      answer: z.object({ hash: z.string() }),
    },
    async ({ context }) => {
      const subject = subjectOf(context);
      if ((await standingOf(deps, options, context, subject)) === 'superseded') throw strangerTo(subject);
      return { hash: await deps.blobs.put(new Uint8Array(await context.req.arrayBuffer()), 'text/plain') };
    },
  );
}

/**
 * Only a remote that is spoken to over HTTP asks for one; ssh has keys of its own, and a path needs none. A rig may have
 * one for its tasks alone, so that a ruleset can tell them from the Refinery, which moves main.
 */
async function gitCredential({ ledger, codeHost }: ApiDeps, subject: Subject) {
  const name = subject.kind === 'gate' ? subject.rig : (await findBead(ledger, subject.bead))?.rig;
  const { url } = (await loadRig(ledger, name ?? '')).body;
  if (!/^https?:/.test(url)) return null;
  const ofTasks = await codeHost.gitCredential({ rig: `${name}/tasks`, url });
  return ofTasks ?? (await codeHost.gitCredential({ rig: name ?? '', url })) ?? null;
}

function subjectOf(context: Context<ApiEnv>): Subject {
  const parsed = subjectSchema.safeParse(jsonOrNothing(context.req.header(subjectHeader) ?? ''));
  if (parsed.success) return parsed.data;
  throw refuse(
    400,
    'SUBJECT_INVALID',
    `The header ${subjectHeader} names no subject.`,
    'Send it as the JSON that the fleet gave the task.',
  );
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
