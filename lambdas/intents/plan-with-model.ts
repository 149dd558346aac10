/**
 * One round of planning with the model, from what the record holds to what the record then holds: the next round, or a
 * repeat of this one, goes on from there. A run that dies in the call costs the tokens of that call, and nothing else.
 */

import type { Convoy } from '../../core/convoys/convoy.ts';
import { stalledCause } from '../../core/convoys/tick.ts';
import { AnswerLost, type Fault, ModelDenied, Unavailable } from '../../core/errors.ts';
import { type Conversation, openConversation, requestOf } from '../../core/intents/mayor-plan/conversation.ts';
import { judgeReply } from '../../core/intents/mayor-plan/judge-reply.ts';
import type { DraftTown } from '../../core/intents/mayor-plan/plan-of-draft.ts';
import { type Booking, closeCall, settleCall } from '../../core/intents/model-money.ts';
import {
  anotherRound,
  answeredInVain,
  callBegun,
  callFailed,
  giveUpPlan,
  planDrafted,
  type Round,
  refusePlan,
} from '../../core/intents/planning.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Item, Json, ModelReply, ModelRequest, Ports } from '../../core/ports.ts';
import { redact } from '../../core/redact.ts';
import { configOf, worksFromPrompt } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { type Step, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import type { MayorDeps } from './mayor.ts';
import { accountOf, moneyFor } from './model-money.ts';
import { readRig } from './read-rig.ts';

export type PlanningDeps = Pick<Ports, 'ledger' | 'blobs' | 'repo' | 'clock' | 'ids' | 'model'> &
  Pick<MayorDeps, 'caps'>;

/** Afterwards the convoy has a draft, another round before it, or a refusal. */
export async function planWithModel(
  deps: PlanningDeps,
  convoy: Convoy,
  rig: Rig,
  rigs: readonly string[],
  intent: string,
): Promise<void> {
  const unplannable = whyUnplannable(rig, intent);
  if (unplannable) return refuse(deps, convoy, unplannable);
  const conversation = await conversationOf(deps, convoy, rig, intent);
  const asked = await ask(deps, convoy, requestOf(conversation));
  if (!asked) return;
  const { reply } = asked;
  const { 'agent.runtime': runtime, 'budget.per_bead_usd': budgetUsd } = configOf(rig);
  const town: DraftTown = { rig: rig.name, rigs, runtime, budgetUsd };
  const judged = judgeReply(reply, town);
  const spent = { inputTokens: reply.inputTokens, outputTokens: reply.outputTokens };
  if ('plan' in judged) {
    const last = await putJson(deps, judged.plan);
    return save(deps, convoy, async (was, now) => planDrafted(was, { ...spent, last }, now), asked);
  }
  const last = judged.draft === undefined ? {} : { last: await putJson(deps, judged.draft) };
  const { faults } = judged;
  if ((convoy.planning?.round ?? 0) + 1 >= limits.planRoundsMax) {
    const giveUp = async (was: Item<Convoy>, now: Instant) =>
      giveUpPlan(was, { ...spent, ...last }, faults, await load.escalation(deps.ledger, stalledCause(convoy.id)), now);
    return save(deps, convoy, giveUp, asked);
  }
  const goesOn: Conversation = { ...conversation, messages: [...conversation.messages, ...judged.messages] };
  const round: Round = { ...spent, ...last, transcript: await putJson(deps, goesOn) };
  return save(deps, convoy, async (was, now) => anotherRound(was, round, faults, now), asked);
}

interface Asked {
  readonly reply: ModelReply;
  readonly booked: Booking;
}

/** Nothing if somebody has gone on meanwhile, the model was asked in vain too often, or there is no money for it. */
async function ask(deps: PlanningDeps, convoy: Convoy, request: ModelRequest): Promise<Asked | undefined> {
  const { ledger, model } = deps;
  const call = { id: deps.ids.ulid(), usd: model.mostUsd(request) };
  const booked = await runCommand<Booking | undefined>(deps, `planning of ${convoy.id}`, async (now) => {
    const account = await accountOf(ledger, convoy.id, now);
    if (!account || !isSame(account.convoy.body, convoy)) return { result: undefined };
    const booking = { ...call, at: now };
    const { unanswered = 0 } = account.convoy.body;
    const given =
      unanswered < limits.planUnansweredMax
        ? await moneyFor(deps, account, booking)
        : { fault: silent(account.convoy.body) };
    if ('convoy' in given) return { step: together(callBegun(given.convoy), given.step), result: booking };
    const alarm = await load.escalation(ledger, stalledCause(convoy.id));
    return { step: giveUpPlan(account.convoy, undefined, [given.fault], alarm, now), result: undefined };
  });
  if (!booked) return undefined;
  try {
    return { reply: await model.complete(request), booked };
  } catch (error) {
    await unanswered(deps, convoy, booked, error);
    if (error instanceof ModelDenied) return undefined;
    throw error;
  }
}

const silent = ({ modelTrouble = 'whoever asked was gone before the answer' }: Convoy): Fault => ({
  code: 'MODEL_SILENT',
  what: `The model was asked ${limits.planUnansweredMax} times, and no answer came back in time or could be read; the last time: ${modelTrouble}.`,
  remedy: 'Ask for less in one intent, write it as a checklist, or have it asked again with gt convoy reject.',
});

const denied = ({ message }: ModelDenied): Fault => ({
  code: 'MODEL_DENIED',
  what: `The model turned the call away, and would do so again: ${redact(message).slice(0, limits.modelTroubleCharsMax)}.`,
  remedy:
    "Mend the key, the model's name or its access where the town was started, then have it asked again with gt convoy reject.",
});

/** One that was turned away cost nothing. If it may go better the next time, it may also go on for as long as it takes. */
const unanswered = (deps: PlanningDeps, seen: Convoy, booked: Booking, error: unknown): Promise<void> =>
  runCommand<void>(deps, `planning of ${seen.id}`, async (now) => {
    const account = await accountOf(deps.ledger, seen.id, booked.at);
    if (!account) return { result: undefined };
    const isLost = error instanceof AnswerLost;
    const { convoy, step } = closeCall(account, booked, isLost ? booked.usd : 0);
    const same = isSame(convoy.body, seen);
    if (same && error instanceof ModelDenied) {
      const alarm = await load.escalation(deps.ledger, stalledCause(seen.id));
      return { step: together(giveUpPlan(convoy, undefined, [denied(error)], alarm, now), step), result: undefined };
    }
    const uncounted = same && error instanceof Unavailable && !isLost;
    return { step: together(callFailed(convoy, (error as Error).message, uncounted), step), result: undefined };
  });

const refuse = (deps: PlanningDeps, seen: Convoy, fault: Fault): Promise<void> =>
  runCommand<void>(deps, `planning of ${seen.id}`, async (now) => {
    const was = await load.convoy(deps.ledger, seen.id);
    return { step: was && isSame(was.body, seen) ? refusePlan(was, [fault], now) : undefined, result: undefined };
  });

/** Nobody has gone on from what was seen. */
const isSame = ({ status, draft, run, planning }: Convoy, seen: Convoy): boolean =>
  status === 'planning' &&
  draft === undefined &&
  run === seen.run &&
  planning?.rounds === seen.planning?.rounds &&
  planning?.round === seen.planning?.round &&
  planning?.comment === seen.planning?.comment;

function whyUnplannable(rig: Rig, intent: string): Fault | undefined {
  const config = configOf(rig);
  if (config['agent.runtime'] === 'shell' || !worksFromPrompt(config))
    return {
      code: 'AGENT_NEEDS_SCRIPTS',
      what: `The intent is prose, and the agent of rig ${rig.name} runs scripts: it could do nothing with a plan of words.`,
      remedy: `Write the intent as a checklist with sh blocks, or set an agent that works from a prompt: gt rig config ${rig.name} ${
        config['agent.runtime'] === 'command' ? 'agent.command "<program> {prompt}"' : 'agent.runtime claude'
      }.`,
    };
  if (intent.length <= limits.readIntentCharsMax) return undefined;
  return {
    code: 'INTENT_TOO_LONG',
    what: `The intent has ${intent.length} characters; the Mayor reads ${limits.readIntentCharsMax} for one plan.`,
    remedy: 'Split it into several intents, or write it as a checklist.',
  };
}

async function conversationOf(deps: PlanningDeps, convoy: Convoy, rig: Rig, intent: string): Promise<Conversation> {
  const { transcript, last, comment } = convoy.planning ?? {};
  if (transcript !== undefined) return JSON.parse(await textOf(deps, transcript)) as Conversation;
  const reading = await readRig(deps, rig, convoy, intent);
  const rejected =
    comment === undefined ? {} : { rejected: { plan: last === undefined ? '' : await textOf(deps, last), comment } };
  const budgetUsd = configOf(rig)['budget.per_bead_usd'];
  return openConversation({ ...reading, ...rejected }, budgetUsd, deps.ids.secret().slice(0, 16));
}

const putJson = ({ blobs }: PlanningDeps, value: Json | object): Promise<string> =>
  blobs.put(new TextEncoder().encode(JSON.stringify(value)), 'application/json');

async function textOf({ blobs }: PlanningDeps, hash: string): Promise<string> {
  const bytes = await blobs.get(hash);
  if (!bytes) throw new Error(`BUG: blob ${hash} of a plan is gone`);
  return new TextDecoder().decode(bytes);
}

/** Unless somebody has gone on meanwhile: then only what was spent is written down. */
const save = (
  deps: PlanningDeps,
  seen: Convoy,
  decide: (was: Item<Convoy>, now: Instant) => Promise<Step>,
  { reply, booked }: Asked,
): Promise<void> =>
  runCommand<void>(deps, `planning of ${seen.id}`, async (now) => {
    const account = await accountOf(deps.ledger, seen.id, booked.at);
    if (!account) return { result: undefined };
    const { convoy: was, step: paid } = settleCall(account, booked, reply.costUsd);
    const step = isSame(was.body, seen) ? await decide(was, now) : answeredInVain(was, reply);
    return { step: together(step, paid), result: undefined };
  });
