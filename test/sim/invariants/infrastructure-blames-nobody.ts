/**
 * "Infrastructure failure (timeout, lost runner, clone error, killed) is not a content failure: retried with a bound, never
 * blamed on a change". Where no run can be wrong about a tree, only a bad tree fails; and a change goes back to its
 * polecat for its gates only if they failed it.
 */
import type { Candidate } from '../../../core/refinery/records.ts';
import { faultsOf } from '../git/truth.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { remoteOf } from './git.ts';
import { changed, planOf, queueNameOf } from './records.ts';

export function infrastructureBlamesNobody(): Invariant {
  function failureBreach(seen: Seen, rig: string, { id, commit, because }: Candidate): string | undefined {
    const plan = planOf(seen, rig);
    const tree = remoteOf(seen, rig)?.commit(commit ?? '')?.tree;
    if (!plan || !tree || plan.ci.flakes > 0) return undefined;
    const mayErr = plan.requireCi && (plan.ci.contradicts > 0 || plan.ci.infra > 0);
    return mayErr || faultsOf(tree).length > 0 ? undefined : `candidate ${id} failed, and its tree is good: ${because}`;
  }

  return {
    name: 'infrastructure blames nobody',
    check(seen) {
      for (const { key, was, is } of changed(seen, 'candidate')) {
        if (is?.body.state !== 'failed' || was?.body.state === 'failed') continue;
        const breach = failureBreach(seen, queueNameOf(key).rig, is.body);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  };
}
