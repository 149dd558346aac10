/**
 * What the harness and the town say to each other, over `/v1/polecat/*`. Every call carries the bead (or candidate)
 * and attempt it speaks for; a call for a superseded attempt is answered `{ "superseded": true }`, recorded, and the
 * harness stops.
 *
 *   POST /v1/polecat/claim    → Job          once, at start
 *   POST /v1/polecat/credential → what git needs, or null   before each fetch and push over HTTP
 *   POST /v1/polecat/beat     → BeatAnswer   every 30 s, and at each change of state
 *   PUT  /v1/polecat/blobs    → { hash }     a log chunk or evidence, `application/octet-stream`, at most 256 KB
 *   POST /v1/polecat/step     → Ack          when a step of the bead's molecule begins, waits, is done or has failed
 *   POST /v1/polecat/report   → Ack          once, at the end of a polecat
 *   POST /v1/polecat/verdict  → Ack          once, at the end of a gate task
 */
import { z } from 'zod';
import { gateTypes } from '../formulas/formula.ts';
import type { Progress } from '../formulas/progress.ts';
import { limits } from '../limits.ts';
import { polecatStates } from './polecat.ts';
import type { PresetName } from './runtime.ts';

export const oid = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'an object id: 40 or 64 hex digits');
const blob = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');

/** Names a piece of work: a bead's attempt, or a candidate's gate run. */
export const subjectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('polecat'), bead: z.string().max(40), attempt: z.int().min(1) }),
  z.strictObject({
    kind: z.literal('gate'),
    rig: z.string().max(64),
    target: z.string().max(200),
    candidate: z.string().max(64),
    gateRun: z.int().min(1),
  }),
]);
export type Subject = z.infer<typeof subjectSchema>;

/** A blob has no room for its subject: the harness sends it, as JSON, in this header beside the bearer token. */
export const subjectHeader = 'gastown-subject';

export const claimSchema = z.strictObject({ subject: subjectSchema });

/** What a polecat is to do. */
export interface PolecatJob {
  readonly kind: 'polecat';
  readonly bead: string;
  readonly attempt: number;
  readonly polecat: string;
  readonly rig: string;
  readonly remoteUrl: string;
  /** New branch to create and push. */
  readonly branch: string;
  /** Branch or commit to start from: the last pushed commit of the bead, else the target branch. */
  readonly startFrom: string;
  /** The target branch: what "changed nothing" is measured against. */
  readonly target: string;
  /** What stands in for the target, and for a start from it, while the remote has no such branch: it begins there. */
  readonly targetBase?: string;
  /** A commit of the target that is merged in first; what conflicts is left in the work tree for the agent. */
  readonly merge?: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly commitMessage: string;
  /** argv of the agent; `{prompt}` and `{script}` are replaced by file paths. */
  readonly agent: readonly string[];
  /** One of the agents that the harness knows, instead of a command; without a model it asks for its own default. */
  readonly preset?: { readonly name: PresetName; readonly model?: string };
  /** The whole prompt, for agents that read one. */
  readonly prompt: string;
  /** For the shell agent. */
  readonly script: string | null;
  readonly timeoutMs: number;
  readonly beatEveryMs: number;
  readonly allowsNoChange: boolean;
  /** What the attempt's model calls may cost, in USD: what earlier attempts have left of the bead's budget. 0: no calls. */
  readonly budgetUsd: number;
  /** The workflow to follow, as far as it has not been poured; absent: one run of the agent. */
  readonly formula?: { readonly name: string; readonly vars: Readonly<Record<string, string>> };
  /** What earlier attempts poured, and what of it is done. */
  readonly progress?: Progress;
  /** The gate that has opened last, and what that tells. */
  readonly opened?: { readonly step?: string; readonly because: string };
}

/** What a gate task is to do: run each command on a clean checkout of the commit, in order, stop at the first failure. */
export interface GateJob {
  readonly kind: 'gate';
  readonly remoteUrl: string;
  /** Fetch this ref... */
  readonly ref: string;
  /** ...and check out exactly this commit of it. */
  readonly commit: string;
  readonly gates: readonly { readonly name: string; readonly command: string; readonly timeoutMs: number }[];
  readonly beatEveryMs: number;
}

