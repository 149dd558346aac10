/** What invariants read of a step: the records that it changed, by kind and with their bodies, and who did it. */
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { keys, kindOf, partitions, prefixes } from '../../../core/keys.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import type { Item, Key, Ports } from '../../../core/ports.ts';
import type { Candidate, Landing, MergeRequest, Queue } from '../../../core/refinery/records.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import type { PortCall, Seen } from '../kernel/invariant.ts';
import type { RigPlan } from '../kernel/scenario.ts';

interface Bodies {
  bead: Bead;
  convoy: Convoy;
  effect: EffectRecord;
  escalation: Escalation;
  polecat: Polecat;
  queue: Queue;
  candidate: Candidate;
  landing: Landing;
  request: MergeRequest;
  ended: MergeRequest;
  rig: Rig;
}

const isInQueue = (key: Key, prefix: string): boolean => key.pk.startsWith('QUEUE#') && key.sk.startsWith(prefix);

function isOf(kind: keyof Bodies, key: Key): boolean {
  if (kind === 'request') return isInQueue(key, prefixes.mergeRequests);
  if (kind === 'ended') return isInQueue(key, prefixes.endedMergeRequests);
  return kindOf(key) === kind;
}

export interface Changed<Body> {
  readonly key: Key;
  readonly was: Item<Body> | undefined;
  readonly is: Item<Body> | undefined;
}

/** The records of a kind that this step wrote, created or deleted. */
export const changed = <Kind extends keyof Bodies>(seen: Seen, kind: Kind): readonly Changed<Bodies[Kind]>[] =>
  seen.changed.length === 0
    ? []
    : (seen.changed.filter(({ key }) => isOf(kind, key)) as unknown as readonly Changed<Bodies[Kind]>[]);

type Args<Port extends keyof Ports, Method extends keyof Ports[Port]> = Ports[Port][Method] extends (
  ...args: infer A
) => unknown
  ? A
  : never;

/** Calls of a method in this step, with their arguments. */
export const callsOf = <Port extends keyof Ports, Method extends keyof Ports[Port] & string>(
  seen: Seen,
  port: Port,
  method: Method,
): readonly (PortCall & { readonly args: Args<Port, Method> })[] =>
  seen.calls.filter((call) => call.port === port && call.method === method) as never;

/** Who committed what this step changed. */
export const committerOf = (seen: Seen): string => callsOf(seen, 'ledger', 'commit')[0]?.who ?? 'nobody';

export const beadOf = (seen: Seen, id: string): Bead | undefined => seen.get<Bead>(keys.bead(id))?.body;
export const rigOf = (seen: Seen, name: string): Rig | undefined => seen.get<Rig>(keys.rig(name))?.body;
export const beadsOf = (seen: Seen, convoy: string): Bead[] =>
  seen.partition<Bead>(partitions.convoy(convoy), prefixes.beads).map(({ body }) => body);

/** `QUEUE#<rig>#<target>` taken apart. */
export function queueNameOf({ pk }: Pick<Key, 'pk'>): { readonly rig: string; readonly target: string } {
  const [, rig = '', ...target] = pk.split('#');
  return { rig, target: target.join('#') };
}

export const candidatesOf = (seen: Seen, pk: string): Candidate[] =>
  seen.partition<Candidate>(pk, prefixes.candidates).map(({ body }) => body);

/** How the scenario has this rig behave; of a rig that it does not know, nothing is claimed. */
export const planOf = (seen: Seen, rig: string): RigPlan | undefined =>
  seen.scenario.rigs.find(({ name }) => name === rig);

/** Clocks of two functions may be so far apart. */
export const skewMs = (seen: Seen): number => (seen.scenario.faults.rates.skew === undefined ? 0 : 60_000);
