/**
 * The ports as a run of a function has them in the simulator: each call waits its turn before it acts and before it
 * answers, what crosses is copied, and what goes wrong in this world goes wrong here.
 */
import { AnswerLost, RepoUnreachable, Unavailable } from '../../../core/errors.ts';
import type { Commit, DuePage, Item, Key, Page, Ports } from '../../../core/ports.ts';
import { type Actor, never } from './actor.ts';
import { clone } from './clone.ts';
import type { FaultKind, Faults } from './faults.ts';
import type { PortCall } from './invariant.ts';
import type { Scheduler } from './scheduler.ts';

export interface Kernel {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** A call has acted. */
  called(call: PortCall, isChanging: boolean): void;
  /** The run of a function is to die here, alone. */
  crash(actor: Actor): void;
  /** Everything dies here. */
  kill(): void;
}

const portNames = ['ledger', 'queues', 'workflows', 'fleet', 'blobs', 'repo', 'codeHost', 'model', 'notifier'] as const;
type PortName = (typeof portNames)[number];
const isPort = (name: string): name is PortName => (portNames as readonly string[]).includes(name);

/** Methods that change the world: a crash before or after, and a lost answer, matter there. */
const changing: ReadonlySet<string> = new Set([
  'ledger.commit',
  'queues.send',
  'workflows.start',
  'workflows.succeed',
  'workflows.fail',
  'workflows.stop',
  'fleet.launch',
  'fleet.stop',
  'model.complete',
  'blobs.put',
  'notifier.publish',
  'repo.buildChain',
  'repo.pushWithLease',
  'repo.createBranch',
  'repo.deleteRefs',
]);

/** Arithmetic: nothing crosses. */
const pure: ReadonlySet<string> = new Set(['model.mostUsd']);

const delayMaxMs = 5 * 60_000;

export function parked<Given extends Partial<Ports>>(given: Given, actor: Actor, kernel: Kernel): Given {
  const ports = Object.entries(given).map(([name, port]): [string, unknown] => {
    if (name === 'clock') return [name, clockOf(actor, kernel)];
    return [name, isPort(name) ? parkedPort(name, port as object, actor, kernel) : port];
  });
  return Object.fromEntries(ports) as Given;
}

export function clockOf(actor: Actor, { scheduler, faults }: Pick<Kernel, 'scheduler' | 'faults'>): Ports['clock'] {
  const skew = faults.skewMs();
  return {
    now: () => scheduler.now + skew,
    sleep: (ms, cancel) => scheduler.sleep(actor, ms, cancel),
  };
}

/** Most runs call few of its methods: each is made when it is asked for. */
function parkedPort(port: PortName, real: object, actor: Actor, kernel: Kernel): object {
  // The ledger makes copies of its own.
  const copied = port === 'ledger' ? <T>(value: T): T => value : clone;
  return new Proxy(real, {
    get(_, method) {
      const act = Reflect.get(real, method) as unknown;
      if (typeof method !== 'string' || typeof act !== 'function' || pure.has(`${port}.${method}`)) return act;
      const call: Call = {
        port,
        method,
        name: `${port}.${method}`,
        act: (args) => Reflect.apply(act, real, args) as Promise<unknown>,
      };
      return async (...args: readonly unknown[]) => copied(await oneCall(call, copied(args), actor, kernel));
    },
  });
}

interface Call {
  readonly port: PortName;
  readonly method: string;
  readonly name: string;
  act(args: readonly unknown[]): Promise<unknown>;
}

async function oneCall(call: Call, args: readonly unknown[], actor: Actor, kernel: Kernel): Promise<unknown> {
  const { scheduler, faults } = kernel;
  const where = `${call.name} of ${actor.name}`;
  const strikes = (kind: FaultKind): boolean => faults.strikes(kind, where);
  const delayMs = strikes('delay') ? faults.random.between(1, delayMaxMs) : 0;
  return scheduler.call(
    actor,
    call.name,
    () => {
      const dead = dying('crash_before', call, actor, kernel, where);
      return dead ?? struck(call, args, strikes, kernel) ?? acted(call, args, actor, kernel, strikes, where);
    },
    delayMs,
    !changing.has(call.name),
  );
}

