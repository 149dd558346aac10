/**
 * One scenario from its first step to its rest, in two phases: faults on, with every invariant asked after every step;
 * then faults off, and everything must come to rest within bounded virtual time.
 */
import type { Instant } from '../../../core/ports.ts';
import { recordBreachesOf } from '../../town/invariants.ts';
import type { FaultKind } from './faults.ts';
import type { MakeInvariant } from './invariant.ts';
import type { Scenario } from './scenario.ts';
import type { Listener } from './trace.ts';
import { armed } from './traps.ts';
import { makeWorld, type World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly faults: number;
  readonly faultsBy: Readonly<Partial<Record<FaultKind, number>>>;
  /** Virtual time that it took. */
  readonly virtualMs: number;
  /** The same for two runs of the same scenario, or something is not deterministic. */
  readonly hash: string;
  /** What did not hold, and after which step. */
  readonly violation?: { readonly invariant: string; readonly breach: string; readonly step: number };
  /** What was still unfinished when its time was over. */
  readonly stuck?: readonly string[];
}

export interface SimulateOptions {
  readonly invariants: readonly MakeInvariant[];
  readonly listener?: Listener;
  /** From this step on whoever has waited longest moves next. */
  readonly orderlyFrom?: number;
}

const minutes = 60_000;
/** Three days: a ladder takes hours, and both tries at a conflict may have to wait for the next day's money, and at a gate. */
const restWithinMs = 72 * 60 * minutes;
const askIfAtRestEveryMs = 10 * minutes;
/** How often people look, in the second phase, whether they must start something again. */
const setGoingEveryMs = 6 * 60 * minutes;
/** A town that needs so many steps for so little work goes in circles. */
const stepsMax = 150_000;

/** Promises that were rejected with nobody to hear it: a town on a laptop would end with them. */
const unheard: unknown[] = [];
process.on('unhandledRejection', (error) => void unheard.push(error));

export async function simulate(scenario: Scenario, options: SimulateOptions): Promise<Outcome> {
  return armed(async () => {
    const world = await makeWorld(scenario, options.invariants, options.listener);
    const { scheduler, faults, trace } = world;
    const startedAt = scheduler.now;
    const end = new Ending(world, startedAt + scenario.faultsForMs);
    scheduler.orderly = scenario.faults.rates.reorder === undefined;
    let steps = 0;
    let over: Pick<Outcome, 'violation' | 'stuck'> | undefined;
    await scheduler.settle();
    while (!over) {
      if (steps === options.orderlyFrom) scheduler.orderly = true;
      const parked = await scheduler.step();
      steps += 1;
      if (parked) trace.step(parked.actor.name, parked.label);
      const violation = breachOf(world);
      if (violation) over = { violation: { ...violation, step: steps } };
      else over = steps >= stepsMax ? { stuck: [`${steps} steps, and no end`] } : end.of();
      if (world.journal.isOfNote) world.journal.turnPage();
    }
    return {
      seed: scenario.seed,
      steps,
      faults: faults.struck,
      faultsBy: Object.fromEntries(faults.struckBy),
      virtualMs: scheduler.now - startedAt,
      hash: trace.digest(),
      ...over,
    };
  });
}

type Breach = { readonly invariant: string; readonly breach: string };

function breachOf({ journal, invariants, seen, bugs }: World): Breach | undefined {
  if (unheard.length > 0) return { invariant: 'no rejection goes unheard', breach: stackOf(unheard.splice(0)[0]) };
  if (bugs[0] !== undefined) return { invariant: 'no handler meets a bug', breach: bugs[0] };
  if (!journal.isOfNote) return undefined;
  for (const { name, check } of invariants) {
    const breach = check(seen);
    if (breach !== undefined) return { invariant: name, breach };
  }
  return undefined;
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** When it is over: everything rests, or its time is up. */
class Ending {
  readonly #world: World;
  readonly #faultsEndAt: Instant;
  #askAt: Instant;
  #calm = false;
  #setGoingAt = 0;

  constructor(world: World, faultsEndAt: Instant) {
    this.#world = world;
    this.#faultsEndAt = faultsEndAt;
    this.#askAt = faultsEndAt;
  }

  of(): Pick<Outcome, 'violation' | 'stuck'> | undefined {
    const { scheduler, faults, trace, overseer } = this.#world;
    const { now } = scheduler;
    if (now < this.#askAt) return undefined;
    this.#askAt = now + askIfAtRestEveryMs;
    if (!this.#calm) {
      this.#calm = true;
      faults.end();
      trace.tell('sim', 'the faults are over');
    }
    if (now >= this.#setGoingAt) {
      this.#setGoingAt = now + setGoingEveryMs;
      overseer.setGoing();
      return undefined;
    }
    const unrest = this.#unrest();
    const atWork = this.#world.town.unrest();
    if (unrest.length === 0 && atWork.length > 0) {
      // A patrol, perhaps, that finds nothing: it is asked again when it has ended.
      this.#askAt = now;
      if (now < this.#faultsEndAt + restWithinMs) return undefined;
      return { stuck: atWork };
    }
    if (unrest.length > 0) return now < this.#faultsEndAt + restWithinMs ? undefined : { stuck: unrest };
    return this.#atRest();
  }

  #unrest(): string[] {
    const { overseer, seen, journal } = this.#world;
    if (overseer.open > 0) return [`${overseer.open} people are not done`];
    const tasks = seen.fleet.running().map(({ actor }) => `${actor.name} still runs`);
    return [...tasks, ...recordBreachesOf(journal.items())];
  }

  #atRest(): Pick<Outcome, 'violation'> {
    const { invariants, seen, trace } = this.#world;
    trace.tell('sim', 'everything is at rest');
    for (const { name, atRest } of invariants) {
      const breach = atRest?.(seen);
      if (breach !== undefined) return { violation: { invariant: name, breach, step: -1 } };
    }
    return {};
  }
}
