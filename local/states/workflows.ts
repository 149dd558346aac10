/**
 * The `Workflows` port in memory: an interpreter of the same state-machine files that Step Functions runs. After a
 * restart nothing is left of it; what was in flight is rebuilt from the record (the next run of each molecule).
 *
 * Of an execution that has ended only its name and status stay, for 90 days, so that a name is not used twice: about
 * 150 bytes each, which is 15 MB for 100,000 molecules.
 */
import { PortRefused, Unavailable } from '../../core/errors.ts';
import type { Clock, ExecutionStatus, Ids, Instant, Json, Message, TokenResult, Workflows } from '../../core/ports.ts';
import { StateFault } from './fault.ts';
import { loadMachine } from './load.ts';
import type { Machine } from './machine.ts';
import { runStates } from './run.ts';
import { Scope } from './scope.ts';
import { bytesOf, payloadBytesMax } from './template.ts';
import { makeTimers } from './timers.ts';
import type { Run, Waiter } from './visit.ts';

export type EndedStatus = Exclude<ExecutionStatus, 'running' | 'absent'>;

export interface WorkflowsOptions {
  /** By machine name. `definition` is the text of the ASL file. */
  readonly machines: Readonly<Record<string, { readonly definition: string }>>;
  /** What `${Name}` stands for in the definitions. Function names and queue URLs become local names here. */
  readonly substitutions: Readonly<Record<string, string>>;
  invoke(functionName: string, payload: Json): Promise<Json>;
  send(message: Message): Promise<void>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** `fault` says why, unless it succeeded. */
  onEnded?(
    machine: string,
    name: string,
    status: EndedStatus,
    fault?: { readonly error: string; readonly cause: string },
  ): void;
}

export interface LocalWorkflows extends Workflows {
  /** Executions that have not ended. */
  running(): number;
  /** Resets the heartbeat of a task, as SendTaskHeartbeat does. */
  heartbeat(token: string): Promise<TokenResult>;
  /** Drops everything that runs, without a word to anybody. */
  close(): void;
}

const namesKeptMs = 90 * 24 * 60 * 60 * 1000;
const tokenCharsMax = 2048;
const errorCharsMax = 256;
const causeCharsMax = 32_768;

type Fault = { readonly error: string; readonly cause: string };

/** Throws a `TownError` with every fault of every definition that it cannot interpret to the letter. */
export function makeWorkflows(options: WorkflowsOptions): LocalWorkflows {
  const { clock, ids, substitutions } = options;
  const machines = new Map<string, Machine>();
  for (const [name, { definition }] of Object.entries(options.machines)) {
    machines.set(name, loadMachine(name, definition, { substitutions, clock, ids }));
  }
  const timers = makeTimers(clock);
  const waiters = new Map<string, Waiter>();
  const live = new Map<string, { end(status: EndedStatus, fault: Fault): void; drop(): void }>();
  /** In the order in which they ended. */
  const ended = new Map<string, { readonly status: EndedStatus; readonly at: Instant }>();
  let closed = false;

  const forget = (): void => {
    for (const [key, { at }] of ended) {
      if (at > clock.now() - namesKeptMs) return;
      ended.delete(key);
    }
  };

  const begin = (machine: Machine, name: string, input: Json): void => {
    const key = keyOf(machine.name, name);
    const scope = new Scope();
    const run: Run = {
      machine,
      execution: { id: executionArn(machine.name, name), name, input, startedAt: clock.now() },
      clock,
      ids,
      timers,
      invoke: options.invoke,
      send: options.send,
      await: (token, waiter) => {
        waiters.set(token, waiter);
        return () => waiters.delete(token);
      },
    };
    const end = (status: EndedStatus, fault?: Fault): void => {
      if (!live.delete(key)) return;
      stopTimer?.();
      scope.cancel();
      ended.set(key, { status, at: clock.now() });
      options.onEnded?.(machine.name, name, status, fault);
    };
    live.set(key, { end, drop: () => scope.cancel() });
    const { timeoutSeconds: seconds } = machine;
    const tooLate = { error: 'States.Timeout', cause: `the execution took ${seconds} s` };
    const stopTimer =
      seconds === undefined ? undefined : timers.at(clock.now() + 1000 * seconds, () => end('timed_out', tooLate));
    runStates(run, machine, input, { scope, variables: {} }).then(
      () => end('succeeded'),
      (thrown: unknown) => {
        const fault = faultOf(thrown);
        end(fault.error === 'States.Timeout' ? 'timed_out' : 'failed', fault);
      },
    );
  };

  /** The waiter leaves with its token: whoever comes next with it finds nobody. */
  const answer = (token: string, act: (waiter: Waiter) => void): TokenResult => {
    if (token.length < 1 || token.length > tokenCharsMax)
      throw new PortRefused('BAD_TOKEN', `${token.length} characters; 1 to ${tokenCharsMax}`);
    const waiter = waiters.get(token);
    if (!waiter) return 'gone';
    act(waiter);
    return 'done';
  };

  return {
    async start(machineName, name, input) {
      const machine = machines.get(machineName);
      if (!machine)
        throw new PortRefused(
          'MACHINE_UNKNOWN',
          `no machine "${machineName}"; there are: ${[...machines.keys()].join(', ')}`,
        );
      if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
        throw new PortRefused('BAD_NAME', `"${name}": 1 to 80 of letters, digits, - and _`);
      refuseLarge(input);
      if (closed) throw new Unavailable('the workflows are closed');
      forget();
      const key = keyOf(machineName, name);
      if (live.has(key) || ended.has(key)) return 'exists';
      begin(machine, name, JSON.parse(JSON.stringify(input)) as Json);
      return 'started';
    },
    async succeed(token, output) {
      refuseLarge(output);
      return answer(token, (waiter) => waiter.succeed(JSON.parse(JSON.stringify(output)) as Json));
    },
    async fail(token, error, cause) {
      if (error.length > errorCharsMax)
        throw new PortRefused('ERROR_TOO_LONG', `${error.length} characters; at most ${errorCharsMax}`);
      if (cause.length > causeCharsMax)
        throw new PortRefused('CAUSE_TOO_LONG', `${cause.length} characters; at most ${causeCharsMax}`);
      return answer(token, (waiter) => waiter.fail(error, cause));
    },
    heartbeat: async (token) => answer(token, (waiter) => waiter.beat()),
    async stop(machine, name, cause) {
      live.get(keyOf(machine, name))?.end('aborted', { error: 'States.Aborted', cause });
    },
    async describe(machine, name) {
      const key = keyOf(machine, name);
      forget();
      return live.has(key) ? 'running' : (ended.get(key)?.status ?? 'absent');
    },
    running: () => live.size,
    close() {
      closed = true;
      timers.close();
      for (const execution of live.values()) execution.drop();
      live.clear();
    },
  };
}

const keyOf = (machine: string, name: string): string => `${machine}/${name}`;
const executionArn = (machine: string, name: string): string =>
  `arn:aws:states:local:000000000000:execution:${machine}:${name}`;

/** Anything but a state's own fault is a mistake of this interpreter: the execution says so. */
function faultOf(thrown: unknown): Fault {
  if (thrown instanceof StateFault) return { error: thrown.error, cause: thrown.cause };
  return {
    error: 'States.Runtime',
    cause: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  };
}

function refuseLarge(value: Json): void {
  const bytes = bytesOf(value);
  if (bytes > payloadBytesMax) throw new PortRefused('PAYLOAD_TOO_LARGE', `${bytes} bytes; at most ${payloadBytesMax}`);
}