/** The function, or everything, ends here: nobody hears of anything any more. */
function dying(kind: FaultKind, call: Call, actor: Actor, kernel: Kernel, where: string): Promise<never> | undefined {
  if (kernel.faults.strikes('kill_town', where)) kernel.kill();
  else if (changing.has(call.name) && kernel.faults.strikes(kind, where)) kernel.crash(actor);
  else return undefined;
  return never();
}

async function acted(
  call: Call,
  args: readonly unknown[],
  actor: Actor,
  kernel: Kernel,
  strikes: (kind: FaultKind) => boolean,
  where: string,
): Promise<unknown> {
  const { port, method } = call;
  const about = { who: actor.name, port, method, args };
  let answer: unknown;
  try {
    answer = await call.act(args);
  } catch (error) {
    kernel.called(about, changing.has(call.name));
    throw error;
  }
  kernel.called({ ...about, answer }, changing.has(call.name));
  if (call.name === 'queues.send' && !isFifo(args) && strikes('duplicate')) await call.act(args);
  if (changing.has(call.name) && call.name !== 'repo.pushWithLease' && strikes('lost_answer')) throw lost(call);
  return dying('crash_after', call, actor, kernel, where) ?? answer;
}

const isFifo = ([message]: readonly unknown[]): boolean => (message as { group?: string }).group !== undefined;

const lost = ({ name, port }: Call): Error => {
  const what = `${name}: no answer came`;
  return port === 'model' ? new AnswerLost(what) : new Unavailable(what);
};

/** What is answered instead of doing it; nothing, if it is to be done. */
function struck(
  call: Call,
  args: readonly unknown[],
  strikes: (kind: FaultKind) => boolean,
  { faults }: Kernel,
): Promise<unknown> | undefined {
  if (call.port === 'repo') {
    if (strikes('unreachable_remote')) return Promise.reject(new RepoUnreachable(`${call.name}: the remote is away`));
  } else if (strikes('throttle')) return Promise.reject(new Unavailable(`${call.name}: throttled`));
  switch (call.name) {
    case 'ledger.commit':
      return strikes('conflict') ? Promise.resolve({ ok: false, conflicts: keysOf(args[0] as Commit) }) : undefined;
    case 'ledger.due':
      return strikes('stale_index') ? behind(call.act(args) as Promise<DuePage>, faults) : undefined;
    case 'ledger.query':
      return strikes('torn_query') ? torn(call.act(args) as Promise<Page<Item>>, faults) : undefined;
    case 'fleet.launch':
      return strikes('no_capacity')
        ? Promise.resolve({ ok: false, reason: 'capacity', detail: 'no room in the simulated region' })
        : undefined;
    default:
      return undefined;
  }
}

const keysOf = ({ changes }: Commit): Key[] =>
  changes.map((change) => ('put' in change ? change.put : 'delete' in change ? change.delete : change.check));

/** The newest entries are not in the index yet. */
async function behind(page: Promise<DuePage>, { random }: Faults): Promise<DuePage> {
  const { keys, next } = await page;
  const known = keys.slice(0, random.between(0, Math.max(0, keys.length - 1)));
  return next === undefined || known.length === keys.length ? { keys: known } : { keys: known, next };
}

/** A page may end anywhere, as long as it says where to go on. */
async function torn(whole: Promise<Page<Item>>, { random }: Faults): Promise<Page<Item>> {
  const page = await whole;
  if (page.items.length < 2) return page;
  const items = page.items.slice(0, random.between(1, page.items.length - 1));
  return { items, next: items.at(-1)?.sk ?? '' };
}
