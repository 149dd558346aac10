/** Runs one command: load → decide → commit, again from the start when someone else wrote first. */
import { Unavailable } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Commit, Instant, Ports } from '../../core/ports.ts';
import { type Step, toCommit } from '../../core/step.ts';

export type CommandDeps = Pick<Ports, 'ledger' | 'clock' | 'ids'>;

export interface Decision<Result> {
  /** Absent or without changes: there is nothing to do, and nothing is written. */
  readonly step?: Step | undefined;
  readonly result: Result;
}

/**
 * `decide` loads what it needs and decides; it is called anew after every version conflict, so it must have no effect
 * of its own. Throws `Unavailable` when the conflicts do not end: the caller's own retry comes next.
 */
export async function runCommand<Result>(
  deps: CommandDeps,
  name: string,
  decide: (now: Instant) => Promise<Decision<Result>>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const now = deps.clock.now();
    const { step, result } = await decide(now);
    if (!step || (step.changes.length === 0 && !step.effects?.length && !step.events?.length)) return result;
    if (await commitOnce(deps, toCommit(step, deps.ids.ulid(), now))) return result;
    if (tries >= limits.commitTriesMax) throw new Unavailable(`${name}: ${tries} version conflicts in a row`);
    await deps.clock.sleep(deps.ids.random() * limits.commitBackoffMs * 2 ** Math.min(tries, 6));
  }
}

/** True if the commit is in the ledger, also when its answer was lost and a repeat had to find out. */
async function commitOnce({ ledger, clock, ids }: CommandDeps, commit: Commit): Promise<boolean> {
  let answerLost = false;
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await ledger.commit(commit);
      return result.ok || (answerLost && (await isWritten(ledger, commit)));
    } catch (error) {
      if (!(error instanceof Unavailable) || tries >= limits.commitTriesMax) throw error;
      answerLost = true;
      await clock.sleep(ids.random() * limits.commitBackoffMs * 2 ** Math.min(tries, 6));
    }
  }
}

/** The commit's stamp on any item it put proves that all of it was written. */
async function isWritten(ledger: CommandDeps['ledger'], commit: Commit): Promise<boolean> {
  for (const change of commit.changes) {
    if (!('put' in change)) continue;
    const stored = await ledger.get(change.put);
    if (stored?.commit === commit.id) return true;
  }
  return false;
}
