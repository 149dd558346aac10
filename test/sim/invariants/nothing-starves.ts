/** "Nothing starves: a change is overtaken by at most 64 later ones", and by what was under test when that came to pass. */
import { prefixes } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { isFree } from '../../../core/refinery/look.ts';
import { policyOf } from '../../../core/refinery/policy.ts';
import type { MergeRequest } from '../../../core/refinery/records.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { changed, queueNameOf, rigOf } from './records.ts';

export function nothingStarves(): Invariant {
  const overtaken = new Map<string, number>();
  return {
    name: 'nothing starves',
    check(seen) {
      for (const { key, is } of changed(seen, 'ended')) {
        const rig = rigOf(seen, queueNameOf(key).rig);
        if (is?.body.state !== 'landed' || !rig) continue;
        const { slots, batchMax } = policyOf(configOf(rig));
        for (const { body } of seen.partition<MergeRequest>(key.pk, prefixes.mergeRequests)) {
          if (body.seq > is.body.seq || body.state !== 'queued' || !isFree(body)) continue;
          const times = (overtaken.get(body.seq) ?? 0) + 1;
          overtaken.set(body.seq, times);
          if (times > limits.overtakenMax + slots * batchMax)
            return `${body.bead} was overtaken by ${times} later changes`;
        }
      }
      return undefined;
    },
  };
}
