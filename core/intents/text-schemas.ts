/** What the Mayor's tools ask of a bead's text, as JSON Schema: the same in a plan and in a triage. */

const items = {
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
};

export const acceptanceSchema = { type: 'array', maxItems: 10, items };

export const filesSchema = {
  type: 'array',
  maxItems: 20,
  items: { type: 'string' },
  description: 'paths from the root of the repository',
};

/** The properties of every new bead. */
export const beadTextProperties = {
  name: { type: 'string', maxLength: 100, description: 'lower-case letters, digits and dashes, at most 41' },
  title: { type: 'string' },
  instructions: { type: 'string', maxLength: 8000 },
  acceptance: acceptanceSchema,
  files: filesSchema,
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
};

/** Of these, what a new bead cannot do without. */
export const beadTextRequired = ['name', 'title', 'instructions', 'acceptance', 'files'];
