/** What developers do to main behind the town's back: they push, and they rewrite. */
import { type Origin, write } from '../git/origin.ts';
import type { Actor } from './actor.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

const everyMaxMs = 10 * 60_000;
const main = 'refs/heads/main';

/** Mostly to a place of their own, and sometimes where polecats work too. */
export function pushForeign(origin: Origin, what: string, random: Random, at: number): void {
  const head = origin.at(main);
  if (!head) return;
  const path = random.chance(0.7) ? `foreign/${what}` : `src/${random.pick(['a', 'b', 'c'])}`;
  const author = { name: 'Developer', email: 'dev@gastown.invalid', at };
  const commit = write({ parents: [head], files: { [path]: `foreign ${what}\n` }, author, message: 'Foreign\n' });
  origin.push({ ref: main, to: commit });
}

export function upheave(stage: Stage, self: Actor): void {
  const { scheduler, faults, scenario, git } = stage;
  const random = stage.random('upheaval');
  let pushes = 0;
  const next = async (): Promise<void> => {
    for (;;) {
      await scheduler.sleep(self, random.between(1, everyMaxMs));
      const { url } = random.pick(scenario.rigs);
      const origin = git.origin(url);
      const head = origin.at(main);
      if (!head) continue;
      if (faults.strikes('foreign_push', url)) {
        pushes += 1;
        pushForeign(origin, String(pushes), random, scheduler.now);
      } else if (head.parents[0] && faults.strikes('rewritten_main', url)) {
        origin.push({ ref: main, to: head.parents[0], lease: 'any' });
      }
    }
  };
  void next();
}
