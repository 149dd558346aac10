/** Reads the states of one scope (a machine, a branch, a Map's processor) and checks how they hang together. */
import { Fields } from './fields.ts';
import type { State, States } from './machine.ts';
import type { Names, VariableScope } from './read-parts.ts';
import { readState } from './read-state.ts';
import { isObject } from './template.ts';

export const topScope = (parent?: VariableScope): VariableScope => ({
  assigned: new Set(),
  ...(parent ? { parent } : {}),
});

const stateNameCharsMax = 80;

export function readStates(fields: Fields, names: Names, scope: VariableScope): States {
  const startAt = fields.required('StartAt');
  const raw = fields.object('States');
  const states = new Map<string, State>();
  if (!raw) {
    if (!fields.has('States')) fields.required('States');
    return { startAt: '', states };
  }
  for (const name of Object.keys(raw.raw)) {
    const value = raw.take(name);
    if (!isObject(value)) {
      raw.fault(name, 'must be an object');
      continue;
    }
    const own = new Fields(value, `state "${name}"`, fields.faults);
    if (name.length > stateNameCharsMax)
      own.fault('name', `has ${name.length} characters; at most ${stateNameCharsMax}`);
    const other = names.states.get(name);
    if (other) own.fault('name', `is used in ${other} too; names are unique in the whole machine`);
    names.states.set(name, fields.place);
    const nested = (inner: Fields): States => readStates(inner, names, topScope(scope));
    const state = readState(name, own, { names, scope, nested });
    if (state) states.set(name, state);
  }
  const complete = states.size === Object.keys(raw.raw).length;
  if (complete && typeof startAt === 'string') checkTransitions(fields, startAt, states);
  return { startAt: String(startAt), states };
}

function checkTransitions(fields: Fields, startAt: string, states: ReadonlyMap<string, State>): void {
  if (!states.has(startAt)) {
    fields.fault('StartAt', `names "${startAt}", which is not a state of this scope`);
    return;
  }
  const reached = new Set([startAt]);
  for (const name of reached) {
    const state = states.get(name);
    for (const [field, next] of state ? transitionsOf(state) : []) {
      if (states.has(next)) reached.add(next);
      else
        new Fields({}, `state "${name}"`, fields.faults).fault(
          field,
          `leads to "${next}", which is not a state of this scope`,
        );
    }
  }
  for (const name of states.keys()) {
    if (!reached.has(name))
      new Fields({}, `state "${name}"`, fields.faults).fault('name', 'cannot be reached from StartAt');
  }
}

function transitionsOf(state: State): [field: string, next: string][] {
  if (state.type === 'Fail') return [];
  const transitions: [string, string][] = [];
  if (state.next !== undefined) transitions.push([state.type === 'Choice' ? 'Default' : 'Next', state.next]);
  if (state.type === 'Choice')
    transitions.push(...state.choices.map(({ next }, i): [string, string] => [`Choices/${i}/Next`, next]));
  const catchers = 'catch' in state ? state.catch : [];
  for (const [i, { next }] of catchers.entries()) if (next !== undefined) transitions.push([`Catch/${i}/Next`, next]);
  return transitions;
}

/** Every variable that is used is assigned somewhere around; no inner scope assigns one of an outer scope. */
export function checkVariables(names: Names): void {
  for (const { name, scope, fields, field, assigns } of names.references) {
    const outer = assigns ? scope.parent : scope;
    const known = isAssigned(name, outer);
    if (assigns && known) fields.fault(field, `assigns $${name}, which belongs to an outer scope`);
    if (!assigns && !known) fields.fault(field, `uses $${name}, which no state here or around assigns`);
  }
}

function isAssigned(name: string, scope: VariableScope | undefined): boolean {
  return scope !== undefined && (scope.assigned.has(name) || isAssigned(name, scope.parent));
}
