/** A formula as a plan: a workflow is one bead that follows it, a convoy formula a bead for each leg and one after all. */
import type { Plan, PlannedBead } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Formula, Leg } from './formula.ts';
import { fill, holds, type Matches, plainMatch, type Values, valuesOf } from './vars.ts';

export interface Asked {
  readonly vars: Values;
  /** One line; by default the formula's own. */
  readonly title?: string;
  /** What the bead of a workflow is to do: its steps say how. */
  readonly instructions?: string;
}

export function planOfFormula(
  formula: Formula,
  asked: Asked,
  matches: Matches = plainMatch,
): { readonly plan: Plan } | { readonly faults: readonly Fault[] } {
  const filled = valuesOf(formula.vars, asked.vars, matches);
  if ('faults' in filled) return filled;
  const { values } = filled;
  const title = asked.title ?? titleOf(formula, values);
  if (formula.type === 'workflow') {
    const bead = { name: formula.name, title, instructions: asked.instructions ?? formula.description };
    return { plan: { title, beads: [{ ...plain, ...bead, formula: formula.name, ...given(asked.vars) }] } };
  }
  const legs = formula.legs.filter(({ condition }) => condition === undefined || holds(condition, values));
  const gone = new Map(formula.legs.filter((leg) => !legs.includes(leg)).map(({ id, needs }) => [id, needs]));
  const beads = legs.map((leg) => ({ ...beadOf(leg, values), needs: [...new Set(leg.needs.flatMap(through(gone)))] }));
  const needed = new Set(beads.flatMap(({ needs }) => needs));
  const ends = legs.flatMap(({ id }) => (needed.has(id) ? [] : [id]));
  const last = formula.synthesis ? [{ ...beadOf(formula.synthesis, values), needs: ends }] : [];
  return { plan: { title, beads: [...beads, ...last] } };
}

const plain = { acceptance: [], type: 'task', priority: 2, labels: [], needs: [] } satisfies Partial<PlannedBead>;

const given = (vars: Values) => (Object.keys(vars).length === 0 ? {} : { vars: { ...vars } });

/** The formula's first line, and what tells this run from another. */
function titleOf({ name, description }: Formula, values: Values): string {
  const line = description.trim().split('\n')[0]?.replace(/[.:]$/, '');
  const first = Object.values(values).find((value) => value !== '' && value.length <= 60);
  const text = `${line || name}${first === undefined ? '' : `: ${first}`}`;
  return text.replace(/\p{Cc}/gu, ' ').slice(0, limits.titleCharsMax);
}

/** What needs a leg that is left out needs what that one needed. */
const through =
  (gone: ReadonlyMap<string, readonly string[]>) =>
  (need: string): readonly string[] =>
    gone.get(need)?.flatMap(through(gone)) ?? [need];

const beadOf = ({ id, title, description, acceptance, formula }: Leg, values: Values): PlannedBead => ({
  ...plain,
  name: id,
  title: fill(title, values),
  instructions: fill(description, values).trim(),
  acceptance: acceptance.map((line) => fill(line, values)),
  ...(formula === undefined ? {} : { formula }),
});
