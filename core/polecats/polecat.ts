/** The polecat: one bead, one branch, one sandbox, then gone. */
import { roundedUsd } from '../costs/rounded.ts';
import type { BeadId } from '../keys.ts';
import type { Instant } from '../ports.ts';

export const polecatStates = ['starting', 'working', 'checking', 'pushing', 'stuck'] as const;
export type PolecatState = (typeof polecatStates)[number];

/** The body of `POLECAT#<name> STATE`; removed when the attempt ends, so the name is free again. */
export interface Polecat {
  readonly name: string;
  readonly rig: string;
  readonly bead: BeadId;
  readonly attempt: number;
  readonly branch: string;
  /** Known once the fleet has launched it. */
  readonly taskId?: string;
  /** SHA-256 of the bearer token of this attempt (laptop); in AWS the task's own role is the identity. */
  readonly tokenHash: string;
  readonly hookedAt: Instant;
  /** Known once it has claimed its work: its agent's time and what else an attempt takes are over by then. */
  readonly endsBy?: Instant;
  readonly nudges: number;
  readonly nudgedAt?: Instant;
  /** What to say in the answer to the next beat. */
  readonly nudge?: string;
}

/** The body of `POLECAT#<name> BEAT`: unversioned, written by every beat, conditional on the attempt. */
export interface Beat {
  readonly bead: BeadId;
  readonly attempt: number;
  readonly n?: number;
  readonly at: Instant;
  readonly state: PolecatState;
  readonly step: string;
  readonly costUsd: number;
  /** What its model calls under way may cost at most. */
  readonly heldUsd?: number;
  readonly outputBytes: number;
  /** When something last came of it: a commit, output, or a new step. */
  readonly activeAt: Instant;
  readonly tail: string;
  readonly logChunks: readonly string[];
  readonly head?: string;
}

/** What an attempt has cost that ends without a report: calls that were under way have cost what they might have. */
export const spentByLast = (beat: Beat | undefined): number =>
  beat === undefined ? 0 : roundedUsd(beat.costUsd + (beat.heldUsd ?? 0));

/** The pool. Where it is too small for all that are alive, a number is appended: `Toast-2`. */
export const polecatNames = [
  'Toast',
  'Furiosa',
  'Slit',
  'Nux',
  'Capable',
  'Cheedo',
  'Dag',
  'Rictus',
  'Morsov',
  'Ace',
  'Valkyrie',
  'Keeper',
  'Organic',
  'Corpus',
  'Doof',
  'Max',
  'Goose',
  'Bubba',
  'Savannah',
  'Pappagallo',
  'Gyro',
  'Humungus',
  'Wez',
  'Aunty',
  'Blaster',
  'Master',
  'Scrooloose',
  'Ironbar',
  'Dealgood',
  'Jedediah',
  'Angharad',
  'Miss-Giddy',
] as const;

export const branchOf = (name: string, bead: BeadId, attempt: number): string => `polecat/${name}/${bead}@${attempt}`;

/** The names without end, in order: the pool, then the pool with a number appended. */
export function nameAt(i: number): string {
  const name = polecatNames[i % polecatNames.length] ?? 'Toast';
  return i < polecatNames.length ? name : `${name}-${Math.floor(i / polecatNames.length) + 1}`;
}

/**
 * A name for the next polecat, drawn from at least four times as many as are alive: three of four are free, and nobody
 * has to know which. Each further try draws from twice as many again.
 */
export function nameToTry(alive: number, tries: number, random: number): string {
  let names = polecatNames.length * 2 ** Math.min(tries, 16);
  while (names < 4 * alive) names *= 2;
  return nameAt(Math.floor(random * names));
}
