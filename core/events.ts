/** What happened, for people: the feed, a bead's history, `gt why`. Never read by a decision. */
import type { BeadId, ConvoyId } from './keys.ts';
import type { Measured } from './metrics.ts';

export interface TownEvent {
  /** `<capability>.<past participle>`: `bead.hooked`, `mr.landed`. */
  readonly kind: string;
  /** One line, for a human. */
  readonly text: string;
  /** Who did it: a person, a polecat's name, or the capability that decided. */
  readonly who: string;
  readonly convoy?: ConvoyId;
  readonly bead?: BeadId;
  readonly rig?: string;
  readonly attempt?: number;
  /** Figures of it for the town's metrics. */
  readonly measured?: Measured;
}

/** The body of a `FEED#` or `HIST#` item. */
export interface EventRecord extends TownEvent {
  readonly at: number;
}
