import type { BeadId } from '../keys.ts';
import type { CheckState } from '../ports.ts';

/** The body of `CHECKS#<rig>#<commit> REPORTS`: the newest report of each check. */
export interface Checks {
  readonly reports: Readonly<
    Record<string, { readonly state: CheckState; readonly url?: string; readonly reportedAt: number }>
  >;
  /** Beads at a gate, each until this check has come to an end. */
  readonly awaitedBy?: readonly { readonly bead: BeadId; readonly check: string }[];
}
