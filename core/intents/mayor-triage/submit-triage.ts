/** The one tool that the Mayor has when it triages a bead. */
import type { Json, ModelRequest } from '../../ports.ts';

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
    acceptance: {
      description: 'rewrite, split: of the bead itself',
      maxItems: 10,
      type: 'array',
      items: {
        type: 'object',
        properties: {
          kind: {
            type: 'string',
            enum: ['command', 'fact'],
          },
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
      description: 'rewrite, split: paths from the root of the repository',
      maxItems: 20,
      type: 'array',
      items: {
        type: 'string',
      },
    },
    parts: {
      description: 'split: beads that land before the bead',
      maxItems: 4,
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            maxLength: 100,
            description: 'lower-case letters, digits and dashes, at most 41',
          },
          title: {
            type: 'string',
          },
          instructions: {
            type: 'string',
            maxLength: 8000,
          },
          acceptance: {
            maxItems: 10,
            type: 'array',
            items: {
              type: 'object',
              properties: {
                kind: {
                  type: 'string',
                  enum: ['command', 'fact'],
                },
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
            items: {
              type: 'string',
            },
            description: 'paths from the root of the repository',
          },
          needs: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                bead: {
                  type: 'string',
                  description: 'name of another bead of this plan',
                },
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
        },
        required: ['name', 'title', 'instructions', 'acceptance', 'files'],
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
