/** What people may do to convoys and beads. Each command is safe to repeat. */

import type { Bead } from '../../core/convoys/bead.ts';
import { hasEnded, isPlanned } from '../../core/convoys/bead.ts';
import { type Ending, endBead } from '../../core/convoys/cancel.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { wakeIntegration } from '../../core/convoys/integration.ts';
import { answer, reopenFailed, wakeNow } from '../../core/convoys/reopen.ts';
import { stalledCause } from '../../core/convoys/tick.ts';
import { refuse } from '../../core/errors.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import { type BeadId, type ConvoyId, groups, isConvoyId, parseBeadId } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import { isBeforeMayor } from '../../core/molecules/triage.ts';
import type { Instant, Item, Ledger } from '../../core/ports.ts';
import { replace, type Step, together } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { loadHoldings } from './holdings.ts';

/** Stops everything of the convoy that has not landed. What landed stays. */
export const cancelConvoy = (deps: CommandDeps, id: ConvoyId, by: string): Promise<void> =>
  runCommand<void>(deps, `cancel of convoy ${id}`, async (now) => {
    const was = await theConvoy(deps.ledger, id);
    const convoy = was.body;
    if (convoy.status === 'cancelled') return { result: undefined };
    if (convoy.status === 'landed')
      throw refuse(409, 'CONVOY_ENDED', `Convoy ${id} has landed.`, 'Revert its commits with your own tools.');
    const cancelled: Convoy = { ...convoy, status: 'cancelled', closedAt: now };
    // Whoever stalls it meanwhile writes the convoy too: that alarm is found by the next try.
    const stalled = await load.escalation(deps.ledger, stalledCause(id));
    return {
      step: together(closeEscalation(stalled, by, now), {
        changes: [replace(was, cancelled, { attentionAt: now + limits.convoyStuckRepairMs })],
        effects: [
          { do: 'wake', queue: 'ticks', group: groups.convoy(id) },
          ...wakeIntegration(convoy),
          ...(convoy.token ? [{ do: 'succeed_task', token: convoy.token } as const] : []),
        ],
        events: [
          { kind: 'convoy.cancelled', who: by, text: `${by} cancelled convoy ${id}`, convoy: id, rig: convoy.rig },
        ],
      }),
      result: undefined,
    };
  });

/** Sends every failed bead of the convoy round again. Returns how many. */
export async function retryConvoy(deps: CommandDeps, id: ConvoyId, by: string): Promise<number> {
  const { body: convoy } = await theConvoy(deps.ledger, id);
  if (convoy.status !== 'open' && convoy.status !== 'stalled')
    throw refuse(
      409,
      'CONVOY_NOT_RETRYABLE',
      `Convoy ${id} is ${convoy.status}.`,
      'Only an open or stalled convoy is retried.',
    );
  if (convoy.faults !== undefined)
    throw refuse(
      409,
      'CONVOY_PLAN_REFUSED',
      `The plan of convoy ${id} was refused, so it has no beads to retry.`,
      `Mend the intent (gt convoy show ${id} names its faults) and submit it again: gt submit <file> --rig ${convoy.rig}.`,
    );
  const failed = (await load.beads(deps.ledger, id)).filter(({ body }) => isPlanned(body) && body.status === 'failed');
  for (const bead of failed) await reopen(deps, bead.body.id, by);
  return failed.length;
}

const reopen = (deps: CommandDeps, id: BeadId, by: string): Promise<void> =>
  runCommand<void>(deps, `retry of ${id}`, async (now) => {
    const was = await theBead(deps.ledger, id);
    if (was.body.status !== 'failed') return { result: undefined };
    return { step: await sendOn(deps.ledger, was, reopenFailed(was, by, now), by, now), result: undefined };
  });

/**
 * The bead goes on, its alarm is over, and its convoy is open again in the same commit: whoever waits for the convoy
 * must not take the old stall for a new one, and an open convoy is one that the Witness looks after.
 */
async function sendOn(ledger: Ledger, was: Item<Bead>, step: Step, by: string, now: Instant): Promise<Step> {
  const { id, convoy } = was.body;
  const meta = await theConvoy(ledger, convoy);
  const { stalledBecause: _, ...rest } = meta.body;
  const opened: Convoy = { ...rest, status: 'open', progressAt: now };
  const attentionAt = now + limits.convoyStuckRepairMs;
  return together(
    step,
    meta.body.status === 'stalled' ? { changes: [replace(meta, opened, { attentionAt })] } : undefined,
    await closeItsAlarm(ledger, id, by, now),
  );
}

