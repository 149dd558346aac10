/**
 * "A pass binds to (tree, required checks, validation command) and expires; a failure is never reused." A rig may change
 * its mind at any time, and a tick reads what it asks for once: what counts is what the rig asked for since it began.
 */
import { keys } from '../../../core/keys.ts';
import { policyOf, verdictKeyOf } from '../../../core/refinery/policy.ts';
import type { Candidate, Landing, TreeVerdict } from '../../../core/refinery/records.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { Beginnings, Histories } from './memory.ts';
import { candidatesOf, changed, committerOf, queueNameOf } from './records.ts';

export function aPassBinds(): Invariant {
  const beginnings = new Beginnings();
  const rigs = new Histories<Rig>();

  const policies = (seen: Seen, rig: string) =>
    rigs
      .of(rig)
      .since(beginnings.of(committerOf(seen)))
      .map((body) => policyOf(configOf(body)));

  function landingBreach(seen: Seen, pk: string, { epoch, candidate: id, openedAt }: Landing): string | undefined {
    const candidate = candidatesOf(seen, pk).find((other) => other.id === id);
    if (!candidate?.tree) return `landing ${epoch} is of candidate ${id}, which has no tree`;
    const { tree, checks = [], verdictKey, passedAt = 0 } = candidate;
    const asked = policies(seen, queueNameOf({ pk }).rig);
    if (!asked.some((policy) => verdictKeyOf(tree, policy, checks) === verdictKey))
      return `landing ${epoch}: the pass of ${id} is of other gates or checks than the rig asks for`;
    if (!asked.some(({ requireCi }) => requireCi === checks.length > 0))
      return `landing ${epoch}: the pass of ${id} is of ${checks.length} checks`;
    const ageMs = openedAt - passedAt;
    return asked.some(({ verdictExpiresMs }) => ageMs < verdictExpiresMs)
      ? undefined
      : `landing ${epoch}: the pass of ${id} is ${Math.round(ageMs / 1000)} s old, and has expired`;
  }

  /** A candidate that is past its gates without a run of its own has a pass of the same tree to show. */
  function reuseBreach(seen: Seen, pk: string, was: Candidate, is: Candidate): string | undefined {
    const isPast = is.state === 'passed' || (is.state === 'running' && is.gatesPassedAt !== undefined);
    if (was.state !== 'planned' || !isPast) return undefined;
    const { rig, target } = queueNameOf({ pk });
    if (policies(seen, rig).some(({ gates }) => gates.length === 0)) return undefined;
    const pass = seen.get<TreeVerdict>(keys.treeVerdict(rig, target, is.verdictKey ?? ''))?.body;
    return pass?.tree === is.tree
      ? undefined
      : `candidate ${is.id} passed without a run, and nothing of tree ${is.tree} has passed`;
  }

  return {
    name: 'a pass binds to its tree, checks and commands, and expires',
    check(seen) {
      beginnings.look(seen);
      for (const { is } of changed(seen, 'rig')) if (is) rigs.of(is.body.name).is(is.body, beginnings.now);
      for (const { key, was, is } of changed(seen, 'landing')) {
        const breach = is && !was ? landingBreach(seen, key.pk, is.body) : undefined;
        if (breach !== undefined) return breach;
      }
      const candidates = changed(seen, 'candidate');
      for (const { key, was, is } of candidates) {
        const breach = was && is ? reuseBreach(seen, key.pk, was.body, is.body) : undefined;
        if (breach !== undefined) return breach;
      }
      for (const { key, is } of seen.changed) {
        if (!key.sk.startsWith('TREE#') || !is) continue;
        const { tree } = is.body as unknown as TreeVerdict;
        const passed = candidates.some(
          ({ is: now }) =>
            now?.body.tree === tree && (now.body.state === 'passed' || now.body.gatesPassedAt !== undefined),
        );
        if (!passed) return `a pass of tree ${tree} is kept, and no candidate of it has passed`;
      }
      return undefined;
    },
  };
}
