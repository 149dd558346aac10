/** The two ways in which a bead comes before a human: it asks, or it is given up. Both say what was tried. */
import type { Bead, Outcome } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { type Escalation, escalationId } from '../escalations/escalation.ts';
import { openEscalation } from '../escalations/open.ts';
import { counted } from '../feed/words.ts';
import { groups } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import { type Step, together } from '../step.ts';
import { about } from './about.ts';
import { triageStory } from './triage.ts';

export const beadCause = (bead: string) => `bead/${bead}` as const;

export interface BeadOnRecord {
  readonly bead: Item<Bead>;
  /** The escalation of `beadCause(bead.id)`, if it was ever opened. */
  readonly escalation: Item<Escalation> | undefined;
}

export type Failed = Extract<Outcome, { kind: 'failed' }>;

/** Waits for an answer, which goes to the next attempt. */
export function askHuman(
  { bead: was, escalation }: BeadOnRecord,
  bead: Bead,
  severity: Escalation['severity'],
  question: string,
  now: Instant,
): Step {
  const escalated: Bead = { ...withoutAnswer(bead), status: 'escalated', question };
  const alarm = {
    cause: beadCause(bead.id),
    severity,
    title: `${bead.id} asks: ${question.split('\n')[0]?.slice(0, 120) ?? ''}`,
    what: `${question}\nBead ${bead.id}: ${bead.title}`,
    tried: `attempt ${bead.attempt}, by ${bead.polecat ?? 'a polecat'}; ${pushed(bead)}.${triageStory(bead)}`,
    unattended: 'it waits, and so does every bead that needs it. All others go on.',
    command: `gt escalations answer ${escalationId(beadCause(bead.id))} "…"`,
    rig: bead.rig,
    convoy: bead.convoy,
    bead: bead.id,
  };
  return together(
    { changes: [saveBead(was, escalated, now)], effects: [wakeConvoy(bead)] },
    openEscalation(escalation, alarm, now),
  );
}

const pushed = ({ head, branch }: Bead): string =>
  head === undefined ? 'nothing was pushed' : `what was pushed is on ${branch ?? 'its branch'}`;

/** An answer stays with its question when another is asked. */
function withoutAnswer({ question, answer, ...bead }: Bead): Bead {
  if (question === undefined || answer === undefined) return bead;
  return { ...bead, answered: [...(bead.answered ?? []), { question, answer }].slice(-limits.answersKept) };
}

/** It has failed for good, unless a human sends it round again. */
export function giveUpBead(
  { bead: was, escalation }: BeadOnRecord,
  bead: Bead,
  failed: { readonly cause: string; readonly detail: string },
  because: string,
  now: Instant,
): Step {
  const alarm = {
    cause: beadCause(bead.id),
    severity: 'medium' as const,
    title: `${bead.id} failed: ${bead.title}`,
    what: `${because}. The last: ${failed.cause}: ${failed.detail}`,
    tried: `${counted(bead.attempt, 'attempt')}, each with what the one before it met.${triageStory(bead)}`,
    unattended: 'what does not need it lands; then its convoy stalls.',
    command: failed.cause === 'budget' ? `gt sling ${bead.id} --budget <dollars>` : `gt convoy retry ${bead.convoy}`,
    rig: bead.rig,
    convoy: bead.convoy,
    bead: bead.id,
  };
  return together(
    {
      changes: [saveBead(was, { ...bead, status: 'failed' }, now)],
      effects: [wakeConvoy(bead)],
      events: [about(bead, 'bead.failed', `${bead.id} failed: ${because}; ${failed.cause}: ${failed.detail}`)],
    },
    openEscalation(escalation, alarm, now),
  );
}

export const wakeConvoy = (bead: Bead) => ({ do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) }) as const;
