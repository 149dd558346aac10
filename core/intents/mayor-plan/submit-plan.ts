/** The one tool that the Mayor has when it plans. */
import type { Json, ModelRequest } from '../../ports.ts';

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
          name: { type: 'string', maxLength: 100, description: 'lower-case letters, digits and dashes, at most 41' },
          title: { type: 'string' },
          instructions: { type: 'string', maxLength: 8000 },
          acceptance: {
            maxItems: 10,
            type: 'array',
            items: {
              type: 'object',
              properties: {
                kind: { type: 'string', enum: ['command', 'fact'] },
                text: {
                  type: 'string',
                  minLength: 1,
                  maxLength: 500,
                  description: 'the command that must succeed, or the fact that can be observed',
                },
              },
              required: ['kind', 'text'],
              additionalProperties: false,
            },
          },
          files: {
            maxItems: 20,
            type: 'array',
            items: { type: 'string' },
            description: 'paths from the root of the repository',
          },
          needs: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                bead: { type: 'string', description: 'name of another bead of this plan' },
                because: {
                  type: 'string',
                  minLength: 3,
                  maxLength: 300,
                  description: 'what of its change this bead cannot start without',
                },
              },
              required: ['bead', 'because'],
              additionalProperties: false,
            },
          },
          type: { type: 'string', enum: ['task', 'bug', 'feature', 'chore', 'review'] },
          priority: { type: 'integer', minimum: 0, maximum: 4 },
          budgetUsd: { type: 'number', minimum: 0, maximum: 10000 },
        },
        required: ['name', 'title', 'instructions', 'acceptance', 'files'],
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
