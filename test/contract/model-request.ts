/** What every adapter of the model is asked: a system text, a tool, its use, and a result that is an error. */
import type { ModelRequest } from '../../core/ports.ts';

export const request: ModelRequest = {
  system: 'You are the Mayor.',
  messages: [
    { role: 'user', content: 'Plan it.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'plan', input: { beads: [1, null] } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'a cycle', is_error: true }] },
  ],
  tools: [{ name: 'plan', description: 'Hands the plan in', schema: { type: 'object' } }],
  maxTokens: 1000,
};
