/** What a model's reply about a bead is: a decision, or everything that is wrong with it, and what to say about that. */
import type { Fault } from '../../errors.ts';
import type { ModelReply } from '../../ports.ts';
import { mendTriagePrompt } from '../prompts/triage-bead.ts';
import { answerTo, callIn, type Message, type OneTool } from '../tool-call.ts';
import { type Decision, decisionOf } from './decision.ts';
import type { Facts } from './facts.ts';
import { submitTriageTool } from './submit-triage.ts';

export type JudgedTriage =
  | { readonly decision: Decision }
  | { readonly faults: readonly Fault[]; readonly messages: readonly Message[] };

const tool: OneTool = {
  name: submitTriageTool.name,
  verb: 'judge',
  noun: 'decision',
  cutOff: { code: 'TRIAGE_CUT_OFF', remedy: 'Decide with fewer words.' },
};

export function judgeTriage(reply: ModelReply, facts: Facts): JudgedTriage {
  const called = callIn(reply, tool);
  const result = 'fault' in called ? { faults: [called.fault] } : decisionOf(called.input, facts);
  return 'decision' in result ? result : { ...result, messages: answerTo(reply, result.faults, mendTriagePrompt) };
}
