/** The only file that spells keys. Every item of the town has its key from here, and every id is taken apart here. */
import { sha256 } from './hash.ts';
import { limits } from './limits.ts';
import type { Instant, Key } from './ports.ts';

export type BeadId = string;
export type ConvoyId = string;

const padded = (n: number, digits: number): string => String(n).padStart(digits, '0');

/** `<prefix>-<convoy>-<n>`: `gh-7k2m9q-3` is bead 3 of convoy `7k2m9q`. */
export const beadId = (prefix: string, convoy: ConvoyId, n: number): BeadId => `${prefix}-${convoy}-${n}`;

export interface BeadAddress {
  readonly prefix: string;
  readonly convoy: ConvoyId;
  readonly n: number;
}

export function parseBeadId(id: string): BeadAddress | undefined {
  const match = /^([a-z][a-z0-9]{0,7})-([0-9a-z]{6})-([1-9][0-9]{0,4})$/.exec(id);
  if (!match) return undefined;
  const [, prefix = '', convoy = '', n = ''] = match;
  return { prefix, convoy, n: Number(n) };
}

function addressOf(id: BeadId): BeadAddress {
  const address = parseBeadId(id);
  if (!address) throw new Error(`BUG: not a bead id: ${id}`);
  return address;
}

/** Convoy ids: six of these characters (Crockford's base 32, lower case), drawn by `Ids`. */
export const convoyAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';
export const isConvoyId = (id: string): boolean => /^[0-9a-z]{6}$/.test(id);

const utc = (at: Instant): string => new Date(at).toISOString();
const hourOf = (at: Instant): string => utc(at).slice(0, 13);
const dayOf = (at: Instant): string => utc(at).slice(0, 10);
export const monthOf = (at: Instant): string => utc(at).slice(0, 7);

export const keys = {
  convoy: (id: ConvoyId): Key => ({ pk: `CONVOY#${id}`, sk: 'META' }),
  bead: (id: BeadId): Key => {
    const { convoy, n } = addressOf(id);
    return { pk: `CONVOY#${convoy}`, sk: `BEAD#${padded(n, 5)}` };
  },
  beadSpec: (id: BeadId): Key => {
    const { convoy, n } = addressOf(id);
    return { pk: `CONVOY#${convoy}`, sk: `SPEC#${padded(n, 5)}` };
  },
  beadHistory: (id: BeadId, at: string): Key => {
    const { convoy, n } = addressOf(id);
    return { pk: `CONVOY#${convoy}`, sk: `HIST#${padded(n, 5)}#${at}` };
  },
  /** The steps of the bead's molecule, and how far it is. */
  molecule: (id: BeadId): Key => {
    const { convoy, n } = addressOf(id);
    return { pk: `CONVOY#${convoy}`, sk: `MOLECULE#${padded(n, 5)}` };
  },
  convoyListing: (createdAt: Instant, id: ConvoyId): Key => ({
    pk: `CONVOYS#${monthOf(createdAt)}`,
    sk: `${utc(createdAt)}#${id}`,
  }),

  rig: (name: string): Key => ({ pk: `RIG#${name}`, sk: 'CONFIG' }),
  rigListing: (name: string): Key => ({ pk: 'RIGS', sk: name }),
  /** Place in line: the smaller virtual time goes first, ties by bead. */
  ready: (rig: string, virtualTime: number, bead: BeadId): Key => ({
    pk: `RIG#${rig}`,
    sk: `READY#${padded(Math.max(0, Math.round(virtualTime)), 15)}#${bead}`,
  }),
  target: (rig: string, target: string): Key => ({ pk: `RIG#${rig}`, sk: `TARGET#${target}` }),

  queue: (rig: string, target: string): Key => ({ pk: `QUEUE#${rig}#${target}`, sk: 'META' }),
  mergeRequest: (rig: string, target: string, seq: string): Key => ({ pk: `QUEUE#${rig}#${target}`, sk: `MR#${seq}` }),
  /** Where a merge request goes when it has ended, so that a tick reads only what is open. */
  endedMergeRequest: (rig: string, target: string, seq: string): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `ENDED#${seq}`,
  }),
  /** That one of the bead's attempts has landed there. */
  landedBead: (rig: string, target: string, bead: BeadId): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `LANDED#${bead}`,
  }),
  candidate: (rig: string, target: string, id: string): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `CANDIDATE#${id}`,
  }),
  landing: (rig: string, target: string, epoch: number): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `LANDING#${padded(epoch, 9)}`,
  }),
  pullRequestToClose: (rig: string, target: string, number: number): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `CLOSE#${number}`,
  }),
  treeVerdict: (rig: string, target: string, hash: string): Key => ({
    pk: `QUEUE#${rig}#${target}`,
    sk: `TREE#${hash}`,
  }),
  /** The newest report of each check of a commit. */
  checks: (rig: string, commit: string): Key => ({ pk: `CHECKS#${rig}#${commit}`, sk: 'REPORTS' }),

  /** A pull request, by its number, and by its head branch where that is not called like a number. */
  pullRequest: (rig: string, name: string): Key => ({ pk: `PULL#${rig}#${name}`, sk: 'STATE' }),

  polecat: (name: string): Key => ({ pk: `POLECAT#${name}`, sk: 'STATE' }),
  beat: (name: string): Key => ({ pk: `POLECAT#${name}`, sk: 'BEAT' }),
  polecatListing: (name: string): Key => ({ pk: 'POLECATS#alive', sk: name }),

  effect: (commit: string, i: number): Key => ({ pk: `EFFECT#${commit}`, sk: padded(i, 3) }),
  escalation: (id: string): Key => ({ pk: `ESCALATION#${id}`, sk: 'STATE' }),
  openEscalation: (id: string): Key => ({ pk: 'ESCALATIONS#open', sk: id }),

  estop: (): Key => ({ pk: 'TOWN', sk: 'SWITCH' }),
  capacity: (): Key => ({ pk: 'TOWN', sk: 'CAPACITY' }),
  gateFirst: (): Key => ({ pk: 'TOWN', sk: 'GATE_FIRST' }),
  breaker: (): Key => ({ pk: 'TOWN', sk: 'BREAKER' }),
  budget: (at: Instant): Key => ({ pk: 'TOWN', sk: `BUDGET#${dayOf(at)}` }),

  feed: (at: Instant, id: string): Key => ({ pk: `FEED#${hourOf(at)}`, sk: id }),
  idempotency: (caller: string, key: string): Key => ({
    pk: `KEY#${sha256(caller).slice(0, 16)}#${key}`,
    sk: 'RESULT',
  }),
};

