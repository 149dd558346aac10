/** A convoy from its submission to its launch: each transition as one step that writes its `META` and nothing it could tear. */
import { assertConvoyTransition, type Convoy } from '../convoys/convoy.ts';
import type { Fault } from '../errors.ts';
import { type ConvoyId, groups, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import { create, replace, type Step } from '../step.ts';

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
  const next: Convoy = {
    ...was.body,
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
