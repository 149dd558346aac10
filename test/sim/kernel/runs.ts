/** The runs of functions: each an actor of its own, that may die alone, be cut off by its time, or die with its town. */
import { Unavailable } from '../../../core/errors.ts';
import { type FunctionName, functions } from '../../../core/wiring.ts';
import { Actor } from './actor.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

/** What the caller of a function that died is told, as Lambda names it: Step Functions retries both. */
class FunctionDied extends Error {
  override readonly name: 'Runtime.ExitError' | 'Sandbox.Timedout';
  constructor(name: 'Runtime.ExitError' | 'Sandbox.Timedout', who: string) {
    super(`${who} died`);
    this.name = name;
  }
}

/** The connection to a town that was killed. */
const hungUp = (): Error => new Unavailable('the town hung up');

interface Running {
  readonly actor: Actor;
  readonly end: (error: Error) => void;
}

export class Runs {
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #running = new Map<Actor, Running>();
  #count = 0;

  constructor(scheduler: Scheduler, faults: Faults) {
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  /** Runs of this function that have not ended. */
  count(name: FunctionName): number {
    let count = 0;
    for (const { name: own } of this.#running.keys()) if (own.startsWith(`${name}#`)) count += 1;
    return count;
  }

  names(): string[] {
    return [...this.#running.keys()].map(({ name }) => name);
  }

  /** `work` is given the actor that it runs as. */
  run<Out>(name: FunctionName, work: (actor: Actor) => Promise<Out>): Promise<Out> {
    this.#count += 1;
    const actor = new Actor(`${name}#${this.#count}`);
    return new Promise<Out>((resolve, reject) => {
      const end = (): void => void this.#running.delete(actor);
      this.#running.set(actor, {
        actor,
        end(error) {
          end();
          actor.crash();
          reject(error);
        },
      });
      this.#cutOff(name, actor);
      this.#scheduler
        .run(actor, () => work(actor))
        .then(
          (out) => {
            end();
            resolve(out);
          },
          (error: unknown) => {
            end();
            reject(error);
          },
        );
    });
  }

  /** Its caller is told at once. False if it is no run of a function, or has ended. */
  crash(actor: Actor): boolean {
    const running = this.#running.get(actor);
    running?.end(new FunctionDied('Runtime.ExitError', actor.name));
    return running !== undefined;
  }

  /** All at once; those who wait outside the town are told. */
  killAll(): void {
    for (const { actor, end } of [...this.#running.values()]) {
      if (actor.name.startsWith('api#')) end(hungUp());
      else actor.crash();
    }
    this.#running.clear();
  }

  /** Somewhere before its time limit its work takes longer than that. */
  #cutOff(name: FunctionName, actor: Actor): void {
    if (!this.#faults.strikes('timeout', actor.name)) return;
    const after = this.#faults.random.between(1, functions[name].timeoutSeconds * 1000);
    const limit = new Actor(`time limit of ${actor.name}`);
    void this.#scheduler.park(limit, 'ends it', after).then(() => {
      this.#running.get(actor)?.end(new FunctionDied('Sandbox.Timedout', actor.name));
    });
  }
}
