/**
 * "Only on a base that is landed main is anyone rejected", and "if nothing has passed since the previous culprit, run the
 * gate on main before rejecting anyone". Where no run can be wrong about a tree, nobody innocent is rejected.
 */
import type { Check } from '../../../core/ports.ts';
import type { Candidate, MergeRequest } from '../../../core/refinery/records.ts';
import { faultsOf } from '../git/truth.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { Heads, remoteOf } from './git.ts';
import { callsOf, candidatesOf, changed, planOf, queueNameOf } from './records.ts';

export function onlyOnLandedMain(): Invariant {
  const heads = new Heads();
  /** Queues in which something has passed, or what had passed has landed or joined, since the last rejection. */
  const proven = new Set<string>();

  function rejectionBreach(seen: Seen, pk: string, request: MergeRequest): string | undefined {
    const { bead, seq } = request;
    const { rig, target } = queueNameOf({ pk });
    const evidence = candidatesOf(seen, pk)
      .filter(({ counted, members }) => counted === true && members.at(-1)?.seq === seq)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .at(-1);
    if (!evidence) return `${bead} is rejected, and no run failed with it as its last`;
    const below = belowOf(evidence);
    if (!heads.everHad(seen, rig, target, below))
      return `${bead} is rejected for a run on ${below}, which ${target} never was at`;
    if (!proven.has(pk)) return `${bead} is rejected, and nothing has passed on ${target} since the last rejection`;
    return truthBreach(seen, rig, evidence, below, bead);
  }

  /** Main's own checks have succeeded, and the town has asked: as good as a run. */
  function checksProve(seen: Seen): void {
    for (const { args, answer = [] } of callsOf(seen, 'codeHost', 'checks')) {
      const [{ rig }, oid] = args;
      if (planOf(seen, rig)?.gates !== false || !(answer as Check[]).some(({ state }) => state === 'success')) continue;
      for (const pk of seen.partitions())
        if (pk.startsWith(`QUEUE#${rig}#`) && heads.everHad(seen, rig, queueNameOf({ pk }).target, oid)) proven.add(pk);
    }
  }

  return {
    name: 'only on landed main is anyone rejected',
    check(seen) {
      heads.look(seen);
      checksProve(seen);
      for (const { key, was, is } of changed(seen, 'candidate'))
        if ((is?.body.state === 'passed') !== (was?.body.state === 'passed') || isMainsOwn(was?.body, is?.body))
          proven.add(key.pk);
      for (const { key, was, is } of changed(seen, 'landing'))
        if (was?.body.state !== is?.body.state && (is?.body.state === 'arrived' || is?.body.state === 'done'))
          proven.add(key.pk);
      for (const { key, was, is } of changed(seen, 'queue')) {
        const { rejectedSincePass: now = [] } = is?.body ?? {};
        if (now.length <= (was?.body.rejectedSincePass ?? []).length) continue;
        const bead = now.at(-1)?.bead;
        const ended = changed(seen, 'ended').find((other) => other.key.pk === key.pk && other.is?.body.bead === bead);
        const breach = ended?.is
          ? rejectionBreach(seen, key.pk, ended.is.body)
          : `${bead} is called rejected, and no request of it ended`;
        if (breach !== undefined) return breach;
        proven.delete(key.pk);
      }
      return undefined;
    },
  };
}

/** Where checks alone decide, main has passed unless they say that it has failed: nothing is run for it. */
const isMainsOwn = (was: Candidate | undefined, is: Candidate | undefined): boolean =>
  was?.state === 'planned' && was.ofMain === true && is?.state === 'cancelled';

const belowOf = ({ members, base }: Candidate): string => members.at(-2)?.commit ?? base;

function truthBreach(
  seen: Seen,
  rig: string,
  { id, commit }: Candidate,
  below: string,
  bead: string,
): string | undefined {
  const plan = planOf(seen, rig);
  const origin = remoteOf(seen, rig);
  const [tree, before] = [origin?.commit(commit ?? '')?.tree, origin?.commit(below)?.tree];
  if (!plan || plan.requireCi || plan.ci.flakes > 0 || !tree || !before) return undefined;
  if (faultsOf(tree).length > 0 && faultsOf(before).length === 0) return undefined;
  return `${bead} is rejected for ${id}, though it broke nothing`;
}
