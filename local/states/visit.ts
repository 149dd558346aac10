/** One visit of a state: what it is given, what its expressions see, and how it is left. */
import type { Clock, Ids, Instant, Json, Message } from '../../core/ports.ts';
import type { Env } from './expression.ts';
import { queryFault } from './fault.ts';
import type { Assignments, Exit, Machine, State } from './machine.ts';
import type { Scope } from './scope.ts';
import { sized, type Template } from './template.ts';
import type { Timers } from './timers.ts';

/** Who waits on a task token. */
export interface Waiter {
  succeed(output: Json): void;
  fail(error: string, cause: string): void;
  beat(): void;
}

/** One execution, and all that it may use. */
export interface Run {
  invoke(functionName: string, payload: Json): Promise<Json>;
  send(message: Message): Promise<void>;
  /** What Step Functions bills as a transition: each entry into a state, and each retry. */
  entered(state: string): void;
  /** Makes the token known; the returned function makes it unknown. */
  await(token: string, waiter: Waiter): () => void;
  readonly machine: Machine;
  readonly execution: { readonly id: string; readonly name: string; readonly input: Json; readonly startedAt: Instant };
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
}

type Variables = Readonly<Record<string, Json>>;

/** Where a run stands: which scope cancels it, and what its variables are (an inner scope changes only its own). */
export interface Position {
  readonly scope: Scope;
  variables: Variables;
}

/** One entry into a state; a retry is the same visit. */
export interface Visit<S extends State = State> {
  readonly run: Run;
  readonly state: S;
  readonly input: Json;
  readonly position: Position;
  readonly enteredAt: Instant;
  readonly retries: number;
}

export interface Left {
  readonly output: Json;
  readonly next?: string;
}

/** What the expressions of a state see, before it has a result. */
export function envOf(
  { run, state, input, position, enteredAt, retries }: Visit,
  more: { readonly [name: string]: Json } = {},
): Env {
  const { id, name, input: executionInput, startedAt } = run.execution;
  const context: Json = {
    Execution: { Id: id, Name: name, Input: executionInput, StartTime: new Date(startedAt).toISOString() },
    StateMachine: { Id: machineArn(run.machine.name), Name: run.machine.name },
    State: { Name: state.name, EnteredTime: new Date(enteredAt).toISOString(), RetryCount: retries },
    ...more,
  };
  return { states: { input, context }, variables: position.variables };
}

const machineArn = (machine: string): string => `arn:aws:states:local:000000000000:stateMachine:${machine}`;

/** Output and Assign see the same values: an assignment shows in the next state. */
export async function leave(visit: Visit, exit: Exit, output: Json, env: Env): Promise<Left> {
  const left = exit.output ? await exit.output.evaluate(env) : output;
  sized(left, `output of state "${visit.state.name}"`);
  await assign(visit.position, exit.assign, env);
  return exit.next === undefined ? { output: left } : { output: left, next: exit.next };
}

async function assign(position: Position, assignments: Assignments, env: Env): Promise<void> {
  if (assignments.length === 0) return;
  const values: [string, Json][] = [];
  for (const [name, value] of assignments) values.push([name, sized(await value.evaluate(env), `variable $${name}`)]);
  position.variables = { ...position.variables, ...Object.fromEntries(values) };
}

export const sleepUntil = (run: Run, scope: Scope, until: Instant): Promise<void> =>
  scope.wait((resolve) => run.timers.at(until, () => resolve()));

/** The value of a number field, if the state has it. */
export async function wholeNumber(
  template: Template | undefined,
  env: Env,
  min: number,
  field: string,
): Promise<number | undefined> {
  const value = await template?.evaluate(env);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value;
  throw queryFault(`${field}: ${JSON.stringify(value)} is not a whole number from ${min}`);
}
