/** What a model's reply is: a plan, or everything that is wrong with it, and what to say to the model about that. */
import type { Plan } from '../../convoys/plan.ts';
import type { Fault } from '../../errors.ts';
import type { Json, ModelReply } from '../../ports.ts';
import { mendPlanPrompt } from '../prompts/plan-intent.ts';
import { answerTo, callIn, type Message, type OneTool } from '../tool-call.ts';
import { type DraftTown, planOfDraft } from './plan-of-draft.ts';
import { submitPlanTool } from './submit-plan.ts';

export type Judged =
  | { readonly plan: Plan }
  | {
      readonly faults: readonly Fault[];
      /** What was handed in, if anything was. */
      readonly draft?: Json;
      /** To be sent in the next round, after all that was sent in this one. */
      readonly messages: readonly Message[];
    };

const tool: OneTool = {
  name: submitPlanTool.name,
  verb: 'plan',
  noun: 'plan',
  cutOff: { code: 'PLAN_CUT_OFF', remedy: 'Plan fewer or shorter beads.' },
};

export function judgeReply(reply: ModelReply, town: DraftTown): Judged {
  const called = callIn(reply, tool);
  if ('fault' in called) return { faults: [called.fault], messages: answerTo(reply, [called.fault], mendPlanPrompt) };
  const result = planOfDraft(called.input, town);
  if ('plan' in result) return result;
  return { faults: result.faults, draft: called.input, messages: answerTo(reply, result.faults, mendPlanPrompt) };
}
