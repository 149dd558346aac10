/** The bead: one atomic unit of work, from idea to merged commit. */
import { z } from 'zod';
import { roundedUsd } from '../costs/rounded.ts';
import type { StepGate } from '../formulas/formula.ts';
import type { BeadId, ConvoyId } from '../keys.ts';
import type { Instant, Severity } from '../ports.ts';

export const beadTypes = ['task', 'bug', 'feature', 'chore', 'conflict', 'review', 'escalation'] as const;
export type BeadType = (typeof beadTypes)[number];
export const beadTypeSchema = z.enum(beadTypes);

/** Types whose work may rightly end without code: closing them as `no_change` is not a failure. */
export const typesWithoutCode: ReadonlySet<BeadType> = new Set(['review', 'escalation']);

export const beadStatuses = [
  'open',
  'hooked',
  'in_progress',
  'submitted',
  'closed',
  'deferred',
  'escalated',
  'failed',
  'cancelled',
] as const;
export type BeadStatus = (typeof beadStatuses)[number];

/**
 * Which status may follow which. `closed` is final; `failed` may be retried by a human; `cancelled` becomes `closed`
 * only when the change had landed before the cancellation could stop it: main tells the truth.
 */
const nextBeadStatuses: Readonly<Record<BeadStatus, readonly BeadStatus[]>> = {
  // To `submitted` without a polecat: a bead that lands its convoy.
  open: ['hooked', 'submitted', 'closed', 'deferred', 'escalated', 'failed', 'cancelled'],
  hooked: ['in_progress', 'open', 'submitted', 'closed', 'deferred', 'escalated', 'failed', 'cancelled'],
  in_progress: ['open', 'submitted', 'closed', 'deferred', 'escalated', 'failed', 'cancelled'],
  submitted: ['open', 'closed', 'escalated', 'failed', 'cancelled'],
  // To `escalated` where it waits for what will not come.
  deferred: ['open', 'submitted', 'closed', 'escalated', 'failed', 'cancelled'],
  escalated: ['open', 'closed', 'failed', 'cancelled'],
  failed: ['open', 'closed', 'cancelled'],
  closed: [],
  cancelled: ['closed'],
};

/** `resolved`: a conflict bead whose work its merge request has. */
export const closedReasons = ['merged', 'no_change', 'superseded', 'resolved'] as const;
export type ClosedReason = (typeof closedReasons)[number];

/** What a conflict bead is for: another bead's change, which does not fit the target. */
export interface Resolves {
  /** The author's bead, the attempt that was submitted, and its merge request. */
  readonly bead: BeadId;
  readonly attempt: number;
  readonly mergeRequest: string;
  /** The author's commit, and the commit of the target to merge into it. */
  readonly head: string;
  readonly base: string;
  /** Beads that landed on the same paths since: their intents are to be kept too. */
  readonly against: readonly BeadId[];
}

/** Why an attempt ended without a finished branch, or a finished branch did not land. */
export type FailureCause =
  /** The agent's command ended with a status other than 0. */
  | 'agent_failed'
  /** The agent ended well, but changed nothing. */
  | 'empty_result'
  | 'timeout'
  | 'budget'
  /** No heartbeat: crashed, hung or killed. */
  | 'lost'
  /** Alive, but no new commit, output or step for hours. */
  | 'idle'
  /** The harness could not do its part: clone, push or verify failed. */
  | 'harness_failed'
  /** Nobody's fault: the town restarted, the host was retired. Costs no rung of the ladder. */
  | 'infrastructure'
  /** The Refinery tested the change on main, and a gate failed. */
  | 'gate_failed'
  /** As above, but the target failed by itself: nobody's fault, and the change is as good as it was. */
  | 'red_main'
  /** The change conflicts with main. */
  | 'conflict'
  /** The branch was deleted or rewritten under us. */
  | 'branch_gone';

