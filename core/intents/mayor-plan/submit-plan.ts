/** The one tool that the Mayor has when it plans. */
import type { Json, ModelRequest } from '../../ports.ts';
import { beadTextProperties, beadTextRequired } from '../text-schemas.ts';

/** `draftSchema` as JSON Schema, written down: a function that carried zod's way to it would be a fifth larger. A test compares. */
const inputSchema: Json = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    beads: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          ...beadTextProperties,
          type: { type: 'string', enum: ['task', 'bug', 'feature', 'chore', 'review'] },
          priority: { type: 'integer', minimum: 0, maximum: 4 },
          budgetUsd: { type: 'number', minimum: 0, maximum: 10000 },
        },
        required: beadTextRequired,
        additionalProperties: false,
      },
    },
  },
  required: ['title', 'beads'],
  additionalProperties: false,
};

export const submitPlanTool: ModelRequest['tools'][number] = {
  name: 'submit_plan',
  description: 'Hands in the whole plan. Called once; what is wrong with it comes back.',
  schema: inputSchema,
};
