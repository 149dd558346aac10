/**
 * What becomes of a bead by triage, each as one step: the bead, what came of it, and the convoy's `META` with what the
 * model took. `META` is written each time, so whoever cancels the convoy meanwhile wins or loses against the whole of it.
 */
import type { Bead, BeadSpec, TriageDecision } from '../convoys/bead.ts';
import type { Convoy, ModelUse } from '../convoys/convoy.ts';
import { freshBead } from '../convoys/fresh-bead.ts';
import type { PlannedBead } from '../convoys/plan.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { roundedUsd } from '../costs/rounded.ts';
import type { Fault } from '../errors.ts';
import type { TownEvent } from '../events.ts';
import { type BeadId, beadId, keys, parseBeadId } from '../keys.ts';
import { limits } from '../limits.ts';
import { about } from '../molecules/about.ts';
import { askHuman, type BeadOnRecord, giveUpBead, wakeConvoy } from '../molecules/before-a-human.ts';
import { isBeforeMayor, withoutCase } from '../molecules/triage.ts';
import type { Change, Instant, Item, ModelReply } from '../ports.ts';
import { create, replace, type Step, together } from '../step.ts';
import type { Decision } from './mayor-triage/decision.ts';
import { shareOf } from './mayor-triage/facts.ts';

/** All that a step of triage is made from, as it is on record. */
export interface TriageSeen extends BeadOnRecord {
  readonly convoy: Item<Convoy>;
  readonly spec: Item<BeadSpec>;
  readonly beads: readonly Bead[];
}

export type Spent = Pick<ModelReply, 'inputTokens' | 'outputTokens'>;

const noUse: ModelUse = { calls: 0, inputTokens: 0, outputTokens: 0 };

/** The convoy, with one call more on its account. */
export function paid(was: Item<Convoy>, spent: Spent, more: Partial<Convoy> = {}): Change {
  const { calls, inputTokens, outputTokens } = was.body.triage ?? noUse;
  const triage: ModelUse = {
    calls: calls + 1,
    inputTokens: inputTokens + spent.inputTokens,
    outputTokens: outputTokens + spent.outputTokens,
  };
  return replace(was, { ...was.body, triage, ...more }, { attentionAt: was.attentionAt });
}

export const isWanted = ({ status }: Convoy): boolean => status === 'open' || status === 'stalled';

/** Its convoy was cancelled, and so will it be: until then nobody is asked. */
export const waitForItsEnd = (was: Item<Bead>, now: Instant): Step => ({
  changes: [saveBead(was, { ...was.body, restUntil: now + limits.triageRestMs }, now)],
});

/** The case is as it was when the model was asked, and somebody still wants the work. */
export function goesOn(asked: Bead, bead: Bead, convoy: Convoy): boolean {
  const [is, was] = [bead.triage?.open, asked.triage?.open];
  const same = bead.attempt === asked.attempt && is?.since === was?.since && is?.rounds === was?.rounds;
  return isWanted(convoy) && isBeforeMayor(bead) && bead.run === asked.run && same;
}

function caseOf({ id, triage }: Bead) {
  if (!triage?.open) throw new Error(`BUG: ${id} is not before the Mayor`);
  return { triage, open: triage.open };
}

/** Known before it can be paid for, whatever becomes of whoever makes it. */
export function callBegun({ bead: was }: BeadOnRecord, now: Instant): Step {
  const bead = was.body;
  const { triage, open: asked } = caseOf(bead);
  const open = { ...asked, unanswered: (asked.unanswered ?? 0) + 1 };
  return { changes: [saveBead(was, { ...bead, triage: { ...triage, open } }, now)] };
}

/** Each of them may have been billed. */
export const whyNoMoreCalls = ({ triage }: Bead): string | undefined =>
  (triage?.open?.unanswered ?? 0) < limits.triageUnansweredMax
    ? undefined
    : `the Mayor's model was asked ${limits.triageUnansweredMax} times, and whoever asked was gone before the answer`;

