/** What has been said to the model and by it, as it is kept between two rounds: each round is a run of its own. */

import { limits } from '../../limits.ts';
import type { ModelRequest } from '../../ports.ts';
import { planIntentPrompt } from '../prompts/plan-intent.ts';
import { openingOf, type Reading } from './opening.ts';
import { submitPlanTool } from './submit-plan.ts';

export type Conversation = Pick<ModelRequest, 'system' | 'messages'>;

/** `nonce`: drawn for this conversation, after everything that it fences was written. */
export const openConversation = (reading: Reading, budgetUsd: number, nonce: string): Conversation => ({
  system: planIntentPrompt(nonce, {
    beadsMax: limits.plannedByModelMax,
    filesPerBeadMax: limits.filesPerBeadMax,
    budgetUsd,
  }),
  messages: [{ role: 'user', content: openingOf(reading, nonce) }],
});

export const requestOf = ({ system, messages }: Conversation): ModelRequest => ({
  system,
  messages,
  tools: [submitPlanTool],
  maxTokens: limits.planTokensMax,
});
