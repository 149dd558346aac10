/** A fleet without room for a task: who goes first when there is some, and when a human hears of it. */
import type { Alarm } from '../escalations/open.ts';
import type { Instant } from '../ports.ts';

/**
 * The body of `TOWN GATE_FIRST`. A gate ends the work of polecats, and asks for its place once a minute; those that wait
 * ask so often together that they would take every one that falls free. So while a gate has waited they do not ask.
 */
export interface GateFirst {
  readonly until: Instant;
}

export const noRoomCause = 'fleet/no-room';

/** Held slots and queued changes look like work, so nothing else would tell that nobody works. */
export const noRoom = (detail: string): Alarm => ({
  cause: noRoomCause,
  severity: 'high',
  title: 'the fleet has had no room for half an hour',
  what: `The last answer: ${detail}`,
  tried: 'every launch that found none, again and again; gates go first.',
  unattended:
    'beads that have a slot wait, and changes wait for their gates. Raise the Fargate quota of the account, or lower polecatsMax: gt doctor says how.',
  command: 'gt status',
});
