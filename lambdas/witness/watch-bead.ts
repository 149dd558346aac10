import { type Bead, hasEnded } from '../../core/convoys/bead.ts';
import { saveBead, waitsForPullRequest } from '../../core/convoys/save-bead.ts';
import type { Effect } from '../../core/effects.ts';
import { type Alarm, openEscalation } from '../../core/escalations/open.ts';
import { groups } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { startAgain } from '../../core/molecules/start-again.ts';
import type { Instant, Item, Key } from '../../core/ports.ts';
import { recordOf, type Step, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import type { WitnessDeps } from './witness.ts';

/** One for the whole town: whatever breaks one molecule tends to break them all. */
export const executionCause = 'molecules/execution-failed';

/**
 * A bead that waits longer than it should. If its execution is lost, or was not reached by what it waits for (its sling
 * ended in the dead-letter queue, a slow invocation stored an old token over the new one), another takes over from the
 * record: the run fences the old one off.
 */
export const watchBead = (deps: Pick<WitnessDeps, 'ledger' | 'workflows' | 'clock' | 'ids'>, key: Key): Promise<void> =>
  runCommand<void>(deps, `watch of ${key.pk} ${key.sk}`, async (now) => {
    const was = recordOf<Bead>(await deps.ledger.get(key));
    if (!was || hasEnded(was.body) || was.body.run === 0) return { result: undefined };
    const bead = was.body;
    const status = await deps.workflows.describe('molecule', `${bead.id}_${bead.run}`);
    const wakes = { changes: [], effects: wakesOf(bead) };
    if (status !== 'running') {
      const because = `its execution is ${status}`;
      const alarm = status === 'failed' ? await tellFailed(deps, bead, now) : undefined;
      return { step: together(startAgain(was, because, now), wakes, alarm), result: undefined };
    }
    if (isDue(was, now) && isOwedAMove(bead, now))
      return { step: together(startAgain(was, 'its execution did not go on', now), wakes), result: undefined };
    const step: Step = {
      changes: [saveBead(was, bead, now)],
      effects:
        bead.wait?.for === 'rest' && restIsOver(bead, now) ? [{ do: 'succeed_task', token: bead.wait.token }] : [],
    };
    return { step: together(step, wakes), result: undefined };
  });

/** The index may be behind the item, and a town that restarts looks at everything. */
const isDue = ({ attentionAt }: Item<Bead>, now: Instant): boolean => attentionAt !== undefined && attentionAt <= now;

const restIsOver = ({ restUntil }: Bead, now: Instant): boolean => (restUntil ?? 0) <= now;

/**
 * Due, and the next move is the execution's own: it was told half an hour ago, by an effect that does not give up. A rest
 * is due sooner, so its execution is told again first.
 */
function isOwedAMove(bead: Bead, now: Instant): boolean {
  if (bead.outcome !== undefined) return true;
  if (bead.status !== 'open' && bead.status !== 'deferred') return false;
  if (bead.admittedAt !== undefined) return true;
  return bead.inLine === undefined && restIsOver(bead, now - limits.moleculeCheckMs + limits.restOverdueMs);
}

/** It would fail again every half hour, and nobody would know. */
async function tellFailed({ ledger }: Pick<WitnessDeps, 'ledger'>, bead: Bead, now: Instant): Promise<Step> {
  const alarm: Alarm = {
    cause: executionCause,
    severity: 'high',
    title: 'executions of molecules fail',
    what: `The execution ${bead.id}_${bead.run} failed. Its error is in Step Functions (on a laptop: in the log).`,
    tried: 'the next run has taken over from the record; it may fail in the same way.',
    unattended: 'each run that fails is followed by another one within half an hour.',
    command: `gt why ${bead.id}`,
    rig: bead.rig,
    convoy: bead.convoy,
  };
  return openEscalation(await load.escalation(ledger, executionCause), alarm, now);
}

/**
 * Whoever it stands in line with is woken again. The wake of a new merge request may be lost before its queue's tick
 * has written a word about it (on a laptop the messages die with the town), and then nothing else would remember it.
 */
function wakesOf(bead: Bead): Effect[] {
  const { id, inLine, status, rig, target } = bead;
  if (waitsForPullRequest(bead)) return [{ do: 'open_gate', bead: id }];
  if (inLine !== undefined) return [{ do: 'wake', queue: 'ticks', group: groups.scheduler(rig) }];
  if (status === 'submitted') return [{ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }];
  return [];
}
