/**
 * What a commit implies for the world outside the ledger. Each effect is an item of its own, written in the same
 * transaction as the record that implies it, and performed afterwards at least once, in any order: so each one
 * re-reads its subject, or is harmless the second time by the service's own rules.
 */
import type { Outcome } from './convoys/bead.ts';
import type { BeadId, ConvoyId } from './keys.ts';
import type { Severity } from './ports.ts';

type TickQueue = 'ticks' | 'refinery';

export type Effect =
  /** Start the bead's molecule, if `run` is still its run. */
  | { readonly do: 'start_molecule'; readonly bead: BeadId; readonly run: number }
  /** Start the planning of an intent, if the convoy is still in `planning` and `run` is its run. */
  | { readonly do: 'start_intent'; readonly convoy: ConvoyId; readonly run: number }
  /** What the bead waits for at its gate has changed: let it go on, if that opens the gate. */
  | { readonly do: 'open_gate'; readonly bead: BeadId }
  /** Let the execution that waits on this token go on. Carries nothing: the record is the message. */
  | { readonly do: 'succeed_task'; readonly token: string }
  | { readonly do: 'wake'; readonly queue: TickQueue; readonly group: string }
  | { readonly do: 'stop_task'; readonly taskId: string; readonly reason: string }
  /** Tell a bead what became of its merge request; ignored if the bead has moved to another attempt. */
  | {
      readonly do: 'settle_bead';
      readonly bead: BeadId;
      readonly attempt: number;
      readonly outcome: Outcome;
      /** Time its gates ran, in milliseconds. */
      readonly gateMs?: number;
    }
  /** Run the rig's gates on a candidate, if it still waits for this run of them. */
  | {
      readonly do: 'launch_gate';
      readonly rig: string;
      readonly target: string;
      readonly candidate: string;
      readonly gateRun: number;
    }
  | { readonly do: 'notify'; readonly severity: Severity; readonly subject: string; readonly body: string };

/** The body of an `EFFECT#` item. */
export interface EffectRecord {
  readonly effect: Effect;
  readonly tries: number;
  readonly lastError?: string;
}
