/** A convoy from its submission to its launch: each transition as one step that writes its `META` and nothing it could tear. */
import { assertConvoyTransition, type Convoy, type Planning } from '../convoys/convoy.ts';
import { stalledCause } from '../convoys/tick.ts';
import type { Fault } from '../errors.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { openEscalation } from '../escalations/open.ts';
import { type ConvoyId, groups, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import { redact } from '../redact.ts';
import { create, replace, type Step, together } from '../step.ts';

export interface NewIntent {
  readonly id: ConvoyId;
  readonly rig: string;
  readonly plan: Convoy['plan'];
  readonly land?: 'convoy';
  /** Blob with its text. */
  readonly intent: string;
  readonly title: string;
  readonly submittedBy: string;
}

export function openIntent(intent: NewIntent, now: Instant): { readonly convoy: Convoy; readonly step: Step } {
  const { id, rig, submittedBy: who } = intent;
  const convoy: Convoy = {
    ...intent,
    status: 'planning',
    progress: { total: 0, landed: 0, failed: 0, cancelled: 0, blocked: 0 },
    run: 1,
    createdAt: now,
    progressAt: now,
  };
  const step: Step = {
    changes: [
      create(keys.convoy(id), convoy, { attentionAt: now + limits.convoyStuckRepairMs }),
      create(keys.convoyListing(now, id), { id, rig, title: convoy.title, createdAt: now }),
    ],
    effects: [{ do: 'start_intent', convoy: id, run: convoy.run }],
    events: [{ kind: 'intent.submitted', who, text: `${who} asked ${rig} for: ${convoy.title}`, convoy: id, rig }],
  };
  return { convoy, step };
}

/** All beads are written: the convoy may be launched, at once or when someone approves. */
export function planned(was: Item<Convoy>, title: string, beads: number, now: Instant): Step {
  const waits = was.body.plan === 'review';
  const { draft: _, ...rest } = was.body;
  const next: Convoy = {
    ...rest,
    title,
    status: waits ? 'staged' : 'planning',
    progress: { ...was.body.progress, total: beads },
    progressAt: now,
  };
  assertConvoyTransition(was.body.status, next.status);
  const what = `${next.id} has a plan of ${beads} ${beads === 1 ? 'bead' : 'beads'}: ${title}`;
  const text = waits ? `${what}; it waits for approval: gt convoy launch ${next.id}` : what;
  return {
    // A human may take days, and the approval itself opens the convoy: nothing is overdue while it is staged.
    changes: [replace(was, next, waits ? {} : { attentionAt: now + limits.convoyStuckRepairMs })],
    events: [eventOf(next, waits ? 'convoy.staged' : 'convoy.planned', 'mayor', text)],
  };
}

const noPlanning: Planning = { rounds: 0, inputTokens: 0, outputTokens: 0, round: 0 };

/** What one call of the model took, and where it leaves the conversation. */
export interface Round {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Blob with all that has been said, if there is to be another round. */
  readonly transcript?: string;
  /** Blob with the plan that came of it, good or not. */
  readonly last?: string;
}

function planningAfter(before: Planning = noPlanning, { inputTokens, outputTokens, ...kept }: Round): Planning {
  const { transcript: _, ...rest } = before;
  return {
    ...rest,
    rounds: before.rounds + 1,
    round: before.round + 1,
    inputTokens: before.inputTokens + inputTokens,
    outputTokens: before.outputTokens + outputTokens,
    ...kept,
  };
}

/** A call begins: known before it can be paid for, whatever becomes of whoever makes it. */
export const callBegun = (was: Item<Convoy>): Step => keep(was, counted(was.body, 1));

/** It ended without an answer. `uncounted`: it was not made after all. */
export function callFailed(was: Item<Convoy>, because: string, uncounted: boolean): Step {
  const modelTrouble = redact(because).slice(0, limits.modelTroubleCharsMax);
  return keep(was, { ...counted(was.body, uncounted ? -1 : 0), modelTrouble });
}

function counted({ unanswered: before = 0, ...convoy }: Convoy, calls: number): Convoy {
  const unanswered = Math.max(0, before + calls);
  return unanswered === 0 ? convoy : { ...convoy, unanswered };
}

const keep = (was: Item<Convoy>, next: Convoy): Step => ({
  changes: [replace(was, next, { attentionAt: was.attentionAt })],
});

const withoutCalls = ({ unanswered: _, modelTrouble: __, ...convoy }: Convoy): Convoy => convoy;

/** A call was answered with no plan that holds: the conversation goes on. */
export function anotherRound(was: Item<Convoy>, round: Round, faults: readonly Fault[], now: Instant): Step {
  const planning = planningAfter(was.body.planning, round);
  const next: Convoy = { ...withoutCalls(was.body), planning, progressAt: now };
  const text = `${next.id}: round ${next.planning?.round} gave no plan that holds: ${faults[0]?.what ?? ''}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`;
  return {
    changes: [replace(was, next, { attentionAt: now + limits.convoyStuckRepairMs })],
    events: [eventOf(next, 'convoy.replanned', 'mayor', text)],
  };
}

/** Somebody has gone on meanwhile: only what the call took is written down. */
export function answeredInVain(was: Item<Convoy>, { inputTokens, outputTokens }: Round): Step {
  const before = was.body.planning ?? noPlanning;
  const planning: Planning = {
    ...before,
    inputTokens: before.inputTokens + inputTokens,
    outputTokens: before.outputTokens + outputTokens,
  };
  return { changes: [replace(was, { ...was.body, planning }, { attentionAt: was.attentionAt })] };
}

/** The plan that the model made is the convoy's from here on, whoever writes its beads. */
export function planDrafted(was: Item<Convoy>, round: Round & { readonly last: string }, now: Instant): Step {
  const { comment: _, ...planning } = planningAfter(was.body.planning, round);
  const next: Convoy = { ...withoutCalls(was.body), planning, draft: round.last, progressAt: now };
  return { changes: [replace(was, next, { attentionAt: now + limits.convoyStuckRepairMs })] };
}

/** The model made no plan that holds, as often as it may try: a human gets its faults, and the last plan. No round: it was silent. */
export function giveUpPlan(
  was: Item<Convoy>,
  round: Round | undefined,
  faults: readonly Fault[],
  escalation: Item<Escalation> | undefined,
  now: Instant,
): Step {
  const planning = round ? planningAfter(was.body.planning, round) : (was.body.planning ?? noPlanning);
  const asked = { ...was, body: { ...withoutCalls(was.body), planning } };
  const { id, rig, title } = was.body;
  const shown = faults.slice(0, 10).map(({ at, what, remedy }) => `- ${at ? `${at}: ` : ''}${what} ${remedy}`);
  const alarm = {
    cause: stalledCause(id),
    severity: 'high' as const,
    title: `convoy ${id} has no plan`,
    what: `The Mayor made no plan that holds for "${title}" on rig ${rig}. ${round ? 'The last one has these faults' : 'It got no answer'}:\n${shown.join('\n')}`,
    tried: `${planning.round} rounds with the model, each with what was wrong before.`,
    unattended: 'none of its work starts.',
    command: `gt convoy show ${id}`,
    rig,
    convoy: id,
  };
  return together(refusePlan(asked, faults, now), openEscalation(escalation, alarm, now));
}

/** Every fault is kept, up to a page of them: the rest is counted. */
export function refusePlan(was: Item<Convoy>, all: readonly Fault[], now: Instant): Step {
  const faults = all.slice(0, limits.faultsKeptMax);
  const first = faults[0];
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const place = first?.at ? `${first.at}: ` : '';
  const next: Convoy = {
    ...was.body,
    status: 'stalled',
    stalledBecause: `The plan was refused: ${place}${first?.what ?? ''} ${first?.remedy ?? ''}${more} Mend the intent and submit it again.`,
    faults,
    progressAt: now,
  };
  assertConvoyTransition(was.body.status, next.status);
  const text = `${next.id} was refused, with ${all.length} ${all.length === 1 ? 'fault' : 'faults'}: ${place}${first?.what ?? ''}${more}`;
  return { changes: [replace(was, next)], events: [eventOf(next, 'convoy.refused', 'mayor', text)] };
}

/**
 * A human wants another plan, or gives one. The execution that waits for the approval goes on with it; that of a plan which
 * was given up has ended, and another one starts.
 */
export function planAgain(
  was: Item<Convoy>,
  given: { readonly comment: string } | { readonly draft: string },
  by: string,
  text: string,
  now: Instant,
): Step {
  const { token, faults: _faults, stalledBecause: _because, planning, ...rest } = was.body;
  const ended = was.body.status === 'stalled';
  const { transcript: _, ...kept } = planning ?? noPlanning;
  const asked = 'comment' in given ? { planning: { ...kept, round: 0, comment: given.comment } } : given;
  const next: Convoy = {
    ...withoutCalls(rest),
    ...(planning ? { planning } : {}),
    ...asked,
    status: 'planning',
    run: ended ? rest.run + 1 : rest.run,
    progress: { ...rest.progress, total: 0 },
    progressAt: now,
  };
  assertConvoyTransition(was.body.status, next.status);
  return {
    changes: [replace(was, next, { attentionAt: now + limits.convoyStuckRepairMs })],
    effects: [
      ...(ended ? [{ do: 'start_intent', convoy: next.id, run: next.run } as const] : []),
      ...(token === undefined ? [] : [{ do: 'succeed_task', token } as const]),
    ],
    events: [eventOf(next, 'convoy.replanned', by, text)],
  };
}

/** Opens the convoy: one item says so, and from then on all of its beads are schedulable. */
export function launch(was: Item<Convoy>, by: string, now: Instant): Step {
  const { token, ...rest } = was.body;
  const next: Convoy = { ...rest, status: 'open', launchedAt: now, progressAt: now };
  assertConvoyTransition(was.body.status, next.status);
  return {
    changes: [replace(was, next, { attentionAt: now + limits.convoyStuckRepairMs })],
    effects: [
      { do: 'wake', queue: 'ticks', group: groups.convoy(next.id) },
      ...(token === undefined ? [] : [{ do: 'succeed_task', token } as const]),
    ],
    events: [eventOf(next, 'convoy.launched', by, `${next.id} is open: ${next.title}`)],
  };
}

const eventOf = (convoy: Convoy, kind: string, who: string, text: string) => ({
  kind,
  who,
  text,
  convoy: convoy.id,
  rig: convoy.rig,
});