/** The last thing that happened to a bead, until its molecule has decided what follows from it. */
export type Outcome =
  | { readonly kind: 'completed'; readonly head: string }
  | {
      readonly kind: 'phase_complete';
      readonly gate: StepGate['type'];
      /** When the timer ends; of another gate, when a human is asked instead. */
      readonly untilMs?: Instant;
      readonly bead?: BeadId;
      readonly check?: string;
      readonly pr?: string;
      /** Of its molecule: the step that the gate stands before. */
      readonly step?: string;
      readonly note: string;
    }
  | { readonly kind: 'deferred'; readonly until: Instant; readonly note: string }
  | { readonly kind: 'escalated'; readonly question: string; readonly severity: Severity }
  | { readonly kind: 'no_change'; readonly note: string }
  /** Context or time ran out: another polecat goes on from what was pushed. */
  | { readonly kind: 'handoff'; readonly note: string }
  | {
      readonly kind: 'failed';
      readonly cause: FailureCause;
      /** One line, for a human and for the next attempt. */
      readonly detail: string;
      /** Blob with the log or gate output. */
      readonly evidence?: string;
    }
  | { readonly kind: 'landed'; readonly commit: string };

/** What an earlier attempt leaves to the next one. */
export interface AttemptNote {
  readonly attempt: number;
  readonly polecat: string;
  readonly cause: FailureCause | 'phase_complete' | 'deferred' | 'escalated';
  readonly detail: string;
  readonly head?: string;
  readonly evidence?: string;
}

/** The gate that a bead waits at, or waited at last. */
export interface Gated {
  readonly type: StepGate['type'];
  readonly step?: string;
  /** The bead that must land. */
  readonly bead?: BeadId;
  /** The check that must come to an end, and the commit it runs on. */
  readonly check?: string;
  readonly head?: string;
  /** The pull request that must be merged: its number, or its head branch. */
  readonly pr?: string;
  readonly note: string;
  readonly since: Instant;
  readonly openedAt?: Instant;
  /** What opened it. */
  readonly because?: string;
  /** Why it will not open by itself. */
  readonly blocked?: string;
}

/** What the bead's molecule waits for, and the task token that lets it go on. */
export interface Wait {
  readonly for: 'line' | 'work' | 'rest' | 'gate' | 'merge';
  readonly token: string;
  readonly run: number;
}

export const triageVerdicts = ['rewrite', 'split', 'ask', 'give_up'] as const;
type TriageVerdict = (typeof triageVerdicts)[number];

/** What the Mayor made of a bead whose ladder was at its end. */
export interface Triage {
  /** Cases so far, of this bead and of the ones that it was split off from. */
  readonly count: number;
  /** The case that is not decided yet: the bead waits for the Mayor. */
  readonly open?: TriageCase;
  /** Oldest first; those of the beads that it was split off from too. */
  readonly decisions: readonly TriageDecision[];
}

interface TriageCase {
  readonly since: Instant;
  /** Why the ladder ended. */
  readonly because: string;
  /** Answers of the model so far, and the blob with all that was said. */
  readonly rounds: number;
  readonly transcript?: string;
  /** Calls that were begun since the last of which the end is known. */
  readonly unanswered?: number;
  /** Calls that brought no answer. */
  readonly misses: number;
}

export interface TriageDecision {
  readonly verdict: TriageVerdict;
  /** The attempt after which it was made. */
  readonly attempt: number;
  readonly at: Instant;
  readonly why: string;
  /** Of what it says, however it is spelt. */
  readonly hash: string;
  /** Blob with the decision in full, and the bead's text before it. */
  readonly record: string;
}

/** The body of `BEAD#<n>`. */
export interface Bead {
  readonly id: BeadId;
  readonly rig: string;
  readonly convoy: ConvoyId;
  readonly n: number;
  /** The id that the plan's author gave it (`greet`), for people. */
  readonly name: string;
  readonly title: string;
  readonly type: BeadType;
  /** 0 (most urgent) to 4. */
  readonly priority: number;
  readonly labels: readonly string[];
  readonly needs: readonly BeadId[];
  readonly runtime: string;
  readonly formula: string;
  readonly budgetUsd: number;
  readonly costUsd: number;
  readonly externalRef?: string;
  /** The bead that triage split it off from. */
  readonly partOf?: BeadId;
  /** Set on what the Refinery asked for beside the plan. */
  readonly resolves?: Resolves;
  /** The last bead of a convoy that lands as one: it brings the branch of all the others onto the target. */
  readonly landsConvoy?: true;

  readonly status: BeadStatus;
  readonly closedReason?: ClosedReason;
  /** The commit on the target that holds the bead's change, once merged. */
  readonly commit?: string;
  /** Needs that are not merged yet; empty once the convoy has called the bead ready. */
  readonly blockedBy: readonly BeadId[];
  /** A need failed or was cancelled: this bead will not start unless that one is retried. */
  readonly blockedForGood: boolean;

