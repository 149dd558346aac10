/**
 * What the Mayor decides of a bead, as a model hands it in. It has no field for money, an agent, a command, a gate, another
 * bead or a setting: whatever the evidence says, it can change nothing but the bead's own text.
 */

import { z } from 'zod';
import { triageVerdicts } from '../../convoys/bead.ts';
import { limits } from '../../limits.ts';
import { draftBeadSchema } from '../mayor-plan/draft.ts';

const partSchema = draftBeadSchema.pick({
  name: true,
  title: true,
  instructions: true,
  acceptance: true,
  files: true,
  needs: true,
});
const own = draftBeadSchema.shape;

export const triageDraftSchema = z.strictObject({
  decision: z.enum(triageVerdicts),
  why: z
    .string()
    .min(3)
    .max(limits.triageWhyCharsMax)
    .describe('one line for a human: what went wrong, and why this mends it'),
  title: own.title.optional().describe('rewrite, split: the bead’s new title, if it needs one'),
  instructions: own.instructions.optional().describe('rewrite: the new ones; split: those of what the bead keeps'),
  acceptance: own.acceptance.optional().describe('rewrite, split: of the bead itself'),
  files: own.files.optional().describe('rewrite, split: paths from the root of the repository'),
  parts: z.array(partSchema).max(limits.splitPartsMax).optional().describe('split: beads that land before the bead'),
  question: z.string().max(limits.questionCharsMax).optional().describe('ask: one precise question to a human'),
});

export type TriageDraft = z.infer<typeof triageDraftSchema>;
