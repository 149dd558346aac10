/**
 * "What lands is what was tested: main moves only to a commit whose exact OID has a passing verdict", and "commit LANDING
 * before the push". Holds for every push that the town sends, whether or not it arrives.
 */
import { partitions, prefixes } from '../../../core/keys.ts';
import type { Landing } from '../../../core/refinery/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { type TownPush, TownPushes } from './git.ts';
import { candidatesOf, changed } from './records.ts';

export function onlyTestedCommitsLand(): Invariant {
  const passed = new Set<string>();
  const pushes = new TownPushes();

  function breachOf(seen: Seen, { rig, ref, from, to }: TownPush): string | undefined {
    const pk = partitions.queue(rig, ref.replace('refs/heads/', ''));
    if (!passed.has(`${pk} ${to}`))
      return `${to} is pushed to ${ref} of ${rig}, and no candidate of that commit passed`;
    const landings = seen.partition<Landing>(pk, prefixes.landings);
    const isWritten = landings.some(({ body }) => body.from === from && body.to === to);
    return isWritten ? undefined : `${to} is pushed to ${ref} of ${rig}, and no landing of it is on record`;
  }

  return {
    name: 'only tested commits land',
    check(seen) {
      for (const { key, is } of changed(seen, 'candidate'))
        if (is?.body.state === 'passed' && !is.body.ofMain) passed.add(`${key.pk} ${is.body.commit}`);
      for (const { key, was, is } of changed(seen, 'landing')) {
        if (was || !is) continue;
        const candidate = candidatesOf(seen, key.pk).find(({ id }) => id === is.body.candidate);
        if (candidate?.state !== 'passed' || candidate.commit !== is.body.to)
          return `landing ${is.body.epoch} is of ${is.body.to}, but candidate ${is.body.candidate} is ${candidate?.state} at ${candidate?.commit}`;
      }
      for (const push of pushes.look(seen)) {
        const breach = breachOf(seen, push);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  };
}
