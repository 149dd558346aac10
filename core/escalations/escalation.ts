/** A question or alarm for a human, until someone acknowledges and closes it. One is open per cause. */
import { tokenOf } from '../hash.ts';
import type { BeadId, ConvoyId } from '../keys.ts';
import type { Instant, Severity } from '../ports.ts';

type EscalationStatus = 'open' | 'acknowledged' | 'closed';

/** The body of `ESCALATION#<id> STATE`. */
export interface Escalation {
  readonly id: string;
  /** What it is about, stable: `bead/gh-7k2m9q-3`, `queue/greenhouse/main/rejected`. The id is its hash. */
  readonly cause: string;
  readonly severity: Severity;
  readonly status: EscalationStatus;
  readonly title: string;
  /** What happened, what was tried, what if nobody acts, and one command. */
  readonly body: string;
  readonly rig?: string;
  readonly convoy?: ConvoyId;
  readonly bead?: BeadId;
  readonly openedAt: Instant;
  /** When the trouble began, as far as is known: it may be found only later. */
  readonly since?: Instant;
  readonly acknowledgedBy?: string;
  readonly answer?: string;
  readonly closedAt?: Instant;
  readonly closedBy?: string;
  /** How often the same cause came up while it was open, or since the first time. */
  readonly times: number;
  readonly raises: number;
}

/** Letters and digits only, the same for the same cause. */
export const escalationId = (cause: string): string => `esc-${tokenOf(cause).slice(0, 12)}`;
