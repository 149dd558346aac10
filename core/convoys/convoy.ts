/** The convoy: the batch of beads that one intent became. */
import type { ConvoyId } from '../keys.ts';
import type { Instant } from '../ports.ts';

export const convoyStatuses = ['planning', 'staged', 'open', 'landed', 'stalled', 'cancelled'] as const;
export type ConvoyStatus = (typeof convoyStatuses)[number];

export const nextConvoyStatuses: Readonly<Record<ConvoyStatus, readonly ConvoyStatus[]>> = {
  planning: ['staged', 'open', 'stalled', 'cancelled'],
  // Back to `planning`: a human sent the plan back, or wrote another one.
  staged: ['planning', 'open', 'cancelled'],
  open: ['landed', 'stalled', 'cancelled'],
  stalled: ['planning', 'open', 'landed', 'cancelled'],
  landed: [],
  cancelled: [],
};

export function assertConvoyTransition(from: ConvoyStatus, to: ConvoyStatus): void {
  if (from !== to && !nextConvoyStatuses[from].includes(to)) throw new Error(`BUG: convoy ${from} → ${to}`);
}

/** Of the beads of the plan: conflict beads are work for one of them, and count with it. */
export interface Progress {
  readonly total: number;
  readonly landed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly blocked: number;
}

/** How a model's plan of it came about. */
export interface Planning {
  /** Model calls, and what they took, over all rounds. */
  readonly rounds: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Calls in the conversation that goes on, and the blob that holds it. */
  readonly round: number;
  readonly transcript?: string;
  /** Blob with the last plan, as JSON: the one that stands, or the one that was refused. */
  readonly last?: string;
  /** What a human said of it, for the next one. */
  readonly comment?: string;
}

/** What model calls took, whatever came of them. */
export interface ModelUse {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The body of a convoy's `META`. */
export interface Convoy {
  readonly id: ConvoyId;
  readonly title: string;
  readonly rig: string;
  readonly status: ConvoyStatus;
  /** Blob with the intent's text, as it was submitted. */
  readonly intent: string;
  /** `auto` launches at once; `review` waits for approval in `staged`. */
  readonly plan: 'auto' | 'review';
  /** All of it reaches the target in one landing; absent: each bead by itself. */
  readonly land?: 'convoy';
  readonly submittedBy: string;
  /** Absent: no model was asked for a plan. */
  readonly planning?: Planning;
  /** Absent: none of its beads came before the Mayor. */
  readonly triage?: ModelUse;
  /** What the Mayor's calls of a model cost, in USD. Absent: nothing. */
  readonly mayorUsd?: number;
  /** Those that are being made, with the most that they may cost. Absent: none. */
  readonly calls?: readonly { readonly id: string; readonly usd: number; readonly at: Instant }[];
  /** Calls of the model since its last answer that were begun, and may have been billed. */
  readonly unanswered?: number;
  /** Why the last of them brought nothing. */
  readonly modelTrouble?: string;
  /** Blob with a plan that has been checked, whose beads are being written. */
  readonly draft?: string;
  readonly progress: Progress;
  /** Why it stalled: which bead, why, and what to do. */
  readonly stalledBecause?: string;
  /** Faults of the plan, when planning failed. */
  readonly faults?: readonly {
    readonly code: string;
    readonly what: string;
    readonly remedy: string;
    readonly at?: string;
  }[];
  /** Executions started to plan it; the current one is `<convoy>_<run>`. */
  readonly run: number;
  /** Token of the intent's execution while it waits for approval. */
  readonly token?: string;
  readonly createdAt: Instant;
  readonly launchedAt?: Instant;
  readonly closedAt?: Instant;
  /** The last time a bead moved: what "no progress" is measured from. */
  readonly progressAt: Instant;
}
