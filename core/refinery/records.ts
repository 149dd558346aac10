/** What the Refinery keeps: one partition per rig and target, written by that target's tick alone (new merge requests aside). */
import type { BeadId, ConvoyId } from '../keys.ts';
import type { ChangedPaths, Instant, MergeStrategy, Oid } from '../ports.ts';
import type { Board } from './planner/board.ts';
import type { Estimates } from './planner/estimate.ts';

/** As people see them: `testing` and `suspect` are not written down, but read off the queue's board (see `shown.ts`). */
export const mergeRequestStates = [
  'queued',
  'testing',
  'suspect',
  'conflict',
  'resolving',
  'landed',
  'rejected',
  'withdrawn',
] as const;
export type MergeRequestState = (typeof mergeRequestStates)[number];

export const nextMergeRequestStates: Readonly<Record<MergeRequestState, readonly MergeRequestState[]>> = {
  queued: ['testing', 'conflict', 'rejected', 'landed', 'withdrawn'],
  testing: ['landed', 'queued', 'conflict', 'suspect', 'withdrawn'],
  suspect: ['queued', 'rejected', 'withdrawn', 'landed'],
  // A landing that was given up may still arrive, whatever became of its change in the meantime.
  conflict: ['resolving', 'queued', 'rejected', 'withdrawn', 'landed'],
  resolving: ['queued', 'rejected', 'withdrawn', 'landed'],
  landed: [],
  rejected: ['queued'],
  withdrawn: [],
};

/** The body of `MR#<seq>`. */
export interface MergeRequest {
  /** ULID: its place in the partition. */
  readonly seq: string;
  readonly bead: BeadId;
  readonly attempt: number;
  readonly convoy: ConvoyId;
  readonly title: string;
  readonly polecat: string;
  readonly priority: number;
  readonly convoyCreatedAt: Instant;
  readonly branch: string;
  /** The head that was submitted is the head that is merged. */
  readonly head: Oid;
  readonly state: MergeRequestState;
  /** One line: why it is in this state. */
  readonly because: string;
  /** Blob: gate output. */
  readonly evidence?: string;
  /** Its commits land as they are, never squashed: the branch of a convoy. */
  readonly asIs?: true;
  /** What it touches, once the Refinery has looked. */
  readonly touched?: ChangedPaths;
  /** Seqs of queued changes that its branch contains: they go first, or its squash would smuggle them in. */
  readonly after?: readonly string[];
  /** It changes how CI works, and its rig wants a human to let it go: true until one has. */
  readonly held?: boolean;
  /** Its pull request, where the rig wants one: tested once it is approved. */
  readonly review?: { readonly number: number; readonly url: string; readonly approved: boolean };
  /** Times it was tested and sent back. */
  readonly retries: number;
  /** Runs that failed with it as their last: the next one is of another commit, with checks of its own. */
  readonly failedRuns?: number;
  readonly submittedAt: Instant;
  readonly endedAt?: Instant;
  /** Its commit on the target, once landed. */
  readonly commit?: Oid;
  /** Where it does not fit the target: set when it becomes `conflict`, gone when it is `queued` again. */
  readonly conflict?: Conflict;
  /** The conflict bead made for it last, how many there have been, and why each that has ended was of no use. */
  readonly resolver?: { readonly bead: BeadId; readonly tries: number; readonly faults: readonly string[] };
}

interface Conflict {
  /** The commit of the target that it was built on, and the resolver merges in. */
  readonly base: Oid;
  readonly paths: readonly string[];
}

export const candidateStates = ['planned', 'running', 'passed', 'failed', 'infra', 'cancelled', 'landed'] as const;
export type CandidateState = (typeof candidateStates)[number];

export const nextCandidateStates: Readonly<Record<CandidateState, readonly CandidateState[]>> = {
  // Built and launched in one commit: a build that is lost is made again, and gives the same commits.
  planned: ['running', 'passed', 'cancelled'],
  running: ['passed', 'failed', 'infra', 'cancelled'],
  infra: ['running', 'cancelled'],
  passed: ['landed', 'cancelled'],
  failed: ['cancelled'],
  cancelled: [],
  landed: [],
};

