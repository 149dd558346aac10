/** What an agent writes. */
import type { Files, Tree } from '../git/objects.ts';
import { authorsIn, textOf, type Work } from '../git/truth.ts';
import type { Random } from '../kernel/random.ts';
import type { BeadPlan } from '../kernel/scenario.ts';

export interface Draft {
  readonly plan: BeadPlan;
  readonly attempt: number;
  readonly quality: Work['quality'];
  /** What it can see of its target: with that it learns to live. */
  readonly target: Tree;
}

export function draft({ plan, attempt, quality, target }: Draft): Files {
  const { name: by, breaksWith, writes } = plan;
  const knows = [...authorsIn(target)].filter((other) => other !== by);
  const texts = [...writes, testOf(by)].map((path) => [
    path,
    textOf({ path, by, attempt, quality, breaksWith, knows }),
  ]);
  return Object.fromEntries(texts) as Files;
}

const testOf = (name: string): string => `test/${name}.test.ts`;

/** A push that nobody asked for: as likely as not it spoils the work. */
export function drivel({ name: by, writes }: BeadPlan, random: Random): Files {
  const path = writes[0] ?? by;
  return { [path]: textOf({ path, by, attempt: random.between(100, 999), quality: random.pick(['good', 'bad']) }) };
}
