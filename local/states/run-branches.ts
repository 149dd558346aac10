/** Parallel and inline Map: several runs at once; the first that fails cancels the others. */
import type { Json } from '../../core/ports.ts';
import { queryFault } from './fault.ts';
import type { StateOf, States } from './machine.ts';
import { Scope } from './scope.ts';
import { sized } from './template.ts';
import { envOf, type Position, type Run, type Visit, wholeNumber } from './visit.ts';

type RunStates = (run: Run, states: States, input: Json, position: Position) => Promise<Json>;

/** Step Functions runs at most so many iterations of an inline Map at once. */
const iterationsAtOnceMax = 40;

export async function runParallel(visit: Visit<StateOf<'Parallel'>>, runStates: RunStates): Promise<Json> {
  const { state, input } = visit;
  const branchInput = state.arguments ? sized(await state.arguments.evaluate(envOf(visit)), 'Arguments') : input;
  const branches = state.branches.map((states) => ({ states, input: branchInput }));
  return runAll(visit, branches, branches.length, runStates);
}

export async function runMap(visit: Visit<StateOf<'Map'>>, runStates: RunStates): Promise<Json> {
  const { state, input } = visit;
  const env = envOf(visit);
  const items = state.items ? await state.items.evaluate(env) : input;
  if (!Array.isArray(items))
    throw queryFault(`Items of state "${state.name}": ${JSON.stringify(items).slice(0, 100)} is not a list`);
  const wanted = (await wholeNumber(state.concurrencyMax, env, 0, 'MaxConcurrency')) ?? 0;
  const iterations: { states: States; input: Json }[] = [];
  for (const [index, item] of (items as readonly Json[]).entries()) {
    const itemEnv = envOf(visit, { Map: { Item: { Index: index, Value: item } } });
    const selected = state.itemSelector ? sized(await state.itemSelector.evaluate(itemEnv), 'ItemSelector') : item;
    iterations.push({ states: state.processor, input: selected });
  }
  const atOnceMax = wanted === 0 ? iterationsAtOnceMax : Math.min(wanted, iterationsAtOnceMax);
  return runAll(visit, iterations, atOnceMax, runStates);
}

/** The outputs, in the order of the branches. */
function runAll(
  { run, position }: Visit,
  branches: readonly { readonly states: States; readonly input: Json }[],
  atOnceMax: number,
  runStates: RunStates,
): Promise<Json> {
  const outputs: Json[] = branches.map(() => null);
  let begun = 0;
  let ended = 0;
  return position.scope.wait<Json>((resolve, reject) => {
    const scope = new Scope(position.scope);
    const begin = (): void => {
      const place = begun;
      const branch = branches[place];
      if (!branch || scope.cancelled) return;
      begun += 1;
      runStates(run, branch.states, branch.input, { scope, variables: position.variables }).then((output) => {
        outputs[place] = output;
        ended += 1;
        if (ended === branches.length) resolve(outputs);
        else begin();
      }, reject);
    };
    for (let i = 0; i < Math.min(atOnceMax, branches.length); i += 1) begin();
    if (branches.length === 0) resolve([]);
    return () => scope.cancel();
  });
}
