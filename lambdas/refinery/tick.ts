/** What one tick carries from move to move; nothing of it outlives the tick. */
import { never, RepoRefused, RepoUnreachable } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Oid, Ports, PushResult, TaskState } from '../../core/ports.ts';
import type { QueueView, Turn } from '../../core/refinery/view.ts';

export type RefineryDeps = Pick<Ports, 'ledger' | 'repo' | 'fleet' | 'codeHost' | 'clock' | 'ids' | 'log'>;

export interface Tick {
  readonly deps: RefineryDeps;
  readonly startedAt: Instant;
  /** The town is stopped: nothing new is tested or landed. */
  stopped: boolean;
  /** The target's head as this tick last read it; null: no such branch. */
  main?: Oid | null | undefined;
  /** States of the tasks that run gates, as this tick found them. */
  tasks?: ReadonlyMap<string, TaskState['state']>;
  /** Candidates whose checks were read in this tick. */
  readonly asked: Set<string>;
  /** The landing whose push this tick has just written down, and is to make now. */
  toPush?: { readonly epoch: number; readonly tries: number } | undefined;
  /** What the push answered. Main has the last word. */
  answer?: { readonly epoch: number; readonly result: PushResult } | undefined;
}

/** What a move came to: something to commit, something learned (look again), or nothing more to do now. */
export type Done =
  | { readonly next: 'commit'; readonly turn: Turn; readonly after?: () => void }
  | { readonly next: 'again' }
  | { readonly next: 'rest' };

export const commit = (turn: Turn, after?: () => void): Done => ({ next: 'commit', turn, ...(after ? { after } : {}) });
export const again: Done = { next: 'again' };
export const rest: Done = { next: 'rest' };

export const targetRef = (view: QueueView): string => `refs/heads/${view.target}`;

/** The target's head: read from the remote, and remembered for the rest of the tick. */
export async function readMain(tick: Tick, view: QueueView): Promise<Oid | undefined> {
  const main = (await tick.deps.repo.readRef(view.remote, targetRef(view))) ?? (await makeBranch(tick, view));
  tick.main = main ?? null;
  return main;
}

/**
 * The branch of a convoy that lands as one is made when its queue first needs it, and never again: if it has gone since,
 * somebody took it away. Made twice at once, it is made once.
 */
async function makeBranch({ deps: { repo } }: Tick, view: QueueView): Promise<Oid | undefined> {
  const { integration, remote } = view;
  if (!integration || integration.over || view.meta?.body.lastMain !== undefined) return undefined;
  const at = await repo.readRef(remote, `refs/heads/${integration.onto}`);
  if (at === undefined) return undefined;
  const timeoutMs = limits.landingPushTimeoutMs;
  const made = await repo.createBranch(remote, { ref: targetRef(view), at, timeoutMs });
  switch (made.pushed) {
    case 'yes':
      return at;
    case 'stale':
      return repo.readRef(remote, targetRef(view));
    case 'rejected':
      throw new RepoRefused(`creating ${view.target}: ${made.text}`);
    case 'unknown':
      throw new RepoUnreachable(`creating ${view.target}: ${made.text}`);
    default:
      return never(made);
  }
}
