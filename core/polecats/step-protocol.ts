/**
 * How a harness tells the town of a molecule's steps. The town never reads TOML: the harness pours the formula that it
 * finds, and what it poured is what every later attempt follows.
 */
import { z } from 'zod';
import type { Molecule } from '../formulas/molecule.ts';
import { stepStates } from '../formulas/progress.ts';
import { limits } from '../limits.ts';
import { oid, subjectSchema } from './protocol.ts';

const id = z.string().max(50);
const minutes = z.int().min(1).max(limits.gateMinutesMax);

const gateSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('human'), question: z.string().max(3000).optional() }),
  z.strictObject({ type: z.literal('timer'), minutes }),
  z.strictObject({ type: z.literal('bead'), bead: z.string().max(3000), minutes: minutes.optional() }),
  z.strictObject({ type: z.literal('ci'), check: z.string().max(3000), minutes: minutes.optional() }),
  z.strictObject({ type: z.literal('pr'), pr: z.string().max(3000), minutes: minutes.optional() }),
]);

const moleculeSchema = z.strictObject({
  formula: id,
  version: z.int(),
  source: z.enum(['built-in', 'repository']),
  steps: z
    .array(
      z.strictObject({
        id,
        title: z.string(),
        description: z.string(),
        acceptance: z.array(z.string()),
        needs: z.array(id),
        check: z.string().optional(),
        gate: gateSchema.optional(),
        maxAttempts: z.int().min(1),
        until: z.string().optional(),
        skipped: z.string().optional(),
      }),
    )
    .min(1)
    .max(limits.moleculeStepsMax),
});

export const stepSchema = z.strictObject({
  subject: subjectSchema,
  molecule: moleculeSchema.optional(),
  step: id,
  state: z.enum(stepStates),
  tries: z.int().min(0),
  head: oid.optional(),
  detail: z.string().max(2000).optional(),
});
export type StepReport = Omit<z.infer<typeof stepSchema>, 'molecule'> & { readonly molecule?: Molecule | undefined };
