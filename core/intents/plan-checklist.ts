/** The Mayor without a model: reads the intent as a checklist, and names every fault of text and plan with its line. */
import { type Plan, type PlanLimits, type PlanTown, validatePlan } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { parseChecklist } from './checklist.ts';

export type Planned = { readonly plan: Plan } | { readonly faults: readonly Fault[] };

/** Faults in the order of their lines; without any, the plan may become a convoy. */
export function planChecklist(text: string, limits: PlanLimits, town: PlanTown): Planned {
  const { plan, faults, lineOf } = parseChecklist(text);
  const ofPlan = validatePlan(plan, limits, town).map((fault) => ({ ...fault, at: `line ${lineOf(fault.at ?? '')}` }));
  const all = [...faults, ...ofPlan];
  if (all.length === 0) return { plan };
  return { faults: all.sort((a, b) => lineNumber(a) - lineNumber(b)) };
}

const lineNumber = (fault: Fault): number => Number(fault.at?.slice('line '.length) ?? 0);
