/**
 * "Fail closed: no gate configured, check missing, skipped, neutral, cancelled, command not found = not passed", and "under
 * require_ci the landed OID carries its own statuses".
 */
import type { Candidate } from '../../../core/refinery/records.ts';
import type { Checks } from '../../../core/rigs/checks.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { Beginnings, Histories } from './memory.ts';
import { changed, committerOf, queueNameOf } from './records.ts';

export function failClosed(): Invariant {
  const beginnings = new Beginnings();
  const rigs = new Histories<Rig>();
  /** `<rig> <commit> <check>` that has ever been a success. */
  const successes = new Set<string>();

  function look(seen: Seen): void {
    beginnings.look(seen);
    for (const { is } of changed(seen, 'rig')) if (is) rigs.of(is.body.name).is(is.body, beginnings.now);
    for (const { key, is } of seen.changed) {
      if (!key.pk.startsWith('CHECKS#') || !is) continue;
      const [, rig, commit] = key.pk.split('#');
      for (const [name, { state }] of Object.entries((is.body as unknown as Checks).reports))
        if (state === 'success') successes.add(`${rig} ${commit} ${name}`);
    }
  }

  function passBreach(seen: Seen, rig: string, was: Candidate | undefined, is: Candidate): string | undefined {
    const asked = rigs
      .of(rig)
      .since(beginnings.of(committerOf(seen)))
      .map(configOf);
    if (asked.every((config) => config.gates.length === 0 && !config['refinery.require_ci']))
      return `candidate ${is.id} passed, and ${rig} tests nothing`;
    if (
      asked.every(({ gates }) => gates.length > 0) &&
      is.gateRun === 0 &&
      was?.state !== 'planned' &&
      was?.gatesPassedAt === undefined
    )
      return `candidate ${is.id} passed, and no gate ever ran`;
    const missing = (is.checks ?? []).find((name) => !successes.has(`${rig} ${is.commit} ${name}`));
    return missing === undefined
      ? undefined
      : `candidate ${is.id} passed, and check ${missing} never succeeded on ${is.commit}`;
  }

  return {
    name: 'what was not tested has not passed',
    check(seen) {
      look(seen);
      for (const { key, was, is } of changed(seen, 'candidate')) {
        if (is?.body.state !== 'passed' || was?.body.state === 'passed' || is.body.ofMain) continue;
        const breach = passBreach(seen, queueNameOf(key).rig, was?.body, is.body);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  };
}
