/** Ends an attempt on the record, if it is still the bead's current one. */

import type { Effect } from '../../core/effects.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import type { BeadId } from '../../core/keys.ts';
import { type Ended, endAttempt } from '../../core/polecats/end-attempt.ts';
import { spentByLast } from '../../core/polecats/polecat.ts';
import { guard, together } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

/** A polecat that says it is stuck; over with its attempt. */
export const stuckCause = (bead: BeadId) => `bead/${bead}/stuck` as const;

export type EndResult = 'ended' | 'ended_before' | 'superseded';

/** Without its cost nobody reports: then what its last beat tells is booked, and no beat may come in between. */
type Told = Omit<Ended, 'costUsd'> & { readonly costUsd?: number };

export const endAttemptOf = (
  deps: CommandDeps,
  id: BeadId,
  attempt: number,
  told: Told,
  effects: readonly Effect[] = [],
): Promise<EndResult> =>
  runCommand<EndResult>(deps, `end of ${id}@${attempt}`, async (now) => {
    const { ledger } = deps;
    const bead = await load.bead(ledger, id);
    if (!bead || bead.body.attempt !== attempt) return { result: 'superseded' };
    const { status, polecat: name, admittedAt, outcome } = bead.body;
    if (status !== 'hooked' && status !== 'in_progress')
      return { result: status === 'cancelled' ? 'superseded' : 'ended_before' };
    if (outcome) return { result: 'ended_before' };
    const [polecat, capacity, budget, stuck] = await Promise.all([
      name === undefined ? undefined : load.polecat(ledger, name),
      load.capacity(ledger),
      admittedAt === undefined ? undefined : load.budget(ledger, admittedAt),
      load.escalation(ledger, stuckCause(id)),
    ]);
    const own = polecat?.body.bead === id && polecat.body.attempt === attempt ? polecat : undefined;
    const beat = own && told.costUsd === undefined ? await load.beat(ledger, own.body) : undefined;
    const ended = { head: beat?.body.head, costUsd: spentByLast(beat?.body), ...told };
    const step = together(
      endAttempt(bead, own, { capacity, budget }, ended, now),
      closeEscalation(stuck, 'town', now),
      { changes: beat ? [guard(beat, beat)] : [], effects },
    );
    return { step, result: 'ended' };
  });
