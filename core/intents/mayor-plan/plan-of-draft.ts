/** From what a model handed in to a plan of the town, or to everything that is wrong with it. */

import type { Plan, PlannedBead, PlanTown } from '../../convoys/plan.ts';
import { validatePlan } from '../../convoys/plan.ts';
import type { Fault } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { clip } from '../../nearest.ts';
import { chainFiles } from './chain-files.ts';
import { type Draft, type DraftBead, draftSchema } from './draft.ts';

export interface DraftTown extends PlanTown {
  /** What a bead of the rig may spend: a plan may ask for less. */
  readonly budgetUsd: number;
}

export type DraftResult = { readonly plan: Plan } | { readonly faults: readonly Fault[] };

/** `input`: what the tool was called with, whatever it is. */
export function planOfDraft(input: unknown, town: DraftTown): DraftResult {
  const parsed = draftSchema.safeParse(input);
  if (!parsed.success) return { faults: parsed.error.issues.map(shapeFault) };
  const draft = parsed.data;
  const plan: Plan = { title: draft.title, beads: draft.beads.map((bead) => plannedOf(bead, town)) };
  const bounds = { ...limits, beadsPerConvoyMax: limits.plannedByModelMax };
  const faults = [
    ...draft.beads.flatMap((bead, i) => beadFaults(bead, `/beads/${i}`)),
    ...twins(draft),
    ...nameFaults(draft),
    ...validatePlan(plan, bounds, town),
  ];
  if (faults.length > 0) return { faults };
  const { plan: chained, added } = chainFiles(plan);
  const deeper = validatePlan(chained, bounds, town);
  return deeper.length > 0 ? { faults: deeper } : { plan: withReasons(chained, draft, added) };
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

const keysShown = 5;

function shapeFault(issue: Issue): Fault {
  const at = `/${issue.path.map(String).join('/')}`;
  if (issue.code !== 'unrecognized_keys')
    return { code: 'PLAN_SHAPE', what: `${at}: ${issue.message}.`, remedy: 'Keep to the schema of submit_plan.', at };
  const keys = (issue.keys ?? []).slice(0, keysShown).map((key) => JSON.stringify(clip(key)));
  const what = `${at} has ${keys.join(', ')}, which a plan does not have.`;
  return { code: 'FIELD_UNKNOWN', what, remedy: 'Leave it out: the rig decides who works, and how.', at };
}

function plannedOf(bead: DraftBead, town: DraftTown): PlannedBead {
  return {
    name: bead.name,
    title: bead.title,
    instructions: bead.instructions,
    acceptance: bead.acceptance.map(({ kind, text }) => (kind === 'command' ? `\`${text}\` succeeds` : text)),
    files: bead.files,
    type: bead.type ?? 'task',
    priority: bead.priority ?? 2,
    labels: [],
    needs: (bead.needs ?? []).map((need) => need.bead),
    budgetUsd: Math.min(bead.budgetUsd ?? town.budgetUsd, town.budgetUsd),
  };
}

const wordsMin = 3;
/** Says that it is done, and not how one sees it. */
const vague =
  /^(?:it|this|that|everything|all|the (?:code|feature|change|bead|task|app))?\s*(?:works?|is (?:done|good|ok|fine|complete|finished|correct|implemented|working)|looks? good|done|ok|as expected|behaves? (?:correctly|as expected|well))\W*(?:as expected|correctly|properly|well|fine)?\W*$/i;

function beadFaults(bead: DraftBead, at: string): Fault[] {
  const faults: Fault[] = [];
  const add = (code: string, field: string, what: string, remedy: string): void => {
    faults.push({ code, what: `Bead "${bead.name}" ${what}`, remedy, at: `${at}/${field}` });
  };
  if (bead.instructions.trim().split(/\s+/).length < wordsMin)
    add('INSTRUCTIONS_MISSING', 'instructions', 'has no instructions.', 'Say what to change, where and why.');
  if (bead.acceptance.length === 0)
    add('ACCEPTANCE_MISSING', 'acceptance', 'has no acceptance.', 'Give a command that must succeed, or a fact.');
  bead.acceptance.forEach(({ kind, text }, i) => {
    const field = `acceptance/${i}`;
    if (/[\n\r\0]/.test(text))
      add('ACCEPTANCE_NOT_ONE_LINE', field, 'has an acceptance of several lines.', 'One each.');
    else if (kind === 'fact' && (vague.test(text.trim()) || text.trim().split(/\s+/).length < wordsMin))
      add('ACCEPTANCE_VAGUE', field, `accepts "${text}".`, 'Say what can be observed, so that a machine could look.');
  });
  if (bead.files.length === 0 && bead.type !== 'review')
    add('FILES_MISSING', 'files', 'names no files.', 'Name what it will likely touch, new files too.');
  return faults;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,40}$/;

const nameFaults = ({ beads }: Draft): Fault[] =>
  beads.flatMap(({ name }, i) => {
    if (namePattern.test(name)) return [];
    const what = `${JSON.stringify(name.slice(0, 60))} is no name of a bead.`;
    const remedy = 'Use lower-case letters, digits and dashes, at most 41.';
    return [{ code: 'NAME_INVALID', what, remedy, at: `/beads/${i}/name` }];
  });

/** The same work twice would land once, and fail once. */
function twins({ beads }: Draft): Fault[] {
  const first = new Map<string, string>();
  return beads.flatMap(({ name, title, instructions }, i) =>
    [title, instructions].flatMap((text) => {
      const key = text.toLowerCase().replace(/\W+/g, ' ').trim();
      const other = first.get(key);
      if (key !== '' && other === undefined) first.set(key, name);
      if (key === '' || other === undefined || other === name) return [];
      const what = `Beads "${other}" and "${name}" ask for the same.`;
      return [{ code: 'BEAD_TWICE', what, remedy: 'Keep one of them.', at: `/beads/${i}` }];
    }),
  );
}

/** An agent sees its own bead alone, so it is told there what has landed before it, and why it waited. */
function withReasons(
  plan: Plan,
  draft: Draft,
  added: readonly { later: string; earlier: string; file: string }[],
): Plan {
  const titleOf = new Map(plan.beads.map(({ name, title }) => [name, title]));
  return {
    ...plan,
    beads: plan.beads.map((bead, i) => {
      const reasons = [
        ...(draft.beads[i]?.needs ?? []).map((need) => `- "${titleOf.get(need.bead)}": ${need.because}`),
        ...added
          .filter(({ later }) => later === bead.name)
          .map(({ earlier, file }) => `- "${titleOf.get(earlier)}": both touch ${file}`),
      ];
      if (reasons.length === 0) return bead;
      return {
        ...bead,
        instructions: `${bead.instructions.trimEnd()}\n\nLanded before this starts:\n${reasons.join('\n')}`,
      };
    }),
  };
}
