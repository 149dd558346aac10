/** The plan: the beads that an intent is to become, before any of them exists. Whoever wrote it, it is checked here. */

import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { formulaNamePattern } from '../formulas/formula.ts';
import { limits } from '../limits.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';
import { parseAgent, runtimes } from '../polecats/runtime.ts';
import type { RigConfig } from '../rigs/rig.ts';
import { beadTypeSchema } from './bead.ts';
import { fileFaults } from './plan-files.ts';
import { graphFaults } from './plan-graph.ts';

const planNamePattern = /^[a-z0-9][a-z0-9-]{0,40}$/;

const plannedBeadSchema = z.strictObject({
  /** What other beads call it in `needs`; unique in its plan. */
  name: z.string().regex(planNamePattern, 'lower-case letters, digits and dashes, at most 41'),
  title: z.string(),
  instructions: z.string().default(''),
  acceptance: z.array(z.string().min(1)).max(100).default([]),
  /** Likely to be touched, from the root of the repository. Without them nobody knows. */
  files: z.array(z.string()).max(limits.filesPerBeadMax).optional(),
  /** For the shell agent: a POSIX shell script. */
  script: z.string().min(1).optional(),
  type: beadTypeSchema.default('task'),
  /** 0 (most urgent) to 4. */
  priority: z.int().min(0).max(4).default(2),
  labels: z.array(z.string().min(1).max(50)).default([]),
  needs: z.array(z.string()).default([]),
  rig: z.string().optional(),
  runtime: z.string().optional(),
  formula: z.string().regex(formulaNamePattern, 'lower-case letters, digits and dashes, at most 41').optional(),
  /** Values for the formula's variables. */
  vars: z.record(z.string().max(41), z.string().max(2000)).optional(),
  budgetUsd: z.number().min(0).max(10_000).optional(),
  externalRef: z.string().max(500).optional(),
});
export const planSchema = z.strictObject({ title: z.string(), beads: z.array(plannedBeadSchema) });

export type PlannedBead = z.infer<typeof plannedBeadSchema>;
export type Plan = z.infer<typeof planSchema>;

export type PlanLimits = Readonly<
  Record<'beadsPerConvoyMax' | 'planDepthMax' | 'needsPerBeadMax' | 'titleCharsMax' | 'labelsPerBeadMax', number>
>;

/** What a plan is checked against: the rig it is for, and the rigs there are. */
export interface PlanTown {
  readonly rig: string;
  readonly rigs: readonly string[];
  /** The agent of a bead that names none. */
  readonly runtime: RigConfig['agent.runtime'];
}

/**
 * Every fault of the plan, in the order of its beads, graph faults last; none means that it may become a convoy.
 * `at` points into the plan (`/beads/3/needs/0`). Linear in the size of the plan.
 */
export function validatePlan(plan: Plan, limits: PlanLimits, town: PlanTown): readonly Fault[] {
  const firstOf = new Map<string, number>();
  plan.beads.forEach(({ name }, i) => {
    if (!firstOf.has(name)) firstOf.set(name, i);
  });
  const nearest = suggester([...firstOf.keys()]);
  const rigs = { known: new Set(town.rigs), nearest: suggester(town.rigs) };
  return [
    ...titleFaults('The convoy', plan.title, '/title', limits),
    ...sizeFaults(plan, limits),
    ...plan.beads.flatMap((bead, i) => [
      ...beadFaults(bead, `/beads/${i}`, limits, town),
      ...rigFaults(bead, `/beads/${i}`, town, rigs),
      ...(firstOf.get(bead.name) === i ? [] : [duplicate(bead.name, firstOf.get(bead.name), i)]),
      ...needFaults(bead, `/beads/${i}`, firstOf, nearest, limits),
    ]),
    ...graphFaults(plan, firstOf, limits),
  ];
}

function titleFaults(whose: string, title: string, at: string, { titleCharsMax }: PlanLimits): Fault[] {
  const fault = (code: string, what: string, remedy: string): Fault[] => [{ code, what, remedy, at }];
  if (title.trim() === '') return fault('TITLE_EMPTY', `${whose} has no title.`, 'Say in one line what is to be done.');
  if (title.length > titleCharsMax) {
    const what = `The title of ${lowerFirst(whose)} has ${title.length} characters; the limit is ${titleCharsMax}.`;
    return fault('TITLE_TOO_LONG', what, 'Move the details into the instructions.');
  }
  // It becomes the subject line of a commit.
  if (hasControl(title))
    return fault('TITLE_NOT_ONE_LINE', `${whose} has a title with control characters.`, 'Use one line of text.');
  return [];
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127) return true;
  }
  return false;
}

