/** The remotes of a world: the model of git, with every ref that moves on record, and pushes that arrive late. */
import type { Repo } from '../../../core/ports.ts';
import { commitOf, emptyTree, withFiles } from '../git/objects.ts';
import { Origin, type Push, type Pushed } from '../git/origin.ts';
import { type Fate, makeModelRepo } from '../git/repo.ts';
import { Actor } from './actor.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { RefMoved, Remotes } from './stage.ts';
import { pushForeign } from './upheaval.ts';

/** A push that stalled arrives within this, or finds that its lease is void. */
const lateMaxMs = 10 * 60_000;

export interface SimRemotes extends Remotes {
  readonly repo: Repo;
}

export function makeRemotes(urls: readonly string[], scheduler: Scheduler, faults: Faults): SimRemotes {
  const listeners: ((moved: RefMoved) => void)[] = [];
  const hear = (moved: RefMoved): void => {
    for (const listener of listeners) listener(moved);
  };
  const origins = new Map(urls.map((url) => [url, new WatchedOrigin(url, hear)]));
  for (const origin of origins.values()) plant(origin, scheduler.now);
  const network = new Actor('network');

  /** Until then no push is answered, and none but the one that stalled arrives. */
  let silentUntil = 0;
  const fateOf = (push: Push): Fate => {
    if (scheduler.now < silentUntil) return 'lost';
    if (faults.strikes('lost_answer', `push of ${push.ref}`)) return faults.random.pick(['unanswered', 'lost']);
    if (!faults.strikes('stalled_push', `push of ${push.ref}`)) return 'answered';
    const lateMs = faults.random.between(1, lateMaxMs);
    if (faults.random.chance(0.5)) silentUntil = scheduler.now + lateMs;
    void scheduler.park(network, 'a push arrives late', lateMs).then(() => {
      for (const origin of origins.values()) origin.arrive(origin.underway.indexOf(push));
    });
    return 'late';
  };

  const repo = makeModelRepo({ origins, fateOf });
  let races = 0;
  return {
    origins,
    repo: {
      ...repo,
      async pushWithLease(remote, push) {
        const origin = origins.get(remote.url);
        // The worst moment for it: the town has looked, and not yet pushed.
        if (origin && faults.strikes('foreign_push', `right before a push to ${remote.url}`)) {
          races += 1;
          pushForeign(origin, `race-${races}`, faults.random, scheduler.now);
        }
        return repo.pushWithLease(remote, push);
      },
    },
    origin(url) {
      const origin = origins.get(url);
      if (!origin) throw new Error(`BUG: no repository at ${url}`);
      return origin;
    },
    onMoved: (listener) => void listeners.push(listener),
  };
}

class WatchedOrigin extends Origin {
  readonly #url: string;
  readonly #hear: (moved: RefMoved) => void;

  constructor(url: string, hear: (moved: RefMoved) => void) {
    super();
    this.#url = url;
    this.#hear = hear;
  }

  override push(push: Push): Pushed {
    const from = this.at(push.ref);
    const pushed = super.push(push);
    const to = this.at(push.ref);
    if (from !== to) this.#hear({ url: this.#url, ref: push.ref, from, to, forced: push.lease === 'any' });
    return pushed;
  }

  override arrive(index: number): Pushed | undefined {
    return index < 0 ? undefined : super.arrive(index);
  }
}

function plant(origin: Origin, at: number): void {
  const founder = { name: 'Founder', email: 'founder@gastown.invalid', at };
  const tree = withFiles(emptyTree, { README: 'first\n' });
  const to = commitOf({ tree, parents: [], author: founder, committer: founder, message: 'First\n' });
  origin.push({ ref: 'refs/heads/main', to });
}
