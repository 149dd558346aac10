/** Claims of a contract that a service under test is known not to meet, by title, each with the fact: skipped, and said. */
import { test } from '@jest/globals';

export type Gaps = Readonly<Record<string, string>>;

export const claims =
  (gaps: Gaps) =>
  (title: string, holds: () => Promise<void>): void => {
    const gap = gaps[title];
    if (gap === undefined) test(title, holds);
    else test.skip(`${title} (not here: ${gap})`, holds);
  };
