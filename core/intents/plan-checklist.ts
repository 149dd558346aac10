/** The Mayor without a model: reads the intent as a checklist, and names every fault of text and plan with its line. */
import { type Plan, type PlanLimits, type PlanTown, validatePlan } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { parseChecklist } from './checklist.ts';

export type Planned = { readonly plan: Plan } | { readonly faults: readonly Fault[] };

/** No task, done or to do: whoever wrote it meant a model to read it. */
const prose: Fault = {
  code: 'PLAN_EMPTY',
  what: 'The intent is prose, and this town has no model that plans it.',
  remedy:
    'Write it as a checklist, a line “- [ ] name: what to do” for each task; or give the town a model: ANTHROPIC_API_KEY on a laptop, -c models on AWS.',
  at: 'line 1',
};

/** Faults in the order of their lines; without any, the plan may become a convoy. */
export function planChecklist(text: string, limits: PlanLimits, town: PlanTown): Planned {
  const { plan, faults, lineOf, hasTasks } = parseChecklist(text);
  if (!hasTasks) return { faults: [...faults, prose] };
  const all = [...faults, ...withLines(validatePlan(plan, limits, town), lineOf)];
  return all.length === 0 ? { plan } : { faults: all.sort(byLine) };
}

/** Faults that were found in the plan of this text later: with their lines, in that order. */
export const atLines = (text: string, faults: readonly Fault[]): readonly Fault[] =>
  withLines(faults, parseChecklist(text).lineOf).sort(byLine);

const withLines = (faults: readonly Fault[], lineOf: (pointer: string) => number): Fault[] =>
  faults.map((fault) => ({ ...fault, at: `line ${lineOf(fault.at ?? '')}` }));

const byLine = (a: Fault, b: Fault): number => lineNumber(a) - lineNumber(b);

const lineNumber = (fault: Fault): number => Number(fault.at?.slice('line '.length) ?? 0);
