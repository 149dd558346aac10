/**
 * "No bead lost." A bead stays once its plan is complete; while it has work left somebody will look at it; whoever stands
 * in line has a place there, and a place is somebody's. And nothing that was handed in goes missing, or comes twice.
 */
import { type Bead, hasEnded, isPlanned } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { keys, kindOf, parseBeadId } from '../../../core/keys.ts';
import type { Item } from '../../../core/ports.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, beadsOf, changed } from './records.ts';

function beadBreach(seen: Seen, was: Item<Bead> | undefined, is: Item<Bead> | undefined): string | undefined {
  if (!is) {
    const convoy = seen.get<Convoy>(keys.convoy(was?.body.convoy ?? ''))?.body;
    return convoy?.status === 'planning' ? undefined : `${was?.body.id} was deleted`;
  }
  const bead = is.body;
  if (!hasEnded(bead) && bead.run > 0 && is.attentionAt === undefined)
    return `${bead.id} is ${bead.status}, and nobody will look at it again`;
  if (bead.inLine !== undefined && !seen.get(keys.ready(bead.rig, bead.inLine, bead.id)))
    return `${bead.id} stands in line, and has no place there`;
  return undefined;
}

/** A place that was given up, though its bead still stands there. */
function placeBreach(seen: Seen, sk: string): string | undefined {
  const id = sk.split('#')[2] ?? '';
  const bead = parseBeadId(id) && beadOf(seen, id);
  if (!bead || bead.inLine === undefined) return undefined;
  return keys.ready(bead.rig, bead.inLine, id).sk === sk
    ? `${id} stands in line, and its place was taken away`
    : undefined;
}

function convoyBreach(seen: Seen): string | undefined {
  const convoys = [...seen.partitions()].flatMap((pk) => {
    const meta = seen.get<Convoy>({ pk, sk: 'META' });
    return meta && kindOf(meta) === 'convoy' ? [meta.body] : [];
  });
  for (const plan of seen.scenario.convoys) {
    const own = convoys.filter(({ title }) => title === `Convoy ${plan.name}`);
    if (own.length !== 1) return `the intent of ${plan.name} became ${own.length} convoys`;
    const names = beadsOf(seen, own[0]?.id ?? '')
      .filter((bead) => isPlanned(bead) && !bead.landsConvoy && bead.partOf === undefined)
      .map(({ name }) => name);
    const planned = plan.beads.map(({ name }) => name);
    if (own[0]?.launchedAt !== undefined && names.sort().join() !== planned.sort().join())
      return `convoy ${plan.name} has beads ${names.join()}, of ${planned.join()}`;
  }
  return undefined;
}

export const noBeadIsLost = (): Invariant => ({
  name: 'no bead is lost',
  check(seen) {
    for (const { was, is } of changed(seen, 'bead')) {
      const breach = beadBreach(seen, was, is);
      if (breach !== undefined) return breach;
    }
    for (const { key, is } of seen.changed) {
      if (is || !key.pk.startsWith('RIG#') || !key.sk.startsWith('READY#')) continue;
      const breach = placeBreach(seen, key.sk);
      if (breach !== undefined) return breach;
    }
    return undefined;
  },
  atRest: convoyBreach,
});
