/** Runs the states of one scope, one after another, until one ends the scope. */
import type { Instant, Json } from '../../core/ports.ts';
import type { Env } from './expression.ts';
import { queryFault, StateFault } from './fault.ts';
import type { Exit, StateOf, States } from './machine.ts';
import { withRecovery } from './recover.ts';
import { runMap, runParallel } from './run-branches.ts';
import { runTask } from './run-task.ts';
import { sized, type Template } from './template.ts';
import { isTimestamp } from './timestamp.ts';
import { envOf, type Left, leave, type Position, type Run, sleepUntil, type Visit, wholeNumber } from './visit.ts';

export async function runStates(run: Run, states: States, input: Json, position: Position): Promise<Json> {
  let left: Left = { output: input, next: states.startAt };
  while (left.next !== undefined) {
    if (position.scope.cancelled) return new Promise(() => undefined);
    const state = states.states.get(left.next);
    if (!state) throw new Error(`BUG: no state ${left.next}`);
    run.entered(state.name);
    left = await visitState({ run, state, input: left.output, position, enteredAt: run.clock.now(), retries: 0 });
  }
  return left.output;
}

function visitState(visit: Visit): Promise<Left> {
  const { state } = visit;
  switch (state.type) {
    case 'Task':
      return withRecovery({ ...visit, state }, async (tried) =>
        leaveWith(tried, state, await runTask({ ...tried, state })),
      );
    case 'Parallel':
      return withRecovery({ ...visit, state }, async (tried) =>
        leaveWith(tried, state, await runParallel({ ...tried, state }, runStates)),
      );
    case 'Map':
      return withRecovery({ ...visit, state }, async (tried) =>
        leaveWith(tried, state, await runMap({ ...tried, state }, runStates)),
      );
    case 'Choice':
      return choose({ ...visit, state });
    case 'Wait':
      return runWait({ ...visit, state });
    case 'Pass':
    case 'Succeed':
      return leave(visit, state, visit.input, envOf(visit));
    case 'Fail':
      return fail({ ...visit, state });
  }
}

function leaveWith(visit: Visit, exit: Exit, result: Json): Promise<Left> {
  sized(result, `result of state "${visit.state.name}"`);
  const env = envOf(visit);
  return leave(visit, exit, result, { ...env, states: { ...env.states, result } });
}

async function choose(visit: Visit<StateOf<'Choice'>>): Promise<Left> {
  const { state, input } = visit;
  const env = envOf(visit);
  for (const choice of state.choices) {
    const holds = await choice.condition.evaluate(env);
    if (typeof holds !== 'boolean')
      throw queryFault(`{% ${choice.condition.text} %} gave ${JSON.stringify(holds)}, not true or false`);
    if (holds) return leave(visit, choice, input, env);
  }
  if (state.next === undefined)
    throw new StateFault('States.NoChoiceMatched', `state "${state.name}": no rule holds, and there is no Default`);
  return leave(visit, state, input, env);
}

async function runWait(visit: Visit<StateOf<'Wait'>>): Promise<Left> {
  const { state, run, position } = visit;
  const env = envOf(visit);
  const until = state.timestamp
    ? await instantOf(state.timestamp, env)
    : visit.enteredAt + 1000 * ((await wholeNumber(state.seconds, env, 0, 'Seconds')) ?? 0);
  if (until > run.clock.now()) await sleepUntil(run, position.scope, until);
  return leave(visit, state, visit.input, env);
}

async function instantOf(timestamp: Template, env: Env): Promise<Instant> {
  const value = await timestamp.evaluate(env);
  if (typeof value !== 'string' || !isTimestamp(value))
    throw queryFault(`Timestamp: ${JSON.stringify(value)} is not like 2030-01-31T00:00:00Z`);
  return Date.parse(value);
}

async function fail(visit: Visit<StateOf<'Fail'>>): Promise<never> {
  const env = envOf(visit);
  const [error, cause] = [await visit.state.error?.evaluate(env), await visit.state.cause?.evaluate(env)];
  for (const text of [error, cause])
    if (text !== undefined && typeof text !== 'string') throw queryFault(`${JSON.stringify(text)} is not a string`);
  throw new StateFault(String(error ?? 'States.Failed'), String(cause ?? `state "${visit.state.name}"`));
}
