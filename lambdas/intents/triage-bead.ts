/**
 * One answer of the model about a bead that is at the end of its ladder, from what the record holds to what it then holds: the
 * next round, or a repeat of this one, goes on from there. A run that dies in the call costs that call and nothing else.
 */
import type { Bead, BeadSpec } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { AnswerLost } from '../../core/errors.ts';
import type { Conversation } from '../../core/intents/mayor-plan/conversation.ts';
import { openTriage, triageRequestOf } from '../../core/intents/mayor-triage/conversation.ts';
import type { Decision } from '../../core/intents/mayor-triage/decision.ts';
import type { Facts } from '../../core/intents/mayor-triage/facts.ts';
import { judgeTriage } from '../../core/intents/mayor-triage/judge-reply.ts';
import type { Attempt } from '../../core/intents/mayor-triage/opening.ts';
import { type Account, type Booking, closeCall, settleCall } from '../../core/intents/model-money.ts';
import {
  anotherTriageRound,
  callBegun,
  decided,
  goesOn,
  handOver,
  handOverPaid,
  isWanted,
  missedCall,
  paid,
  type TriageSeen,
  waitForItsEnd,
  whyNoMoreCalls,
} from '../../core/intents/triage.ts';
import { type BeadId, keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import { isBeforeMayor } from '../../core/molecules/triage.ts';
import type { Instant, Item, Json, Model, ModelReply, ModelRequest } from '../../core/ports.ts';
import { recordOf, replace, type Step, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { keptSpec } from './kept-spec.ts';
import type { MayorDeps } from './mayor.ts';
import { moneyFor } from './model-money.ts';

/** Does nothing unless this run of the bead waits for the Mayor. Afterwards the bead is decided, rests, or has another round. */
export async function triageBead(deps: MayorDeps, id: BeadId, run: number): Promise<void> {
  const asked = await claimed(deps, id, run);
  if (!asked) return;
  const { model } = deps;
  if (!model) return withoutAnswer(deps, asked, 'the town has no model any more');
  const conversation = await conversationOf(deps, asked);
  const request = triageRequestOf(conversation);
  const booked = await bookedCall(deps, asked, deps.ids.ulid(), model.mostUsd(request));
  if (!booked) return;
  const reply = await answerOf(model, request);
  if ('missed' in reply) return missed(deps, asked, booked, reply);
  await runCommand<void>(deps, `triage of ${id}`, async (now) => {
    const before = await look(deps, id, booked.at);
    if (!before) return { result: undefined };
    const { convoy, step: settled } = settleCall(before, booked, reply.costUsd);
    const seen = { ...before, convoy };
    const step = goesOn(asked, seen.bead.body, convoy.body)
      ? await stepOf(deps, seen, conversation, reply, now)
      : { changes: [paid(convoy, reply)] };
    return { step: together(step, settled), result: undefined };
  });
}

/** The bead, if the Mayor is to judge it now. */
const claimed = (deps: MayorDeps, id: BeadId, run: number): Promise<Bead | undefined> =>
  runCommand<Bead | undefined>(deps, `triage of ${id}`, async (now) => {
    const bead = await load.bead(deps.ledger, id);
    if (!bead || bead.body.run !== run || !isBeforeMayor(bead.body)) return { result: undefined };
    const convoy = await load.convoy(deps.ledger, bead.body.convoy);
    if (convoy && isWanted(convoy.body)) return { result: bead.body };
    return { step: waitForItsEnd(bead, now), result: undefined };
  });

/** Nothing if the case is another by now, or there is no money for it: then a human gets it. */
const bookedCall = (deps: MayorDeps, asked: Bead, id: string, usd: number): Promise<Booking | undefined> =>
  runCommand<Booking | undefined>(deps, `triage of ${asked.id}`, async (now) => {
    const seen = await look(deps, asked.id, now);
    if (!seen || !goesOn(asked, seen.bead.body, seen.convoy.body)) return { result: undefined };
    const tooMany = whyNoMoreCalls(seen.bead.body);
    if (tooMany) return { step: handOver(seen, tooMany, now), result: undefined };
    const booking: Booking = { id, usd, at: now };
    const given = await moneyFor(deps, seen, booking);
    if ('fault' in given)
      return { step: handOver(seen, `${given.fault.what} ${given.fault.remedy}`, now), result: undefined };
    return { step: together(given.step, kept(given.convoy), callBegun(seen, now)), result: booking };
  });

interface Missed {
  readonly missed: string;
  /** It may have been billed. */
  readonly lost: boolean;
}

/** Whatever kept the answer away: a bead must not wait for ever for a key that is wrong. */
async function answerOf(model: Model, request: ModelRequest): Promise<ModelReply | Missed> {
  try {
    return await model.complete(request);
  } catch (error) {
    const why = (error as Error).message.slice(0, limits.triageWhyCharsMax);
    return { missed: why, lost: error instanceof AnswerLost };
  }
}

const missed = (deps: MayorDeps, asked: Bead, booked: Booking, { missed: why, lost }: Missed): Promise<void> =>
  runCommand<void>(deps, `triage of ${asked.id}`, async (now) => {
    const seen = await look(deps, asked.id, booked.at);
    if (!seen) return { result: undefined };
    const { convoy, step } = closeCall(seen, booked, lost ? booked.usd : 0);
    const next = goesOn(asked, seen.bead.body, seen.convoy.body) ? missedCall(seen, why, now) : undefined;
    return { step: together(step, kept(convoy), next), result: undefined };
  });

const withoutAnswer = (deps: MayorDeps, asked: Bead, because: string): Promise<void> =>
  runCommand<void>(deps, `triage of ${asked.id}`, async (now) => {
    const seen = await look(deps, asked.id, now);
    if (!seen || !goesOn(asked, seen.bead.body, seen.convoy.body)) return { result: undefined };
    return { step: handOver(seen, because, now), result: undefined };
  });

const kept = (convoy: Item<Convoy>): Step => ({
  changes: [replace(convoy, convoy.body, { attentionAt: convoy.attentionAt })],
});

/** `moneyOf`: on whose day the call is booked. */
async function look({ ledger }: MayorDeps, id: BeadId, moneyOf: Instant): Promise<(TriageSeen & Account) | undefined> {
  const day = await load.budget(ledger, moneyOf);
  const bead = await load.bead(ledger, id);
  if (!bead) return undefined;
  const [convoy, spec, beads, escalation] = await Promise.all([
    load.convoy(ledger, bead.body.convoy),
    ledger.get(keys.beadSpec(id)),
    load.beads(ledger, bead.body.convoy),
    load.escalation(ledger, beadCause(id)),
  ]);
  const kept = recordOf<BeadSpec>(spec);
  if (!convoy || !kept) throw new Error(`BUG: ${id} has no convoy or no spec`);
  return { day, bead, convoy, spec: kept, beads: beads.map(({ body }) => body), escalation };
}

/** Judged by the record as it is now. What it puts into the blob store is named by its content: it may do so again. */
async function stepOf(
  deps: MayorDeps,
  seen: TriageSeen,
  conversation: Conversation,
  reply: ModelReply,
  now: Instant,
): Promise<Step> {
  const bead = seen.bead.body;
  const facts: Facts = { bead, spec: await load.spec(deps.ledger, deps.blobs, bead.id), beads: seen.beads };
  const judged = judgeTriage(reply, facts);
  if ('decision' in judged) {
    const record = await putJson(deps, { decision: judged.decision, before: { title: bead.title, ...facts.spec } });
    const specs = await Promise.all(specsOf(judged.decision, facts).map((spec) => keptSpec(deps, spec)));
    return decided(seen, judged.decision, reply, { record, specs }, now);
  }
  if ((bead.triage?.open?.rounds ?? 0) + 1 >= limits.triageRoundsMax) {
    const because = `the Mayor came to no decision in ${limits.triageRoundsMax} answers of its model, at last: ${judged.faults[0]?.what ?? ''}`;
    return handOverPaid(seen, reply, because, now);
  }
  const next: Conversation = { ...conversation, messages: [...conversation.messages, ...judged.messages] };
  return anotherTriageRound(seen, reply, await putJson(deps, next), judged.faults, now);
}

/** Of the new beads, then of the bead itself. The values of its formula's variables are theirs too. */
function specsOf(decision: Decision, { spec: { vars } }: Facts): readonly BeadSpec[] {
  if (decision.verdict === 'rewrite') return [decision.text.spec];
  if (decision.verdict !== 'split') return [];
  const parts = decision.parts.map(
    ({ instructions, acceptance, files = [] }): BeadSpec => ({
      instructions,
      acceptance,
      ...(files.length > 0 ? { files } : {}),
      ...(vars === undefined ? {} : { vars }),
    }),
  );
  return [...parts, decision.text.spec];
}

async function conversationOf(deps: MayorDeps, bead: Bead): Promise<Conversation> {
  const transcript = bead.triage?.open?.transcript;
  const before = transcript === undefined ? undefined : await textOf(deps, transcript);
  if (before !== undefined) return JSON.parse(before) as Conversation;
  const [spec, beads, attempts, earlier] = await Promise.all([
    load.spec(deps.ledger, deps.blobs, bead.id),
    load.beads(deps.ledger, bead.convoy),
    Promise.all(
      bead.notes.map(async (note): Promise<Attempt> => {
        const evidence = note.evidence === undefined ? undefined : await textOf(deps, note.evidence);
        return { note, ...(evidence === undefined ? {} : { evidence }) };
      }),
    ),
    Promise.all(
      (bead.triage?.decisions ?? []).map(
        async ({ verdict, why, record }) => (await textOf(deps, record)) ?? `${verdict}: ${why}`,
      ),
    ),
  ]);
  const evidence = { bead, spec, beads: beads.map(({ body }) => body), attempts, earlier };
  return openTriage(evidence, deps.ids.secret().slice(0, 16));
}

const putJson = ({ blobs }: MayorDeps, value: object): Promise<string> =>
  blobs.put(new TextEncoder().encode(JSON.stringify(value as Json)), 'application/json');

/** Absent when the blob store has forgotten it: logs are kept for a time. */
async function textOf({ blobs }: MayorDeps, hash: string): Promise<string | undefined> {
  const bytes = await blobs.get(hash);
  return bytes && new TextDecoder().decode(bytes);
}