/** The answer held no decision: the conversation goes on from this transcript. */
export function anotherTriageRound(
  { bead: was, convoy }: TriageSeen,
  spent: Spent,
  transcript: string,
  faults: readonly Fault[],
  now: Instant,
): Step {
  const bead = was.body;
  const { triage, open: asked } = caseOf(bead);
  const { unanswered: _, ...before } = asked;
  const open = { ...before, rounds: before.rounds + 1, transcript };
  const text = `${bead.id}: answer ${open.rounds} of the Mayor's model was no decision: ${faults[0]?.what ?? ''}`;
  return {
    changes: [paid(convoy, spent), saveBead(was, { ...bead, triage: { ...triage, open } }, now)],
    events: [byMayor(bead, 'bead.triaging', text)],
  };
}

/** No answer came. It is asked again after a rest, and at last a human is told. */
export function missedCall(seen: BeadOnRecord, because: string, now: Instant): Step {
  const { bead: was } = seen;
  const bead = was.body;
  const { triage, open: asked } = caseOf(bead);
  const misses = asked.misses + 1;
  if (misses >= limits.triageMissesMax)
    return handOver(
      seen,
      `the Mayor could not read why: its model did not answer ${misses} times, at last ${because}`,
      now,
    );
  const restUntil = now + limits.triageRestMs * 2 ** (misses - 1);
  const { unanswered: _, ...before } = asked;
  const waits: Bead = { ...bead, restUntil, triage: { ...triage, open: { ...before, misses } } };
  return {
    changes: [saveBead(was, waits, now)],
    events: [byMayor(bead, 'bead.triaging', `${bead.id}: the Mayor's model did not answer: ${because}`)],
  };
}

/** What happens without a Mayor: a human gets it, and hears what the Mayor said. */
export function handOver(seen: BeadOnRecord, because: string, now: Instant): Step {
  const { bead: was } = seen;
  const { cause = '', detail = '' } = was.body.notes.at(-1) ?? {};
  return giveUpBead(seen, rested(was.body), { cause, detail }, because, now);
}

/** The same, of a case whose last call was paid for. */
export const handOverPaid = (seen: TriageSeen, spent: Spent, because: string, now: Instant): Step =>
  together({ changes: [paid(seen.convoy, spent)] }, handOver(seen, because, now));

/** `record`: the blob with the decision in full. `specs`: the new ones as they are kept, the bead's own last. */
export function decided(
  seen: TriageSeen,
  decision: Decision,
  spent: Spent,
  { record, specs }: { readonly record: string; readonly specs: readonly BeadSpec[] },
  now: Instant,
): Step {
  const { bead: was, convoy } = seen;
  const { verdict, why, hash } = decision;
  const made: TriageDecision = { verdict, why, hash, record, attempt: was.body.attempt, at: now };
  const bead = withDecision(rested(was.body), made);
  const told = (text: string): Step => ({
    changes: [paid(convoy, spent)],
    events: [byMayor(bead, 'bead.triaged', `${text}: ${why}`)],
  });
  switch (decision.verdict) {
    case 'rewrite':
      return together(
        told(`the Mayor rewrote ${bead.id}`),
        newText(seen, { ...startedOver(bead), title: decision.text.title }, specs.at(-1), now),
      );
    case 'split':
      return splitUp(seen, bead, decision, spent, specs, now);
    case 'ask':
      return together(
        told(`the Mayor asks about ${bead.id}`),
        askHuman(seen, startedOver(bead), 'medium', decision.question, now),
      );
    case 'give_up': {
      const given = { ...seen, bead: { ...was, body: bead } };
      return together(told(`the Mayor gave ${bead.id} up`), handOver(given, `the Mayor gave it up: ${why}`, now));
    }
  }
}

/** Its rest, if it had one, was for the model; and its case is closed. */
function rested(bead: Bead): Bead {
  const { restUntil: _, ...awake } = withoutCase(bead);
  return awake;
}

