/** The one tool that the Mayor has when it triages a bead. */
import type { Json, ModelRequest } from '../../ports.ts';
import { acceptanceSchema, beadTextProperties, beadTextRequired, filesSchema } from '../text-schemas.ts';

/** `triageDraftSchema` as JSON Schema, written down as that of `submit_plan` is. A test compares. */
const inputSchema: Json = {
  type: 'object',
  properties: {
    decision: {
      type: 'string',
      enum: ['rewrite', 'split', 'ask', 'give_up'],
    },
    why: {
      type: 'string',
      minLength: 3,
      maxLength: 300,
      description: 'one line for a human: what went wrong, and why this mends it',
    },
    title: {
      description: 'rewrite, split: the bead’s new title, if it needs one',
      type: 'string',
    },
    instructions: {
      description: 'rewrite: the new ones; split: those of what the bead keeps',
      type: 'string',
      maxLength: 8000,
    },
    acceptance: { ...acceptanceSchema, description: 'rewrite, split: of the bead itself' },
    files: { ...filesSchema, description: 'rewrite, split: paths from the root of the repository' },
    parts: {
      description: 'split: beads that land before the bead',
      maxItems: 4,
      type: 'array',
      items: {
        type: 'object',
        properties: beadTextProperties,
        required: beadTextRequired,
        additionalProperties: false,
      },
    },
    question: {
      description: 'ask: one precise question to a human',
      type: 'string',
      maxLength: 1000,
    },
  },
  required: ['decision', 'why'],
  additionalProperties: false,
};

export const submitTriageTool: ModelRequest['tools'][number] = {
  name: 'submit_triage',
  description: 'Hands in what becomes of the bead. Called once; what is wrong with it comes back.',
  schema: inputSchema,
};
