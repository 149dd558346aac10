import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hunt } from './hunt.ts';
import { mutants } from './index.ts';
import { planted } from './mutant.ts';
import { root } from './plant.ts';

describe('a mutant', () => {
  test.each(mutants)('that $name fits the source as it is', ({ patches }) => {
    for (const patch of patches) {
      const source = readFileSync(join(root, patch.file), 'utf8');
      expect(planted(source, patch.file, [patch])).not.toBe(source);
    }
  });

  test('has a name of its own, and there are at least forty', () => {
    const names = new Set(mutants.map(({ name }) => name));
    expect(names.size).toBe(mutants.length);
    expect(names.size).toBeGreaterThanOrEqual(40);
  });

  test('that does not fit is refused, and so is one that fits twice', () => {
    const patch = { file: 'a.ts', find: 'b', replace: 'c' };
    expect(() => planted('a', 'a.ts', [patch])).toThrow('0 places');
    expect(() => planted('b b', 'a.ts', [patch])).toThrow('2 places');
  });
});

/** Those that show at once; all of them are hunted by `npm run sim:mutants`. */
describe('an invariant notices', () => {
  const quick = {
    'leaks a slot': ['slots and money are counted'],
    'forgets the version of a bead': ['records are compared and swapped'],
    'counts a launched gate as passed': [
      'only legal transitions',
      'a pass binds to its tree, checks and commands, and expires',
    ],
    'acknowledges an effect before it is performed': ['effects are performed'],
  };
  test.each(Object.entries(quick))(
    'who %s',
    async (name, invariants) => {
      const mutant = mutants.find((other) => other.name === name);
      if (!mutant) throw new Error(`no mutant ${name}`);
      const caught = await hunt(mutant, 5, async () => undefined);
      expect(invariants).toContain(caught?.caughtBy);
    },
    60_000,
  );
});
