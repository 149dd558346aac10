/**
 * The executions of a process: those that run, who waits on which token, and what became of the others.
 *
 * Of an execution that has ended only its name and status stay, for 90 days, so that a name is not used twice: about
 * 150 bytes each, which is 15 MB for 100,000 molecules.
 */
import type { Clock, ExecutionStatus, Ids, Instant, Json, Message } from '../../core/ports.ts';
import { StateFault } from './fault.ts';
import type { Machine } from './machine.ts';
import { runStates } from './run.ts';
import { Scope } from './scope.ts';
import { makeTimers } from './timers.ts';
import type { Run, Waiter } from './visit.ts';

type EndedStatus = Exclude<ExecutionStatus, 'running' | 'absent'>;

/** Why an execution did not succeed. */
export interface Ending {
  readonly error: string;
  readonly cause: string;
}

export interface World {
  readonly clock: Clock;
  readonly ids: Ids;
  invoke(functionName: string, payload: Json): Promise<Json>;
  send(message: Message): Promise<void>;
  /** A state was entered, or tried once more. */
  onEntered?(machine: string, state: string): void;
  onEnded?(machine: string, name: string, status: EndedStatus, why?: Ending): void;
}

const namesKeptMs = 90 * 24 * 60 * 60 * 1000;

const keyOf = (machine: string, name: string): string => `${machine}/${name}`;

interface Live {
  readonly machine: string;
  readonly name: string;
  readonly scope: Scope;
  /** The deadline of the whole execution, if it has one. */
  stopTimer?: () => void;
}

export class Executions {
  readonly #world: World;
  readonly #timers;
  readonly #live = new Map<string, Live>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, { readonly status: EndedStatus; readonly at: Instant }>();
  readonly #waiters = new Map<string, Waiter>();

  constructor(world: World) {
    this.#world = world;
    this.#timers = makeTimers(world.clock);
  }

  get running(): number {
    return this.#live.size;
  }

  statusOf(machine: string, name: string): ExecutionStatus {
    this.#forget();
    const key = keyOf(machine, name);
    return this.#live.has(key) ? 'running' : (this.#ended.get(key)?.status ?? 'absent');
  }

  /** Who waits on this token now: a token is known from the call that carries it until its task has ended. */
  waiter(token: string): Waiter | undefined {
    return this.#waiters.get(token);
  }

  /** The name must be unused. */
  begin(machine: Machine, name: string, input: Json): void {
    const { clock } = this.#world;
    const live: Live = { machine: machine.name, name, scope: new Scope() };
    this.#live.set(keyOf(machine.name, name), live);
    const { timeoutSeconds: seconds } = machine;
    if (seconds !== undefined) {
      const why = { error: 'States.Timeout', cause: `the execution took ${seconds} s` };
      live.stopTimer = this.#timers.at(clock.now() + 1000 * seconds, () => this.#end(live, 'timed_out', why));
    }
    runStates(this.#run(machine, name, input), machine, input, { scope: live.scope, variables: {} }).then(
      () => this.#end(live, 'succeeded'),
      (thrown: unknown) => {
        const why = endingOf(thrown);
        this.#end(live, why.error === 'States.Timeout' ? 'timed_out' : 'failed', why);
      },
    );
  }

  stop(machine: string, name: string, cause: string): void {
    const live = this.#live.get(keyOf(machine, name));
    if (live) this.#end(live, 'aborted', { error: 'States.Aborted', cause });
  }

  /** Drops everything that runs, without a word to anybody. */
  close(): void {
    this.#timers.close();
    for (const { scope } of this.#live.values()) scope.cancel();
    this.#live.clear();
  }

  #run(machine: Machine, name: string, input: Json): Run {
    const { clock, ids } = this.#world;
    const id = `arn:aws:states:local:000000000000:execution:${machine.name}:${name}`;
    return {
      machine,
      execution: { id, name, input, startedAt: clock.now() },
      clock,
      ids,
      timers: this.#timers,
      invoke: (functionName, payload) => this.#world.invoke(functionName, payload),
      send: (message) => this.#world.send(message),
      entered: (state) => this.#world.onEntered?.(machine.name, state),
      await: (token, waiter) => {
        this.#waiters.set(token, waiter);
        return () => this.#waiters.delete(token);
      },
    };
  }

  #end(live: Live, status: EndedStatus, why?: Ending): void {
    const { machine, name } = live;
    const key = keyOf(machine, name);
    if (this.#live.get(key) !== live) return;
    this.#live.delete(key);
    live.stopTimer?.();
    live.scope.cancel();
    this.#ended.set(key, { status, at: this.#world.clock.now() });
    this.#world.onEnded?.(machine, name, status, why);
  }

  #forget(): void {
    const since = this.#world.clock.now() - namesKeptMs;
    for (const [key, { at }] of this.#ended) {
      if (at > since) return;
      this.#ended.delete(key);
    }
  }
}

/** Anything but a state's own fault is a mistake of this interpreter: the execution says so. */
function endingOf(thrown: unknown): Ending {
  if (thrown instanceof StateFault) return { error: thrown.error, cause: thrown.cause };
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { error: 'States.Runtime', cause };
}
