/** All that a seed makes: time, chance, the record, the remotes, the town, and everybody outside it. */
import { PortRefused } from '../../../core/errors.ts';
import { sha256 } from '../../../core/hash.ts';
import type { Blobs, Log, Notification, Notifier } from '../../../core/ports.ts';
import { makeReportedChecks } from '../../../local/code-host.ts';
import { openLedger } from '../../../local/ledger.ts';
import { makeCi, makeFleet, makeModel } from '../actors/index.ts';
import { Actor } from './actor.ts';
import { makeFaults } from './faults.ts';
import { makeIds } from './ids.ts';
import type { Invariant, MakeInvariant, Seen } from './invariant.ts';
import { Journal } from './journal.ts';
import { makeNetwork } from './network.ts';
import { Overseer } from './overseer.ts';
import { clockOf, type Kernel } from './parked.ts';
import { makeRandom } from './random.ts';
import { makeRemotes } from './remotes.ts';
import { Runs } from './runs.ts';
import type { Scenario } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import type { ApiRequest, Stage } from './stage.ts';
import { SimTown } from './town.ts';
import { type Listener, makeTrace } from './trace.ts';
import { upheave } from './upheaval.ts';

export interface World {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly faults: ReturnType<typeof makeFaults>;
  readonly trace: ReturnType<typeof makeTrace>;
  readonly journal: Journal;
  readonly town: SimTown;
  readonly overseer: Overseer;
  readonly seen: Seen;
  readonly invariants: readonly Invariant[];
  readonly notifications: readonly Notification[];
  /** What nobody may ever log: a bug that a handler caught itself. */
  readonly bugs: readonly string[];
}

const start = Date.UTC(2030, 0, 1);

export async function makeWorld(
  scenario: Scenario,
  invariants: readonly MakeInvariant[],
  listener?: Listener,
): Promise<World> {
  const random = makeRandom(`seed ${scenario.seed}`);
  const scheduler = new Scheduler(random.stream('order'), start);
  const trace = makeTrace(() => scheduler.now, listener);
  const faults = makeFaults(scenario.faults, random.stream('strikes'), (kind, where) => {
    trace.tell('FAULT', `${kind.replaceAll('_', ' ')}: ${where}`);
  });
  const journal = new Journal();
  const bugs: string[] = [];
  const log: Log = (level, message, fields) => {
    const text = `${message} ${JSON.stringify(fields ?? {})}`;
    trace.step('log', `${level} ${text}`);
    if (/\bBUG\b|bug in the API/.test(text)) bugs.push(text);
  };
  const runs = new Runs(scheduler, faults);
  const kernel: Kernel = {
    scheduler,
    faults,
    called(call, isChanging) {
      trace.mix(call.method);
      journal.called(call, isChanging);
    },
    crash: (actor) => runs.crash(actor),
    kill() {
      journal.killed = true;
      trace.tell('FAULT', 'the town was killed: its queues, executions and timers are lost');
      town.kill();
    },
  };
  const ids = makeIds(random.stream('ids'), () => scheduler.now);
  const ledger = journal.recording(await openLedger({ clock: { now: () => scheduler.now } }), (commit) => {
    trace.commit(commit);
  });
  const remotes = makeRemotes(
    scenario.rigs.map(({ url }) => url),
    scheduler,
    faults,
  );
  remotes.onMoved((moved) => {
    trace.tell(
      'git',
      `${moved.url} ${moved.ref}: ${moved.from?.oid.slice(0, 8) ?? 'new'} → ${moved.to?.oid.slice(0, 8) ?? 'gone'}`,
    );
    journal.moved.push(moved);
  });
  const stage: Stage = {
    scenario,
    scheduler,
    faults,
    git: remotes,
    random: (name) => random.stream(name),
    clock: (actor) => clockOf(actor, kernel),
    api: makeNetwork(scheduler, faults, (request: ApiRequest) => town.api(request)),
    tell: (who, what) => trace.tell(who, what),
  };
  const fleet = makeFleet(stage);
  makeCi(stage);
  const { notifier, notifications } = recordingNotifier();
  const model = scenario.hasModel ? makeModel(stage) : undefined;
  const town = new SimTown(
    {
      ledger,
      blobs: memoryBlobs(),
      repo: remotes.repo,
      codeHost: makeReportedChecks(ledger),
      notifier,
      fleet,
      ids,
      log,
      polecatsPerTown: scenario.polecatsPerTown,
      model,
      isDue: (by) => journal.isDue(by),
    },
    kernel,
    runs,
  );
  const overseer = new Overseer(scheduler, stage, journal);
  void town.start();
  overseer.begin(scenario);
  upheave(stage, new Actor('a developer'));
  const seen: Seen = {
    scenario,
    git: remotes,
    fleet,
    get now() {
      return scheduler.now;
    },
    get mayorUsd() {
      return model?.spentUsd ?? 0;
    },
    get changed() {
      return journal.changed;
    },
    get moved() {
      return journal.moved;
    },
    get calls() {
      return journal.calls;
    },
    get killed() {
      return journal.killed;
    },
    get: (key) => journal.get(key),
    partition: (pk, prefix) => journal.partition(pk, prefix),
    partitions: () => journal.partitions(),
  };
  return {
    ...{ scenario, scheduler, faults, trace, journal, town, overseer, seen, notifications, bugs },
    invariants: invariants.map((make) => make()),
  };
}

function memoryBlobs(): Blobs {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(bytes) {
      const hash = sha256(bytes);
      blobs.set(hash, bytes);
      return hash;
    },
    get: async (hash) => blobs.get(hash),
  };
}

function recordingNotifier(): { notifier: Notifier; notifications: Notification[] } {
  const notifications: Notification[] = [];
  const publish: Notifier['publish'] = async (notification) => {
    if (!/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(notification.subject))
      throw new PortRefused('BAD_SUBJECT', `${notification.subject} is not 1 to 100 printable ASCII characters`);
    notifications.push(notification);
  };
  return { notifier: { publish }, notifications };
}
