/**
 * "Every rung has a count, every retry a rest, every kind of death its own bound": a failure is counted as what it was, the
 * ladder ends where the rig says and not before, and who rests is not in line.
 */
import { type Bead, type FailureCause, hasEnded, isPlanned } from '../../../core/convoys/bead.ts';
import { limits } from '../../../core/limits.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { RigConfig } from '../../../core/rigs/rig.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { changed, committerOf, rigOf, skewMs } from './records.ts';

const deaths: readonly FailureCause[] = ['lost', 'idle'];
const byMolecule = /^molecule#/;

function countBreach(was: Bead, is: Bead, cause: FailureCause): string | undefined {
  const grew = (field: 'failures' | 'respawns' | 'infraDeaths'): number => is[field] - was[field];
  const infra = cause === 'infrastructure';
  const isRight =
    grew('failures') === (infra ? 0 : 1) &&
    grew('infraDeaths') === (infra ? 1 : 0) &&
    grew('respawns') === (deaths.includes(cause) ? 1 : 0);
  return isRight
    ? undefined
    : `${is.id} failed for ${cause}, and counts ${is.failures} failures, ${is.respawns} deaths, ${is.infraDeaths} of its host`;
}

function endBreach(
  { id, status, failures, respawns, infraDeaths, triage }: Bead,
  config: RigConfig,
): string | undefined {
  const rungs = config['retry.same_agent'] + config['retry.fresh'];
  const isOver = failures > rungs || respawns >= limits.respawnsMax || infraDeaths > limits.infraDeathsMax;
  const isTriaged = triage?.open !== undefined;
  if (isTriaged && !isOver) return `${id} is before the Mayor after ${failures} failures of ${rungs + 1}`;
  if (status === 'failed' && !isOver) return `${id} is given up after ${failures} failures of ${rungs + 1}`;
  return status === 'open' && isOver && !isTriaged
    ? `${id} goes on after ${failures} failures, ${respawns} deaths`
    : undefined;
}

function restBreach(seen: Seen, was: Bead, is: Bead): string | undefined {
  const stands = is.inLine !== undefined && was.inLine === undefined;
  return stands && was.restUntil !== undefined && was.restUntil > seen.now + skewMs(seen)
    ? `${is.id} stands in line, and rests for ${was.restUntil - seen.now} ms more`
    : undefined;
}

/** What the rig says of its last failure, unless its host died. */
function dueBreach(is: Bead, cause: FailureCause, config: RigConfig): string | undefined {
  if (is.status !== 'open' || is.triage?.open || cause === 'infrastructure') return undefined;
  const rests = config['retry.backoff_s'];
  const seconds = rests[Math.min(is.failures, rests.length) - 1] ?? 0;
  return seconds > 0 && is.restUntil === undefined ? `${is.id} is to rest ${seconds} s, and does not` : undefined;
}

export const theLadderIsClimbed = (): Invariant => ({
  name: 'the ladder is climbed rung by rung',
  check(seen) {
    for (const { was, is } of changed(seen, 'bead')) {
      if (!was || !is || !byMolecule.test(committerOf(seen))) continue;
      const rest = restBreach(seen, was.body, is.body);
      if (rest !== undefined) return rest;
      const { outcome } = was.body;
      const rig = rigOf(seen, is.body.rig);
      if (outcome?.kind !== 'failed' || is.body.outcome || !rig || !isPlanned(is.body)) continue;
      const breach =
        countBreach(was.body, is.body, outcome.cause) ??
        endBreach(is.body, configOf(rig)) ??
        dueBreach(is.body, outcome.cause, configOf(rig));
      if (breach !== undefined) return breach;
      if (hasEnded(is.body) && is.body.status !== 'failed') return `${is.body.id} failed, and is ${is.body.status}`;
    }
    return undefined;
  },
});