/** The body of `CANDIDATE#<id>`: one commit under test, built of a chain of changes on main, one commit a change. */
export interface Candidate {
  readonly id: string;
  readonly base: Oid;
  /** The board's when it was started, once someone else has moved main. */
  readonly era?: number;
  readonly strategy: MergeStrategy;
  /** The chain of the board whose prefix it tests; absent: what has joined alone, or main itself. */
  readonly chain?: string;
  readonly members: readonly {
    readonly seq: string;
    readonly bead: BeadId;
    readonly attempt?: number;
    readonly head: Oid;
    readonly branch?: string;
    readonly commit?: Oid;
  }[];
  /** The head of the chain, and its tree, once built. */
  readonly commit?: Oid;
  readonly tree?: Oid;
  readonly ref: string;
  readonly state: CandidateState;
  readonly because: string;
  /** Hash of (tree, required checks, gate commands): what a pass is bound to. */
  readonly verdictKey?: string;
  /** Counts the launches of its gates; a verdict for an older one is ignored. */
  readonly gateRun: number;
  readonly taskId?: string;
  readonly tokenHash?: string;
  readonly infraFailures: number;
  /** Of main, which failed once: nobody believes it before it fails again. */
  readonly confirms?: true;
  readonly evidence?: string;
  readonly gateMs: number;
  /** A check of main itself, without members, before anyone is blamed. */
  readonly ofMain?: true;
  /** Its failure stands on the board: kept as evidence until its chain is resolved. */
  readonly counted?: true;
  /** Required checks that must succeed on its commit; none under gates alone. */
  readonly checks?: readonly string[];
  readonly gatesPassedAt?: Instant;
  /** The fleet had no room for its gates since. */
  readonly noRoomSince?: Instant;
  /** Gates that have given no verdict by then are infrastructure. */
  readonly deadline?: Instant;
  /** After an infrastructure failure: not launched again before. */
  readonly notBefore?: Instant;
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly passedAt?: Instant;
}

/** The body of `LANDING#<epoch>`: written before the push, so that a crash at any point is continued by re-reading main. */
export interface Landing {
  readonly epoch: number;
  readonly from: Oid;
  readonly to: Oid;
  readonly candidate: string;
  readonly members: readonly {
    readonly seq: string;
    readonly bead: BeadId;
    readonly attempt: number;
    readonly commit: Oid;
  }[];
  /** `arrived`: main contains it, and its changes are told so, some in each commit. */
  readonly state: 'open' | 'arrived' | 'done' | 'given_up';
  readonly because: string;
  readonly tries: number;
  /** How many of its members have been told, once it has arrived. */
  readonly told?: number;
  readonly pushDeadline: Instant;
  readonly openedAt: Instant;
  readonly endedAt?: Instant;
}

/** The body of a queue's `META`: only the tick writes it. */
export interface Queue {
  readonly rig: string;
  readonly target: string;
  readonly epoch: number;
  /** Epoch of the landing that has not ended, if there is one. */
  readonly openLanding?: number;
  readonly paused?: { readonly by: string; readonly because: string; readonly at: Instant };
  readonly foreignPushes: number;
  /** The target as it was last read. */
  readonly lastMain?: Oid;
  /** When a change last moved: what "no progress" is measured from. */
  readonly progressAt: Instant;
  /** Changes that ever landed here, and gate runs that were started for them. */
  readonly landedCount: number;
  readonly runsCount: number;
  /** Epochs of landings whose push may still arrive. */
  readonly givenUp?: readonly number[];
  /** The newest seqs that landed (64 at most): how often an older request was overtaken. */
  readonly landedSeqs?: readonly string[];
  /** Which changes are under test together, and what the runs have said of them. */
  readonly board?: Board;
  /** What this queue has learned of its changes and its gates. */
  readonly estimates?: Estimates;
  /** How long a run of the gates takes, in milliseconds, the newest counting most. */
  readonly runMs?: number;
  /** What was rejected since the last pass: taken back, should main turn out red. */
  readonly rejectedSincePass?: readonly { readonly bead: BeadId; readonly attempt: number }[];
  /** Why nothing is tested although changes wait: no gate configured. */
  readonly blocked?: string;
  /** The last thing that went wrong outside, and how often in a row. */
  readonly trouble?: { readonly text: string; readonly times: number; readonly at: Instant };
  /** Candidates in a row that were given up because their gates gave no verdict. */
  readonly gateTroubles?: number;
  /** Nothing new is started before this instant. */
  readonly restUntil?: Instant;
  /** The queue of a convoy that is over: its branch is gone, and nothing comes here any more. */
  readonly retired?: true;
}

/** The body of `LANDED#<bead>`: whatever its bead has heard, no other attempt of it may land. */
export interface LandedBead {
  readonly attempt: number;
  readonly commit: Oid;
}

/** The body of `TREE#<verdict key>`: a pass, reusable for the same tree, checks and commands until it expires. */
export interface TreeVerdict {
  readonly tree: Oid;
  readonly commit: Oid;
  readonly passedAt: Instant;
  readonly evidence?: string;
}

/** The gates' verdict is in and has been acted upon, or nobody wants it any more. */
export const hasEndedCandidate = ({ state, counted }: Candidate): boolean =>
  state === 'landed' || state === 'cancelled' || counted === true;
export const hasEndedRequest = ({ state }: MergeRequest): boolean =>
  state === 'landed' || state === 'rejected' || state === 'withdrawn';

export function assertMergeRequestTransition(from: MergeRequestState, to: MergeRequestState): void {
  if (from !== to && !nextMergeRequestStates[from].includes(to)) throw new Error(`BUG: merge request ${from} → ${to}`);
}

export function assertCandidateTransition(from: CandidateState, to: CandidateState): void {
  if (from !== to && !nextCandidateStates[from].includes(to)) throw new Error(`BUG: candidate ${from} → ${to}`);
}
