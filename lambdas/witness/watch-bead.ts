import { type Bead, hasEnded } from '../../core/convoys/bead.ts';
import { saveBead } from '../../core/convoys/save-bead.ts';
import type { Effect } from '../../core/effects.ts';
import { groups } from '../../core/keys.ts';
import { startAgain } from '../../core/molecules/start-again.ts';
import type { Key } from '../../core/ports.ts';
import { recordOf, type Step, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import type { WitnessDeps } from './witness.ts';

/**
 * A bead that waits longer than it should: if its execution is lost, another takes over from the record; if a token
 * was lost on the way, it is sent again.
 */
export const watchBead = (deps: Pick<WitnessDeps, 'ledger' | 'workflows' | 'clock' | 'ids'>, key: Key): Promise<void> =>
  runCommand<void>(deps, `watch of ${key.pk} ${key.sk}`, async (now) => {
    const was = recordOf<Bead>(await deps.ledger.get(key));
    if (!was || hasEnded(was.body) || was.body.run === 0) return { result: undefined };
    const bead = was.body;
    const status = await deps.workflows.describe('molecule', `${bead.id}_${bead.run}`);
    const wakes = { changes: [], effects: wakesOf(bead) };
    if (status !== 'running')
      return { step: together(startAgain(was, `its execution is ${status}`, now), wakes), result: undefined };
    const step: Step = {
      changes: [saveBead(was, bead, now)],
      effects: bead.wait && mayGoOn(bead, now) ? [{ do: 'succeed_task', token: bead.wait.token }] : [],
    };
    return { step: together(step, wakes), result: undefined };
  });

/**
 * Whoever it stands in line with is woken again. The wake of a new merge request may be lost before its queue's tick
 * has written a word about it (on a laptop the messages die with the town), and then nothing else would remember it.
 */
function wakesOf({ inLine, status, rig, target }: Bead): Effect[] {
  if (inLine !== undefined) return [{ do: 'wake', queue: 'scheduler', group: groups.scheduler(rig) }];
  if (status === 'submitted') return [{ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }];
  return [];
}

/** The execution has something to do, and has been told; telling it again is harmless. */
const mayGoOn = (bead: Bead, now: number): boolean =>
  bead.outcome !== undefined ||
  (bead.wait?.for === 'line' && bead.admittedAt !== undefined) ||
  (bead.wait?.for === 'rest' && (bead.restUntil ?? 0) <= now);