/**
 * A failed bead starts over, a resting one goes now, one that asks goes on unanswered. Anything else is refused. With a
 * budget it is the bead's from now on, for all its attempts.
 */
export const slingBead = (deps: CommandDeps, id: BeadId, by: string, budgetUsd?: number): Promise<void> =>
  runCommand<void>(deps, `sling of ${id}`, async (now) => {
    const found = await theBead(deps.ledger, id);
    const was = budgetUsd === undefined ? found : { ...found, body: { ...found.body, budgetUsd } };
    const bead = was.body;
    if (hasEnded(bead) && bead.resolves)
      throw refuse(
        409,
        'RESOLVER_ENDED',
        `${id} resolved a conflict of ${bead.resolves.bead}, whose merge request has gone on without it.`,
        `See gt why ${bead.resolves.bead}.`,
      );
    // A question may have been closed without an answer: nothing else would send its bead on.
    if (bead.status === 'failed' || bead.status === 'escalated') {
      const step = bead.status === 'failed' ? reopenFailed(was, by, now) : wakeNow(was, by, now);
      return { step: await sendOn(deps.ledger, was, step, by, now), result: undefined };
    }
    const rests = bead.restUntil !== undefined && bead.admittedAt === undefined;
    if ((bead.status === 'open' || bead.status === 'deferred') && rests)
      return { step: wakeNow(was, by, now), result: undefined };
    throw refuse(409, 'BEAD_NOT_SLINGABLE', `${id} is ${bead.status}${whatFor(bead)}.`, `See gt why ${id}.`);
  });

const whatFor = (bead: Bead): string => {
  if (isBeforeMayor(bead)) return ', and the Mayor decides what becomes of it';
  if (bead.blockedBy.length > 0) return `, blocked by ${bead.blockedBy.join(', ')}`;
  return bead.inLine === undefined ? '' : ', in line for a slot already';
};

export interface CloseBead {
  readonly by: string;
  readonly reason: 'superseded' | 'failed' | 'cancelled';
  readonly note: string;
}

/** Ends a bead by decree. Never as merged: only main says that. */
export const closeBead = (deps: CommandDeps, id: BeadId, { by, reason, note }: CloseBead): Promise<void> =>
  runCommand<void>(deps, `close of ${id}`, async (now) => {
    const { ledger } = deps;
    const was = await theBead(ledger, id);
    if (was.body.status === 'closed' || was.body.status === 'cancelled')
      throw refuse(409, 'BEAD_ENDED', `${id} is ${was.body.status} already.`, `See gt why ${id}.`);
    if (hasEnded(was.body) && reason === 'failed') return { result: undefined };
    const ending: Ending = reason === 'superseded' ? { status: 'closed', reason } : { status: reason };
    const step = endBead(was, await loadHoldings(ledger, [was]), ending, by, note || `${by} said so`, now);
    return { step: together(step, await closeItsAlarm(ledger, id, by, now)), result: undefined };
  });

/** Refused unless the bead waits for an answer. */
export const answerBead = (deps: CommandDeps, id: BeadId, text: string, by: string): Promise<void> =>
  runCommand<void>(deps, `answer to ${id}`, async (now) => {
    const was = await theBead(deps.ledger, id);
    if (was.body.status !== 'escalated')
      throw refuse(409, 'BEAD_NOT_WAITING', `${id} is ${was.body.status}, it asks nothing.`, `See gt why ${id}.`);
    return { step: await sendOn(deps.ledger, was, answer(was, text, by, now), by, now), result: undefined };
  });

const closeItsAlarm = async (ledger: Ledger, id: BeadId, by: string, now: Instant): Promise<Step> =>
  closeEscalation(await load.escalation(ledger, beadCause(id)), by, now);

async function theConvoy(ledger: Ledger, id: ConvoyId): Promise<Item<Convoy>> {
  const convoy = isConvoyId(id) ? await load.convoy(ledger, id) : undefined;
  if (!convoy)
    throw refuse(404, 'CONVOY_UNKNOWN', `There is no convoy "${id.slice(0, 80)}".`, 'List them with gt convoy list.');
  return convoy;
}

async function theBead(ledger: Ledger, id: BeadId): Promise<Item<Bead>> {
  const bead = parseBeadId(id) ? await load.bead(ledger, id) : undefined;
  if (!bead)
    throw refuse(404, 'BEAD_UNKNOWN', `There is no bead "${id.slice(0, 80)}".`, 'List them with gt bead list.');
  return bead;
}
