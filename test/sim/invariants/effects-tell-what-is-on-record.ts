/**
 * "No effect before its record": in the transaction that makes an effect stands the record that implies it, so it may be
 * performed the moment after. And what a token or a task is told follows from what has happened to it.
 */
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { Effect } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import { type Candidate, hasEndedRequest, type MergeRequest } from '../../../core/refinery/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, changed } from './records.ts';

function breachOf(seen: Seen, effect: Effect): string | undefined {
  switch (effect.do) {
    case 'start_molecule': {
      const run = beadOf(seen, effect.bead)?.run;
      return run === effect.run ? undefined : `run ${effect.run} of ${effect.bead} is to start, and its run is ${run}`;
    }
    case 'start_intent': {
      const run = seen.get<Convoy>(keys.convoy(effect.convoy))?.body.run;
      return run === effect.run
        ? undefined
        : `run ${effect.run} of ${effect.convoy} is to start, and its run is ${run}`;
    }
    case 'launch_gate': {
      const { rig, target, candidate, gateRun } = effect;
      const known = seen.get<Candidate>(keys.candidate(rig, target, candidate))?.body;
      return known?.state === 'running' && known.gateRun === gateRun && known.commit !== undefined
        ? undefined
        : `gate run ${gateRun} of ${candidate} is to start, and it is ${known?.state} in run ${known?.gateRun}`;
    }
    case 'settle_bead': {
      const bead = beadOf(seen, effect.bead);
      const { rig = '', target = '', mergeRequest = '' } = bead ?? {};
      const open = seen.get<MergeRequest>(keys.mergeRequest(rig, target, mergeRequest))?.body;
      return open && open.attempt === effect.attempt && !hasEndedRequest(open)
        ? `${effect.bead} is to hear of the end of its request, which is ${open.state}`
        : undefined;
    }
    default:
      return undefined;
  }
}

export const effectsTellWhatIsOnRecord = (): Invariant => ({
  name: 'effects tell what is on record',
  check(seen) {
    for (const { was, is } of changed(seen, 'effect')) {
      const breach = is && !was ? breachOf(seen, is.body.effect) : undefined;
      if (breach !== undefined) return breach;
    }
    return undefined;
  },
});
