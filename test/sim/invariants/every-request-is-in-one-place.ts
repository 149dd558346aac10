/**
 * "Every merge request that has not ended is queued, in a candidate, or with a resolver: exactly one of them." In a
 * candidate means on the board: in one chain, or among what has joined, once. None is lost: what leaves the open part
 * of a queue is filed as ended, and a submitted bead has a request, or is about to hear what became of it.
 */

import type { EffectRecord } from '../../../core/effects.ts';
import { keys, prefixes } from '../../../core/keys.ts';
import { hasEndedRequest, type MergeRequest, type Queue } from '../../../core/refinery/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, changed } from './records.ts';

function boardBreach(seen: Seen, pk: string): string | undefined {
  const { joined = [], chains = [] } = seen.get<Queue>({ pk, sk: 'META' })?.body.board ?? {};
  const places = new Set<string>();
  for (const seq of [...joined, ...chains.flatMap(({ members }) => members)]) {
    if (places.has(seq)) return `request ${seq} of ${pk} is on the board twice`;
    places.add(seq);
    const request = seen.get<MergeRequest>({ pk, sk: `${prefixes.mergeRequests}${seq}` })?.body;
    if (!request) return `request ${seq} of ${pk} is on the board, and not in the queue`;
    if (request.state !== 'queued' && !hasEndedRequest(request))
      return `request of ${request.bead} is ${request.state}, and on the board`;
  }
  return undefined;
}

function resolverBreach(seen: Seen, { state, bead, resolver }: MergeRequest): string | undefined {
  if (state !== 'resolving') return undefined;
  const { resolves } = (resolver && beadOf(seen, resolver.bead)) ?? {};
  return resolves?.bead === bead
    ? undefined
    : `request of ${bead} waits for resolver ${resolver?.bead}, which there is not`;
}

export function everyRequestIsInOnePlace(): Invariant {
  /** Beads that have been told what became of their request, or will be. */
  const settled = new Set<string>();
  /** Those of which an attempt has landed: that closes the bead in whichever it is. */
  const landed = new Set<string>();
  const hears = (bead: string, attempt: number): boolean => landed.has(bead) || settled.has(`${bead}@${attempt}`);

  function filedBreach(seen: Seen): string | undefined {
    for (const { key, was, is } of changed(seen, 'request')) {
      if (is || !was) continue;
      const filed = seen.get<MergeRequest>({ pk: key.pk, sk: key.sk.replace('MR#', 'ENDED#') })?.body;
      if (!filed) return `request of ${was.body.bead} is gone, and not filed`;
      if (!hasEndedRequest(filed)) return `request of ${filed.bead} is filed as ${filed.state}`;
      const author = beadOf(seen, filed.bead);
      const waits = author?.status === 'submitted' && !author.outcome && author.attempt === filed.attempt;
      if (waits && !hears(filed.bead, filed.attempt))
        return `request of ${filed.bead} is ${filed.state}, and its bead will not hear of it`;
    }
    return undefined;
  }

  return {
    name: 'every open merge request is in exactly one place',
    check(seen) {
      for (const { is } of changed(seen, 'effect')) {
        const { effect } = (is?.body ?? {}) as Partial<EffectRecord>;
        if (effect?.do !== 'settle_bead') continue;
        settled.add(`${effect.bead}@${effect.attempt}`);
        if (effect.outcome.kind === 'landed') landed.add(effect.bead);
      }
      const touched = new Set([...changed(seen, 'request'), ...changed(seen, 'queue')].map(({ key }) => key.pk));
      for (const pk of touched) {
        const breach = boardBreach(seen, pk);
        if (breach !== undefined) return breach;
      }
      for (const { is } of changed(seen, 'request')) {
        const breach = is && resolverBreach(seen, is.body);
        if (breach !== undefined) return breach;
      }
      for (const { is } of changed(seen, 'bead')) {
        const bead = is?.body;
        if (bead?.status !== 'submitted' || bead.outcome) continue;
        const { rig, target, mergeRequest = '' } = bead;
        const open = seen.get(keys.mergeRequest(rig, target, mergeRequest));
        if (!open && !hears(bead.id, bead.attempt)) return `${bead.id} is submitted, and has no request`;
      }
      return filedBreach(seen);
    },
  };
}