  /** When it became ready: its place in line, kept over retries so that a retry does not go to the back. */
  readonly readyAt?: Instant;
  /** Its key in the rig's ready line, while it stands there. */
  readonly inLine?: number;
  /** The scheduler gave it a slot, which it holds until its attempt ends. */
  readonly admittedAt?: Instant;
  /** What the admission reserved of the day's budget, in USD. */
  readonly reservedUsd?: number;

  /** Fencing token: what carries a smaller one is ignored. 0 before the first attempt. */
  readonly attempt: number;
  readonly polecat?: string;
  readonly branch?: string;
  /** The newest commit known to be on the remote for this bead: where the next attempt starts. */
  readonly head?: string;
  /** Molecule executions started for it; the current one is `<bead>_<run>`. */
  readonly run: number;
  /** Of a bead that waits for needs again, and so has no run: the last that it had. The next one counts on from it. */
  readonly lastRun?: number;
  readonly wait?: Wait;
  readonly outcome?: Outcome;
  /** Not before this instant (backoff, deferral, timer gate). */
  readonly restUntil?: Instant;
  readonly gate?: Gated;
  /** Beads at a gate that opens when this one has landed. */
  readonly awaitedBy?: readonly BeadId[];
  /** The merge request's place in the queue's partition, once submitted. */
  readonly mergeRequest?: string;
  /** The target branch it merges into. */
  readonly target: string;

  /** Failed attempts by what they cost: rungs of the ladder, and deaths that cost none. */
  readonly failures: number;
  readonly respawns: number;
  readonly infraDeaths: number;
  readonly triage?: Triage;
  /** The newest few, oldest first. */
  readonly notes: readonly AttemptNote[];
  /** What the newest attempt that handed on said for the next one, and how many did so since a human was asked. */
  readonly handoff?: { readonly attempt: number; readonly note: string; readonly count: number };
  /** What it asked a human, and the newest few questions before that had an answer. */
  readonly question?: string;
  readonly answered?: readonly { readonly question: string; readonly answer: string }[];
  /** A human's answer to its question, for the next attempt. */
  readonly answer?: string;

  readonly createdAt: Instant;
  readonly hookedAt?: Instant;
  readonly startedAt?: Instant;
  readonly submittedAt?: Instant;
  readonly closedAt?: Instant;
  /** Milliseconds spent in each of these so far, over all attempts. */
  readonly spent: { readonly agentMs: number; readonly gateMs: number; readonly backoffMs: number };
}

/** The body of `SPEC#<n>`: what the bead asks for, too long for the bead itself. */
export interface BeadSpec {
  readonly instructions: string;
  readonly acceptance: readonly string[];
  /** Values for the variables of its formula. */
  readonly vars?: Readonly<Record<string, string>>;
  /** What it will likely touch, if the plan said so. */
  readonly files?: readonly string[];
  /** The script that the shell agent runs. */
  readonly script?: string;
  /** Set when the spec is in the blob store; the fields above are then empty. */
  readonly blob?: string;
}

/** What its next attempt may spend, in USD. 0 for a bead without a budget, whose agent uses no model of the town. */
export const leftOfBudget = ({ budgetUsd, costUsd }: Pick<Bead, 'budgetUsd' | 'costUsd'>): number =>
  Math.max(0, roundedUsd(budgetUsd - costUsd));

const terminal: ReadonlySet<BeadStatus> = new Set(['closed', 'failed', 'cancelled']);
export const hasEnded = (bead: Bead): boolean => terminal.has(bead.status);

/** A dependent may start on it: its code landed, or it makes none. Closed is not merged. */
export const satisfies = (bead: Bead): boolean =>
  bead.status === 'closed' &&
  (bead.closedReason === 'merged' || (bead.closedReason === 'no_change' && typesWithoutCode.has(bead.type)));

/** A dependent can never start on it, unless a human retries it. */
export const isLost = (bead: Bead): boolean =>
  bead.status === 'failed' || bead.status === 'cancelled' || (bead.status === 'closed' && !satisfies(bead));

/** Part of the plan that its convoy is done with when it has landed. */
export const isPlanned = (bead: Bead): boolean => bead.resolves === undefined;

export function assertBeadTransition(from: BeadStatus, to: BeadStatus): void {
  if (from !== to && !nextBeadStatuses[from].includes(to)) throw new Error(`BUG: bead ${from} → ${to}`);
}
