/**
 * What must hold of a town at rest, read from every item of its ledger and from its repositories: nothing lost, nothing
 * twice, nothing left over. Returns the breaches, in words; none is the claim of every test that uses it.
 */
import { execFileSync } from 'node:child_process';
import { type Bead, hasEnded, isPlanned } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { progressOf } from '../../core/convoys/tick.ts';
import type { EffectRecord } from '../../core/effects.ts';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { type BeadId, keys, kindOf, partitions } from '../../core/keys.ts';
import type { Polecat } from '../../core/polecats/polecat.ts';
import type { Item, Key } from '../../core/ports.ts';
import {
  type Candidate,
  hasEndedCandidate,
  hasEndedRequest,
  type Landing,
  type MergeRequest,
  type Queue,
} from '../../core/refinery/records.ts';
import { targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import type { Capacity, DayBudget } from '../../core/scheduler/records.ts';
import { openStores } from '../../local/ledger/stores.ts';

/** Every item of a closed ledger, as it is on disk. */
export async function itemsOf(location: string): Promise<readonly Item[]> {
  const stores = await openStores(location);
  try {
    return (await stores.items.values().all()).map((text) => JSON.parse(text) as Item);
  } finally {
    await stores.close();
  }
}

interface Seen {
  readonly items: readonly Item[];
  readonly beads: readonly Item<Bead>[];
  readonly convoys: readonly Item<Convoy>[];
  readonly escalations: readonly Item<Escalation>[];
  readonly rigs: readonly Rig[];
  has(key: Key): boolean;
}

function look(items: readonly Item[]): Seen {
  const names = new Set(items.map(nameOf));
  const all = <Body>(kind: ReturnType<typeof kindOf>) =>
    items.filter((item) => kindOf(item) === kind) as unknown as readonly Item<Body>[];
  return {
    items,
    beads: all<Bead>('bead'),
    convoys: all<Convoy>('convoy'),
    escalations: all<Escalation>('escalation'),
    rigs: all<Rig>('rig').map((item) => item.body),
    has: (key) => names.has(nameOf(key)),
  };
}

const nameOf = ({ pk, sk }: Key): string => `${pk} ${sk}`;
const under = <Body>({ items }: Seen, pk: string, prefix = ''): Item<Body>[] =>
  items.filter((item) => item.pk === pk && item.sk.startsWith(prefix)) as unknown as Item<Body>[];

export function breachesOf(items: readonly Item[]): string[] {
  const seen = look(items);
  return [...recordBreaches(seen), ...seen.rigs.flatMap((rig) => repositoryBreaches(seen, rig))];
}

/** The same of the ledger alone: the simulator has no repository that git could read. */
export const recordBreachesOf = (items: readonly Item[]): string[] => recordBreaches(look(items));

const recordBreaches = (seen: Seen): string[] => [
  ...workBreaches(seen),
  ...shareBreaches(seen),
  ...polecatBreaches(seen),
  ...escalationBreaches(seen),
  ...queueBreaches(seen),
  ...attentionBreaches(seen),
];

/** Every bead has ended, waits for good, or is with a human; every convoy counts and calls itself right. */
function workBreaches({ beads, convoys, escalations }: Seen): string[] {
  const asked = new Set(escalations.filter(({ body }) => body.status !== 'closed').map(({ body }) => body.bead));
  const breaches: string[] = [];
  for (const { body: bead } of beads) {
    const resting = hasEnded(bead) || bead.blockedForGood || waitsOnHuman(bead, beads);
    if (bead.status === 'escalated' ? !asked.has(bead.id) : !resting) {
      breaches.push(`bead ${bead.id} is ${bead.status}, and nobody works on it`);
    }
    if (bead.status === 'failed' && isPlanned(bead) && !asked.has(bead.id))
      breaches.push(`bead ${bead.id} failed, and nobody was told`);
    if (hasEnded(bead) && (bead.admittedAt !== undefined || bead.inLine !== undefined)) {
      breaches.push(`bead ${bead.id} is ${bead.status}, but holds a slot or a place in line`);
    }
  }
  for (const { body: convoy } of convoys) {
    const own = beads.filter(({ body }) => body.convoy === convoy.id).map(({ body }) => body);
    if (JSON.stringify(progressOf(own)) !== JSON.stringify(convoy.progress)) {
      breaches.push(
        `convoy ${convoy.id} counts ${JSON.stringify(convoy.progress)} of ${JSON.stringify(progressOf(own))}`,
      );
    }
    if (convoy.status === 'planning' || convoy.status === 'open')
      breaches.push(`convoy ${convoy.id} is ${convoy.status}`);
    const plan = own.filter(isPlanned);
    const done = plan.length > 0 && plan.every((bead) => bead.status === 'closed' || bead.status === 'cancelled');
    if (convoy.status === 'landed' && !done) breaches.push(`convoy ${convoy.id} has landed without all of its beads`);
    if (convoy.status === 'stalled' && done && own.some((bead) => bead.status === 'closed'))
      breaches.push(`convoy ${convoy.id} is stalled, but all of its beads ended`);
    if (convoy.status === 'stalled' && !convoy.stalledBecause && !convoy.faults) {
      breaches.push(`convoy ${convoy.id} is stalled and does not say why`);
    }
  }
  return breaches;
}

/** The bead that resolves its conflict asks a human; or it needs, at any distance, a bead that does. */
const waitsOnHuman = (bead: Bead, beads: readonly Item<Bead>[]): boolean =>
  isAskedFor(bead.id, beads) ||
  (bead.status === 'open' &&
    bead.run === 0 &&
    bead.needs.some((need) => {
      const other = beads.find(({ body }) => body.id === need)?.body;
      return other !== undefined && (other.status === 'escalated' || waitsOnHuman(other, beads));
    }));

const isAskedFor = (bead: BeadId, beads: readonly Item<Bead>[]): boolean =>
  beads.some(({ body: { resolves, status } }) => resolves?.bead === bead && status === 'escalated');

/** At rest nobody holds a slot, money or a place in line. */
function shareBreaches(seen: Seen): string[] {
  const [capacity] = under<Capacity>(seen, 'TOWN', 'CAPACITY');
  const held = Object.entries(capacity?.body.working ?? {}).filter(([, slots]) => slots !== 0);
  return [
    ...held.map(([rig, slots]) => `${slots} slots of ${rig} are held at rest`),
    ...under<DayBudget>(seen, 'TOWN', 'BUDGET#').flatMap((item) =>
      item.body.reservedUsd === 0 ? [] : [`${item.body.reservedUsd} USD are reserved at rest (${item.sk})`],
    ),
    ...seen.rigs.flatMap((rig) =>
      under(seen, partitions.rig(rig.name), 'READY#').map((place) => `${place.sk} stands in line at rest`),
    ),
    ...seen.items
      .filter((item) => kindOf(item) === 'effect')
      .map((item) => {
        const { effect, tries, lastError } = item.body as unknown as EffectRecord;
        return `effect ${item.pk} ${item.sk} is left: ${effect.do}, ${tries} tries, ${lastError ?? 'no error'}`;
      }),
  ];
}

function polecatBreaches(seen: Seen): string[] {
  const alive = seen.items.filter((item) => kindOf(item) === 'polecat') as unknown as Item<Polecat>[];
  return [
    ...alive.map(({ body }) => `polecat ${body.name} is alive at rest (${body.bead}@${body.attempt})`),
    ...under(seen, partitions.alivePolecats).map(({ sk }) => `polecat ${sk} is listed as alive at rest`),
  ];
}

/** The list of open ones is exactly the open ones. */
function escalationBreaches(seen: Seen): string[] {
  const listed = new Set(under(seen, partitions.openEscalations).map(({ sk }) => sk));
  const open = new Set(seen.escalations.filter(({ body }) => body.status !== 'closed').map(({ body }) => body.id));
  return [
    ...[...listed].filter((id) => !open.has(id)).map((id) => `escalation ${id} is listed, but not open`),
    ...[...open].filter((id) => !listed.has(id)).map((id) => `escalation ${id} is open, but not listed`),
  ];
}

/** What a queue holds at rest: nothing, or what a human holds back. */
function queueBreaches(seen: Seen): string[] {
  return seen.items
    .filter((item) => kindOf(item) === 'queue')
    .flatMap((meta) => {
      const queue = meta.body as unknown as Queue;
      const name = `${queue.rig}/${queue.target}`;
      const told = queue.paused !== undefined || queue.blocked !== undefined;
      const requests = under<MergeRequest>(seen, meta.pk, 'MR#').filter(
        ({ body }) => !hasEndedRequest(body) && !isAskedFor(body.bead, seen.beads),
      );
      const candidates = under<Candidate>(seen, meta.pk, 'CANDIDATE#').filter(({ body }) => !hasEndedCandidate(body));
      const landings = under<Landing>(seen, meta.pk, 'LANDING#').filter(({ body }) => body.state === 'open');
      return [
        ...(told ? [] : requests.map(({ body }) => `${name}: ${body.bead} is ${body.state}: ${body.because}`)),
        ...(told
          ? []
          : candidates.map(({ body }) => `${name}: candidate ${body.id} is ${body.state}: ${body.because}`)),
        ...landings.map(({ body }) => `${name}: landing ${body.epoch} is open: ${body.because}`),
        ...(queue.openLanding === undefined ? [] : [`${name}: META names landing ${queue.openLanding} as open`]),
      ];
    });
}

/** Whatever the Witness will look at again has a reason to be looked at. */
function attentionBreaches(seen: Seen): string[] {
  const held = (item: Item): boolean => {
    switch (kindOf(item)) {
      case 'bead':
        return !hasEnded(item.body as unknown as Bead);
      case 'convoy':
        return (item.body as unknown as Convoy).status === 'staged';
      case 'escalation':
        return (item.body as unknown as Escalation).status !== 'closed';
      case 'queue':
      case 'candidate':
      case 'landing': {
        const queue = seen.items.find(({ pk, sk }) => pk === item.pk && sk === 'META')?.body as unknown as Queue;
        const held = queue.paused !== undefined || queue.blocked !== undefined || (queue.givenUp ?? []).length > 0;
        const open = under<MergeRequest>(seen, item.pk, 'MR#').filter(({ body }) => !hasEndedRequest(body));
        return held || open.some(({ body }) => isAskedFor(body.bead, seen.beads));
      }
      default:
        return false;
    }
  };
  return seen.items
    .filter((item) => item.attentionAt !== undefined && !held(item))
    .map((item) => `${nameOf(item)} is to be looked at again, without a reason`);
}

/** The branch of a convoy, and what a resolver made of it, has the commits of others and none that bears its name. */
const landsAsItIs = ({ landsConvoy, resolves }: Bead, { beads }: Seen): boolean =>
  landsConvoy === true || beads.some(({ body }) => body.id === resolves?.bead && body.landsConvoy);

/** Of a convoy that lands as one the target has every bead, or none. */
function convoyBreaches({ convoys, beads }: Seen, rig: Rig, onTarget: ReadonlySet<string>): string[] {
  return convoys
    .filter(({ body }) => body.rig === rig.name && body.land === 'convoy')
    .flatMap(({ body: convoy }) => {
      const merged = beads.filter(({ body }) => body.convoy === convoy.id && body.closedReason === 'merged');
      const wanted = convoy.status === 'landed';
      return merged
        .filter(({ body }) => !body.landsConvoy && onTarget.has(body.commit ?? '') !== wanted)
        .map(({ body }) => `convoy ${convoy.id} is ${convoy.status}, and ${body.id} is ${wanted ? 'not ' : ''}there`);
    });
}

/** Each landed bead is on its target exactly once, as the commit that it names; and nothing else claims to be a bead. */
function repositoryBreaches(seen: Seen, rig: Rig): string[] {
  const target = targetOf(rig);
  const format = '--format=%H %(trailers:key=Bead,valueonly,separator=%x2C)';
  const log = execFileSync('git', ['-C', rig.url, 'log', format, target], { encoding: 'utf8' });
  const commits = new Map<string, string[]>();
  for (const line of log.trim().split('\n')) {
    const [oid = '', beads = ''] = line.split(' ');
    for (const bead of beads.split(',').filter(Boolean)) commits.set(bead, [...(commits.get(bead) ?? []), oid]);
  }
  const breaches: string[] = [];
  for (const { body: bead } of seen.beads) {
    if (bead.rig !== rig.name || bead.target !== target || landsAsItIs(bead, seen)) continue;
    const found = commits.get(bead.id) ?? [];
    const merged = bead.status === 'closed' && bead.closedReason === 'merged';
    if (found.length > 1) breaches.push(`bead ${bead.id} landed ${found.length} times: ${found.join(', ')}`);
    if (merged && found[0] !== bead.commit) {
      breaches.push(`bead ${bead.id} is merged as ${bead.commit}, but ${target} has ${found[0] ?? 'nothing'} of it`);
    }
    if (!merged && found.length > 0) breaches.push(`bead ${bead.id} is ${bead.status}, but landed as ${found[0]}`);
  }
  breaches.push(...convoyBreaches(seen, rig, new Set([...commits.values()].flat())));
  for (const id of commits.keys()) {
    if (!seen.has(keys.bead(id))) breaches.push(`${target} has a commit of bead ${id}, which the ledger does not know`);
  }
  return breaches;
}
