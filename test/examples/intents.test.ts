import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { beadsOf, openWorkshop } from './workshop.ts';

// Every script and every test run is a process: on a busy machine that takes its time.
jest.setTimeout(180_000);

let workshop: ReturnType<typeof openWorkshop>;
afterEach(() => workshop.remove());

/** `# pass 12` of the greenhouse's own tests; fails with what they printed. */
function passes(): number {
  const { status, output } = workshop.sh('npm test');
  if (status !== 0) throw new Error(output);
  return Number(/^(?:#|ℹ) pass (\d+)$/m.exec(output)?.[1]);
}

describe('the winter night, bead by bead on the greenhouse', () => {
  test('every bead brings tests, everything passes after each, and only the frost alarm fails first', () => {
    workshop = openWorkshop(resolve('examples/greenhouse'));
    const failedFirst: string[] = [];
    let passed = passes();
    expect(passed).toBeGreaterThan(8);
    for (const bead of beadsOf('winter-night.md')) {
      const first = workshop.work(bead);
      if (first.status !== 0) {
        failedFirst.push(`${bead.name}: ${first.output.trim()}`);
        // What a failed attempt leaves is kept on its branch: the next one starts from it.
        expect(workshop.work(bead)).toEqual({ status: 0, output: '' });
      }
      const now = passes();
      expect(now).toBeGreaterThan(passed);
      passed = now;
      expect(bead.acceptance.length).toBeGreaterThan(0);
      workshop.commit(bead.title);
    }
    expect(failedFirst).toEqual([expect.stringMatching(/^frost-alarm: There was no recording .* try again\.$/)]);
    expect(workshop.sh('npm start winter').output).toMatch(/ALARM frost in 45 minutes[\s\S]*▁[\s\S]*Alarms: 1\./);
  });

  test('its needs form two diamonds: three beads between forecast and rules, two between rules and night', () => {
    workshop = openWorkshop({ 'a.txt': 'a' });
    const needs = Object.fromEntries(beadsOf('winter-night.md').map((bead) => [bead.name, bead.needs]));
    expect(needs).toEqual({
      forecast: [],
      'frost-alarm': ['forecast'],
      'frost-guard': ['forecast'],
      screens: ['forecast'],
      'winter-rules': ['frost-alarm', 'frost-guard', 'screens'],
      report: ['winter-rules'],
      sparkline: ['winter-rules'],
      'winter-night': ['report', 'sparkline'],
    });
  });
});

describe('the greenhouse', () => {
  test('tests that fail, and no tests at all, are no pass', () => {
    workshop = openWorkshop(resolve('examples/greenhouse'));
    expect(workshop.sh('echo "throw new Error(1)" >> src/units.js; npm test').status).not.toBe(0);
    expect(workshop.sh('git checkout --quiet . && rm test/*; npm test').status).not.toBe(0);
  });
});

describe('housekeeping, on a repository of any kind', () => {
  test('adds its pages and nothing else, and git finds no fault with them', () => {
    workshop = openWorkshop({
      'README.md': 'hello',
      Makefile: 'all:\n\t# TODO: everything\n',
      'src/a b.c': 'int a;\n',
      'src/ü.c': 'x'.repeat(5000),
      '.hidden': '',
    });
    for (const bead of beadsOf('housekeeping.md')) {
      expect(workshop.work(bead)).toEqual({ status: 0, output: '' });
      workshop.commit(bead.title);
      expect(workshop.sh('git diff --check HEAD~1')).toEqual({ status: 0, output: '' });
    }
    const changed = workshop.sh('git diff --name-only HEAD~5').output.trim().split('\n');
    expect(changed.map((path) => path.replace('docs/gastown-demo/', ''))).toEqual([
      'README.md',
      'history.md',
      'inventory.md',
      'largest.md',
      'notes.md',
    ]);
    const page = (name: string) => readFileSync(join(workshop.dir, 'docs/gastown-demo', name), 'utf8');
    expect(page('inventory.md')).toContain('| 2 | c |');
    expect(page('largest.md')).toContain('|---:|---|\n| 5000 |');
    expect(page('notes.md')).toContain('- 1 in `Makefile`');
    expect(page('README.md')).toContain('[Newest commits](history.md)');
  });

  test('a repository of one empty file will do', () => {
    workshop = openWorkshop({ empty: '' });
    for (const bead of beadsOf('housekeeping.md')) {
      expect(workshop.work(bead)).toEqual({ status: 0, output: '' });
      workshop.commit(bead.title);
    }
    expect(workshop.sh('cat docs/gastown-demo/notes.md').output).toContain('Nothing is marked.');
  });
});