/** Prefixes to query a partition by. */
export const prefixes = {
  beads: 'BEAD#',
  specs: 'SPEC#',
  history: (id: BeadId): string => `HIST#${padded(addressOf(id).n, 5)}#`,
  ready: 'READY#',
  targets: 'TARGET#',
  mergeRequests: 'MR#',
  endedMergeRequests: 'ENDED#',
  candidates: 'CANDIDATE#',
  landings: 'LANDING#',
  pullRequestsToClose: 'CLOSE#',
} as const;

export const partitions = {
  convoy: (id: ConvoyId): string => `CONVOY#${id}`,
  convoys: (month: string): string => `CONVOYS#${month}`,
  rig: (name: string): string => `RIG#${name}`,
  rigs: 'RIGS',
  queue: (rig: string, target: string): string => `QUEUE#${rig}#${target}`,
  alivePolecats: 'POLECATS#alive',
  openEscalations: 'ESCALATIONS#open',
  feed: (at: Instant): string => `FEED#${hourOf(at)}`,
} as const;

/** The attention index's partition of an item: a hash, so that no shard is hotter than the rest. */
export const attentionShardOf = (pk: string): number =>
  Number.parseInt(sha256(pk).slice(0, 8), 16) % limits.attentionShards;

/** What kind of item a key names; the Witness and the change feed sort by it. */
export type ItemKind =
  | 'effect'
  | 'bead'
  | 'convoy'
  | 'polecat'
  | 'queue'
  | 'candidate'
  | 'landing'
  | 'escalation'
  | 'rig'
  | 'feed'
  | 'other';

export function kindOf({ pk, sk }: Key): ItemKind {
  if (pk.startsWith('EFFECT#')) return 'effect';
  if (pk.startsWith('CONVOY#')) return sk === 'META' ? 'convoy' : sk.startsWith('BEAD#') ? 'bead' : 'other';
  if (pk.startsWith('POLECAT#')) return sk === 'STATE' ? 'polecat' : 'other';
  if (pk.startsWith('QUEUE#')) {
    if (sk === 'META') return 'queue';
    return sk.startsWith('CANDIDATE#') ? 'candidate' : sk.startsWith('LANDING#') ? 'landing' : 'other';
  }
  if (pk.startsWith('ESCALATION#')) return 'escalation';
  if (pk.startsWith('RIG#')) return sk === 'CONFIG' ? 'rig' : 'other';
  return pk.startsWith('FEED#') ? 'feed' : 'other';
}

/** FIFO groups of the ticks. A group is a mutual exclusion: one tick of it runs at a time. */
export const groups = {
  scheduler: (rig: string): string => `scheduler/${rig}`,
  convoy: (id: ConvoyId): string => `convoys/${id}`,
  refinery: (rig: string, target: string): string => `refinery/${rig}/${target}`,
} as const;
