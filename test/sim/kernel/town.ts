/**
 * The town under test: the real functions, queues and interpreter, wired as on a laptop, each run of a function on
 * parked ports. `kill` loses everything it holds in memory; `start` builds it anew from the record.
 */

import type { EffectRecord } from '../../../core/effects.ts';
import { Unavailable } from '../../../core/errors.ts';
import { sha256 } from '../../../core/hash.ts';
import { kindOf } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Subject } from '../../../core/polecats/protocol.ts';
import type { Blobs, Clock, CodeHost, Ids, Instant, Item, Log, Model, Notifier, Repo } from '../../../core/ports.ts';
import { type MakeFunction, wireFunctions } from '../../../local/functions.ts';
import type { LocalLedger } from '../../../local/ledger.ts';
import { unwatched } from '../../../local/watch.ts';
import { Actor } from './actor.ts';
import { serve } from './api.ts';
import { machinesFor } from './machines.ts';
import { clockOf, type Kernel, parked } from './parked.ts';
import type { Runs } from './runs.ts';
import type { ApiAnswer, ApiRequest, SimFleet } from './stage.ts';

/** What outlives the town. */
export interface Ground {
  readonly ledger: LocalLedger;
  readonly blobs: Blobs;
  readonly repo: Repo;
  readonly codeHost: CodeHost;
  readonly notifier: Notifier;
  readonly fleet: SimFleet;
  readonly ids: Ids;
  readonly log: Log;
  readonly polecatsPerTown: number;
  readonly model: Model | undefined;
  /** Whether a patrol would find anything to look at. */
  isDue(by: Instant): boolean;
}

type Functions = ReturnType<typeof wireFunctions>;

const restartMaxMs = 5 * 60_000;

export class SimTown {
  readonly #ground: Ground;
  readonly #kernel: Kernel;
  readonly #runs: Runs;
  /** Whatever is no run of a function: queues, executions, the feed, the schedule. Dies with the town. */
  readonly #machinery = new Actor('town');
  #functions: Functions | undefined;

  constructor(ground: Ground, kernel: Kernel, runs: Runs) {
    this.#ground = ground;
    this.#kernel = kernel;
    this.#runs = runs;
    ground.ledger.onCommitted((put) => {
      const fresh = put.filter((item) => kindOf(item) === 'effect' && item.version === 1);
      if (fresh.length > 0) void this.#feed(fresh as unknown as Item<EffectRecord>[]);
    });
    ground.fleet.onStopped((subject) => void this.#hearOfStop(subject));
  }

  /** What keeps it from rest: functions that run, messages that wait. */
  unrest(): string[] {
    const queues = this.#functions?.queues;
    if (!queues) return ['there is no town'];
    return [...this.#runs.names().map((name) => `${name} runs`), ...(queues.idle() ? [] : ['messages wait'])];
  }

  async start(): Promise<void> {
    const { fleet, ids, log } = this.#ground;
    const machinery = this.#machinery;
    const { scheduler } = this.#kernel;
    const clock: Clock = { now: () => scheduler.now, sleep: (ms, cancel) => scheduler.sleep(machinery, ms, cancel) };
    fleet.killOrphans();
    const functions = wireFunctions(
      {
        ...this.#ground,
        clock,
        apiUrl: () => 'http://town',
        secretOf: (subject) => sha256(`secret of ${subject}`),
        caps: { polecatsPerTown: this.#ground.polecatsPerTown, dayBudgetUsd: limits.dayBudgetUsdDefault },
        machines: machinesFor({ clock, ids }),
        watch: { ...unwatched, ports: (_, given) => parked(given, machinery, this.#kernel) },
      },
      this.#function,
    );
    this.#functions = functions;
    functions.consume();
    functions.witness({ kind: 'town_restarted' }).catch(complain(log));
    for (;;) {
      await clock.sleep(limits.patrolEveryMs);
      if (this.#runs.count('witness') === 0 && this.#ground.isDue(scheduler.now))
        functions.witness({ kind: 'patrol' }).catch(complain(log));
    }
  }

  /** As `kill -9` does it. It comes back after a while. */
  kill(): void {
    const { scheduler, faults } = this.#kernel;
    this.#functions = undefined;
    this.#machinery.crash();
    this.#runs.killAll();
    const supervisor = new Actor('supervisor');
    void scheduler.park(supervisor, 'start the town', faults.random.between(1, restartMaxMs)).then(() => this.start());
  }

  async api(request: ApiRequest): Promise<ApiAnswer> {
    if (!this.#functions) throw new Unavailable('no town listens');
    const { ledger, repo, blobs, ids, codeHost, log } = this.#ground;
    const onBug = (error: unknown): void => log('error', 'bug in the API', { error: String(error) });
    return this.#runs.run('api', (actor) => {
      const clock = clockOf(actor, this.#kernel);
      return serve(
        { ports: parked({ ledger, repo, blobs, clock, ids, codeHost }, actor, this.#kernel), onBug },
        request,
      );
    });
  }

  readonly #function: MakeFunction = (name, make, given) => (input) =>
    this.#runs.run(name, async (actor) => {
      const { faults } = this.#kernel;
      if (faults.strikes('drop', `delivery to ${actor.name}`)) throw new Unavailable('the delivery failed');
      return make(parked(given, actor, this.#kernel))(input);
    });

  /** The change feed: pulled when its turn comes, in any order; it may bring a batch twice, or lose it. */
  async #feed(fresh: readonly Item<EffectRecord>[]): Promise<void> {
    const { scheduler, faults } = this.#kernel;
    const where = `change feed of ${fresh[0]?.pk}`;
    const delayMs = faults.strikes('delay', where) ? faults.random.between(1, limits.effectDueMs * 2) : 0;
    await scheduler.park(this.#machinery, 'feed', delayMs);
    if (faults.strikes('drop', where)) return;
    const effects = this.#functions?.effects;
    if (faults.strikes('duplicate', where)) effects?.([...fresh]).catch(complain(this.#ground.log));
    effects?.([...fresh]).catch(complain(this.#ground.log));
  }

  async #hearOfStop(subject: Subject): Promise<void> {
    if (this.#kernel.faults.strikes('lost_stop', `news of a task of ${JSON.stringify(subject)}`)) return;
    await this.#kernel.scheduler.park(this.#machinery, 'a task stopped');
    this.#functions?.witness({ kind: 'task_stopped', subject }).catch(complain(this.#ground.log));
  }
}

/** Nobody waits for this run: what it threw is told, and the Witness comes again. */
const complain =
  (log: Log) =>
  (error: unknown): void =>
    log('warn', 'a run failed', { error: String(error) });
