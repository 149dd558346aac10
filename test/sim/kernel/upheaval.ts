/** What developers do to main behind the town's back: they push, and they rewrite. */
import { write } from '../git/origin.ts';
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';

const everyMaxMs = 10 * 60_000;
const main = 'refs/heads/main';

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
        const path = random.chance(0.7) ? `foreign/${pushes}` : `src/${random.pick(['a', 'b', 'c'])}`;
        const author = { name: 'Developer', email: 'dev@gastown.invalid', at: scheduler.now };
        const commit = write({
          parents: [head],
          files: { [path]: `foreign ${pushes}\n` },
          author,
          message: 'Foreign\n',
        });
        origin.push({ ref: main, to: commit });
      } else if (head.parents[0] && faults.strikes('rewritten_main', url)) {
        origin.push({ ref: main, to: head.parents[0], lease: 'any' });
      }
    }
  };
  void next();
}