export type Job = PolecatJob | GateJob;

export const beatSchema = z.strictObject({
  subject: subjectSchema,
  /** Counts the beats of an attempt: one that is overtaken on its way is not written over a newer one. */
  n: z.int().min(1).optional(),
  state: z.enum(polecatStates),
  step: z.string().max(200),
  costUsd: z.number().min(0).max(1e6),
  /** The most that the model calls under way may cost: spent, if the harness is not heard again. */
  heldUsd: z.number().min(0).max(1e6).optional(),
  /** Bytes of output so far: growth is activity. */
  outputBytes: z.int().min(0),
  tail: z.string().max(limits.logTailBytes),
  logChunks: z.array(blob).max(80),
  head: oid.optional(),
});
export type BeatReport = z.infer<typeof beatSchema>;

export type BeatAnswer =
  | { readonly superseded: true }
  /** `stop`: end now, push what there is; with the cause `budget` report that. `nudge`: pass this on to the agent. */
  | {
      readonly superseded: false;
      readonly stop: string | null;
      readonly cause?: 'budget';
      readonly nudge: string | null;
      /** When it was given: every beat is answered with the newest, and it is passed on once. */
      readonly nudgedAt?: number;
    };

/** How an attempt ended. `head` is the branch's commit as read back from the remote after the push. */
const ended = {
  subject: subjectSchema,
  head: oid.optional(),
  costUsd: z.number().min(0).max(1e6),
  agentMs: z.number().min(0),
  log: z.array(blob).max(80),
  tail: z.string().max(limits.logTailBytes),
};

export const reportSchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('completed'), ...ended, head: oid }),
  z.strictObject({ status: z.literal('no_change'), ...ended, note: z.string().max(2000) }),
  z.strictObject({ status: z.literal('handoff'), ...ended, note: z.string().min(1).max(2000) }),
  z.strictObject({
    status: z.literal('phase_complete'),
    ...ended,
    gate: z.enum(gateTypes),
    minutes: z.number().min(0).max(limits.gateMinutesMax).optional(),
    /** What gates of these types wait for. */
    bead: z.string().max(3000).optional(),
    check: z.string().max(3000).optional(),
    pr: z.string().max(3000).optional(),
    /** Of a molecule: the step that the gate stands before. */
    step: z.string().max(50).optional(),
    note: z.string().max(2000),
  }),
  z.strictObject({
    status: z.literal('deferred'),
    ...ended,
    minutes: z.number().min(1).max(525_600),
    note: z.string().max(2000),
  }),
  z.strictObject({
    status: z.literal('escalated'),
    ...ended,
    question: z.string().min(1).max(4000),
    severity: z.enum(['critical', 'high', 'medium', 'low']),
  }),
  z.strictObject({
    status: z.literal('failed'),
    ...ended,
    cause: z.enum(['agent_failed', 'empty_result', 'timeout', 'budget', 'harness_failed', 'infrastructure']),
    detail: z.string().max(2000),
  }),
]);
export type Report = z.infer<typeof reportSchema>;

/** `infra` blames nobody: the clone failed, the runner was killed. A command that was not found is `infra: false`, failed. */
export const verdictSchema = z.strictObject({
  subject: subjectSchema,
  result: z.enum(['passed', 'failed', 'infra']),
  /** The commit that was checked out, as git says. A verdict for another commit is refused. */
  commit: oid,
  gates: z
    .array(
      z.strictObject({
        name: z.string().max(64),
        exitCode: z.int().nullable(),
        ms: z.number().min(0),
        detail: z.string().max(2000),
      }),
    )
    .max(50),
  evidence: blob.optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

export type Ack = { readonly accepted: true } | { readonly superseded: true };

/** Environment of a task, set by the fleet. The secret is only set on a laptop. */
export const harnessEnv = {
  api: 'GASTOWN_API',
  token: 'GASTOWN_TOKEN',
  subject: 'GASTOWN_SUBJECT',
} as const;