function sizeFaults({ beads }: Plan, { beadsPerConvoyMax }: PlanLimits): Fault[] {
  if (beads.length === 0) {
    const remedy = 'Give it at least one task that is not done yet.';
    return [{ code: 'PLAN_EMPTY', what: 'The plan has no beads.', remedy, at: '/beads' }];
  }
  if (beads.length <= beadsPerConvoyMax) return [];
  const what = `The plan has ${beads.length} beads; the limit of one convoy is ${beadsPerConvoyMax}.`;
  return [{ code: 'PLAN_TOO_LARGE', what, remedy: 'Split it into several intents.', at: '/beads' }];
}

function beadFaults(bead: PlannedBead, at: string, limits: PlanLimits, town: PlanTown): Fault[] {
  const faults = [
    ...titleFaults(`Bead "${bead.name}"`, bead.title, `${at}/title`, limits),
    ...fileFaults(bead.name, bead.files ?? [], at),
  ];
  const add = (code: string, what: string, remedy: string, field: string): void => {
    faults.push({ code, what: `Bead "${bead.name}" ${what}`, remedy, at: `${at}/${field}` });
  };
  const runtime = bead.runtime ?? town.runtime;
  if (!parseAgent(runtime)) {
    add(
      'RUNTIME_UNKNOWN',
      `asks for the agent ${JSON.stringify(clip(runtime))}, which no rig knows.`,
      `Name one of ${runtimes.join(', ')}, if need be with a model, such as claude:opus; or leave it out to get the agent of the rig.`,
      'runtime',
    );
  }
  if (runtime === 'shell' && !bead.script?.trim()) {
    add(
      'SCRIPT_MISSING',
      'has no script, and its agent is the shell.',
      bead.formula === undefined
        ? `Give it a fenced sh block, or set another agent: gt rig config ${town.rig} agent.runtime claude.`
        : `A formula needs an agent that works from a prompt: gt rig config ${town.rig} agent.runtime claude.`,
      'script',
    );
  }
  if (bead.labels.length > limits.labelsPerBeadMax) {
    add(
      'LABELS_TOO_MANY',
      `has ${bead.labels.length} labels; the limit is ${limits.labelsPerBeadMax}.`,
      'Keep the ones that someone searches for.',
      'labels',
    );
  }
  return faults;
}

interface Rigs {
  readonly known: ReadonlySet<string>;
  readonly nearest: (name: string) => string | undefined;
}

/** For now a convoy stays in one repository. */
function rigFaults(bead: PlannedBead, at: string, town: PlanTown, rigs: Rigs): Fault[] {
  if (bead.rig === undefined || bead.rig === town.rig) return [];
  const whose = `Bead "${bead.name}" is for the rig "${clip(bead.rig)}"`;
  if (rigs.known.has(bead.rig)) {
    const what = `${whose}, but the convoy is for "${town.rig}".`;
    return [{ code: 'RIG_OTHER', what, remedy: 'Submit an intent of its own to that rig.', at: `${at}/rig` }];
  }
  const what = `${whose}, which does not exist.${didYouMean(rigs.nearest(bead.rig))}`;
  return [{ code: 'RIG_UNKNOWN', what, remedy: `Leave it out: the convoy is for "${town.rig}".`, at: `${at}/rig` }];
}

const duplicate = (name: string, first: number | undefined, i: number): Fault => ({
  code: 'NAME_DUPLICATE',
  what: `Beads ${(first ?? 0) + 1} and ${i + 1} are both called "${name}".`,
  remedy: 'Give each bead a name of its own.',
  at: `/beads/${i}/name`,
});

function needFaults(
  bead: PlannedBead,
  at: string,
  firstOf: ReadonlyMap<string, number>,
  nearest: (name: string) => string | undefined,
  { needsPerBeadMax }: PlanLimits,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  bead.needs.forEach((need, i) => {
    const fault = (code: string, what: string, remedy: string): void => {
      faults.push({ code, what: `Bead "${bead.name}" ${what}`, remedy, at: `${at}/needs/${i}` });
    };
    if (seen.has(need)) fault('NEED_DUPLICATE', `names the need "${clip(need)}" twice.`, 'Name it once.');
    else if (need === bead.name) fault('NEED_SELF', 'needs itself.', 'Take it out of its own needs.');
    else if (!firstOf.has(need)) {
      const what = `needs "${clip(need)}", which is no bead of the plan.${didYouMean(nearest(need))}`;
      fault('NEED_UNKNOWN', what, 'Name a bead of this plan.');
    }
    seen.add(need);
  });
  if (bead.needs.length > needsPerBeadMax) {
    const what = `Bead "${bead.name}" has ${bead.needs.length} needs; the limit is ${needsPerBeadMax}.`;
    faults.push({
      code: 'NEEDS_TOO_MANY',
      what,
      remedy: 'Let one bead gather them, and need that one.',
      at: `${at}/needs`,
    });
  }
  return faults;
}
