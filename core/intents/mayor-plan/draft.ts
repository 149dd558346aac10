/**
 * The plan as a model hands it in. Smaller than a plan: it has no field for an agent, a command, a script, another
 * repository, or anything else that a stranger's text could use through a model.
 */

import { z } from 'zod';
import { limits } from '../../limits.ts';

const needSchema = z.strictObject({
  bead: z.string().describe('name of another bead of this plan'),
  because: z.string().min(3).max(300).describe('what of its change this bead cannot start without'),
});

const checkSchema = z.strictObject({
  kind: z.enum(['command', 'fact']),
  text: z.string().min(1).max(500).describe('the command that must succeed, or the fact that can be observed'),
});

export const draftBeadSchema = z.strictObject({
  name: z.string().max(100).describe('lower-case letters, digits and dashes, at most 41'),
  title: z.string(),
  instructions: z.string().max(limits.instructionsCharsMax),
  acceptance: z.array(checkSchema).max(limits.acceptancePerBeadMax),
  files: z.array(z.string()).max(limits.filesPerBeadMax).describe('paths from the root of the repository'),
  needs: z.array(needSchema).optional(),
  type: z.enum(['task', 'bug', 'feature', 'chore', 'review']).optional(),
  priority: z.int().min(0).max(4).optional(),
  budgetUsd: z.number().min(0).max(10_000).optional(),
});

export const draftSchema = z.strictObject({ title: z.string(), beads: z.array(draftBeadSchema) });

export type Draft = z.infer<typeof draftSchema>;
export type DraftBead = Draft['beads'][number];
