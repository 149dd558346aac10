/** What is said between the Mayor and its model about one bead, kept between two rounds as that of a plan is. */
import { limits } from '../../limits.ts';
import type { ModelRequest } from '../../ports.ts';
import type { Conversation } from '../mayor-plan/conversation.ts';
import { triageBeadPrompt } from '../prompts/triage-bead.ts';
import { roomToSplit } from './facts.ts';
import { type Evidence, openingOf } from './opening.ts';
import { submitTriageTool } from './submit-triage.ts';

/** `nonce`: drawn for this conversation, after everything that it fences was written. */
export const openTriage = (evidence: Evidence, nonce: string): Conversation => ({
  system: triageBeadPrompt(nonce, roomToSplit(evidence)),
  messages: [{ role: 'user', content: openingOf(evidence, nonce) }],
});

export const triageRequestOf = ({ system, messages }: Conversation): ModelRequest => ({
  system,
  messages,
  tools: [submitTriageTool],
  maxTokens: limits.triageTokensMax,
});