const withDecision = (bead: Bead, made: TriageDecision): Bead => ({
  ...bead,
  triage: { count: 0, ...bead.triage, decisions: [...(bead.triage?.decisions ?? []), made] },
});

/** On the target, with a ladder that is new. What the attempts met stays to be read. */
function startedOver(bead: Bead): Bead {
  const { head: _head, gate: _gate, handoff: _handoff, ...rest } = bead;
  return { ...rest, status: 'open', failures: 0, respawns: 0, infraDeaths: 0 };
}

function newText({ bead: was, spec: before }: TriageSeen, bead: Bead, spec: BeadSpec | undefined, now: Instant): Step {
  if (!spec) throw new Error(`BUG: ${bead.id} has a new text without a spec`);
  return { changes: [saveBead(was, bead, now), replace(before, spec)] };
}

/**
 * The new beads and the one that needs them all, in one commit: its dependents wait for it as they did. It has no
 * execution any more; its convoy says when its needs are merged, as of any bead.
 */
function splitUp(
  seen: TriageSeen,
  bead: Bead,
  { text, parts, why }: Extract<Decision, { verdict: 'split' }>,
  spent: Spent,
  specs: readonly BeadSpec[],
  now: Instant,
): Step {
  const { convoy, beads } = seen;
  const last = beads.reduce((most, { n }) => Math.max(most, n), 0);
  const idOf = new Map(
    parts.map(({ name }, i) => [name, beadId(parseBeadId(bead.id)?.prefix ?? '', bead.convoy, last + 1 + i)]),
  );
  const made = parts.map((part) => partOf(bead, part, idOf, shareOf(bead, parts.length), now));
  const ids = made.map(({ id }) => id);
  const spentOnIt = made.reduce((sum, { budgetUsd }) => sum + budgetUsd, 0);
  const { wait: _, ...rest } = startedOver(bead);
  const kept: Bead = {
    ...rest,
    title: text.title,
    needs: [...bead.needs, ...ids],
    blockedBy: ids,
    budgetUsd: roundedUsd(bead.budgetUsd - spentOnIt),
    run: 0,
    lastRun: bead.run,
  };
  const progress = { ...convoy.body.progress, total: convoy.body.progress.total + made.length };
  return together(
    {
      changes: [paid(convoy, spent, { progress, progressAt: now })],
      effects: [wakeConvoy(bead)],
      events: [byMayor(bead, 'bead.triaged', `the Mayor split ${bead.id}; it waits for ${ids.join(', ')}: ${why}`)],
    },
    newText(seen, kept, specs.at(-1), now),
    ...made.map((part, i) => ({
      changes: [create(keys.bead(part.id), part), create(keys.beadSpec(part.id), specs[i] ?? {})],
      events: [byMayor(part, 'bead.created', `${part.id} is part of ${bead.id}: ${part.title}`)],
    })),
  );
}

/** Whatever its text does not say it has from the bead that it is part of: place in line, agent, formula, triage. */
function partOf(
  bead: Bead,
  { name, title, needs }: PlannedBead,
  idOf: ReadonlyMap<string, BeadId>,
  budgetUsd: number,
  now: Instant,
): Bead {
  const { rig, convoy, type, priority, labels, runtime, formula, target, readyAt, externalRef, triage } = bead;
  const own = needs.map((need) => idOf.get(need) ?? need);
  const id = idOf.get(name) ?? '';
  return {
    ...freshBead(rig, convoy, now),
    ...{ id, n: parseBeadId(id)?.n ?? 0, name, title, type, priority, labels, runtime, formula, target, budgetUsd },
    needs: [...bead.needs, ...own],
    blockedBy: own,
    partOf: bead.id,
    ...(readyAt === undefined ? {} : { readyAt }),
    ...(externalRef === undefined ? {} : { externalRef }),
    ...(triage === undefined ? {} : { triage }),
  };
}

const byMayor = (bead: Bead, kind: string, text: string): TownEvent => ({ ...about(bead, kind, text), who: 'mayor' });
