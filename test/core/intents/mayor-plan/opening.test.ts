import { describe, expect, test } from '@jest/globals';
import { openConversation } from '../../../../core/intents/mayor-plan/conversation.ts';
import { filesToRead } from '../../../../core/intents/mayor-plan/files-to-read.ts';
import { openingOf, type Reading } from '../../../../core/intents/mayor-plan/opening.ts';
import { summarizeTree } from '../../../../core/intents/mayor-plan/summarize-tree.ts';
import { plannerOf } from '../../../../core/intents/planner.ts';
import { limits } from '../../../../core/limits.ts';

const file = (path: string, text: string) => ({ path, read: { is: 'text', text } as const });
const reading = (more: Partial<Reading> = {}, repository: Partial<Reading['repository']> = {}): Reading => ({
  rig: 'green',
  target: 'main',
  intent: 'Teach the parser numbers.',
  repository: {
    paths: ['README.md', 'src/parser.ts'],
    more: false,
    rules: [file('AGENTS.md', 'Use tabs.')],
    readme: [file('README.md', '# Green')],
    mentioned: [file('src/parser.ts', 'export {}')],
    commits: [{ oid: 'a'.repeat(40), at: 0, subject: 'Begin' }],
    ...repository,
  },
  convoys: [{ id: '7k2m9q', title: 'Other', beads: [{ title: 'Lex', files: ['src/lexer.ts'] }] }],
  ...more,
});

describe('what the Mayor reads', () => {
  test('is all there, between marks with this call’s own word', () => {
    const text = openingOf(reading(), 'n0nce');
    for (const part of [
      'Teach the parser',
      'src/parser.ts',
      'Use tabs.',
      '# Green',
      'aaaaaaaaaa Begin',
      'src/lexer.ts',
    ])
      expect(text).toContain(part);
    expect(text.match(/<data n0nce /g)).toHaveLength(7);
    expect(text.match(/<\/data n0nce>/g)).toHaveLength(7);
  });

  test('stays within its number of characters, however large every part is, and says what was cut', () => {
    const long = 'x'.repeat(99).concat('\n').repeat(5000);
    const many = Array.from({ length: 10_000 }, (_, i) => `src/part-${i % 40}/deep-${i % 7}/file-${i}.ts`);
    const text = openingOf(
      reading(
        {
          intent: 'y'.repeat(limits.readIntentCharsMax),
          convoys: Array.from({ length: 8 }, (_, i) => ({ id: `c${i}`, title: long, beads: [] })),
        },
        {
          paths: many,
          rules: [file('AGENTS.md', long), file('CLAUDE.md', long)],
          readme: [file('README.md', long)],
          mentioned: Array.from({ length: 12 }, (_, i) => file(`src/${i}.ts`, long)),
          commits: Array.from({ length: 20 }, () => ({ oid: 'a'.repeat(40), at: 0, subject: 'z'.repeat(5000) })),
        },
      ),
      'n0nce',
    );
    expect(text.length).toBeLessThan(122_000);
    expect(text.length).toBeGreaterThan(100_000);
    expect(text).toContain('… cut here');
  });

  test('no credential of a file or of a commit’s subject is in it', () => {
    const key = `AKIA${'ABCDEFGHIJKLMNOP'}`;
    const mentioned = [file('.env', `AWS_ACCESS_KEY_ID=${key}`)];
    const commits = [{ oid: 'a'.repeat(40), at: 0, subject: `Remove ${key} again` }];
    const text = openingOf(reading({}, { mentioned, commits }), 'n0nce');
    expect(text).toContain('aaaaaaaaaa Remove [redacted] again');
    expect(text).not.toContain(key);
  });

  test('a rejected plan comes with what the human said', () => {
    const text = openingOf(reading({ rejected: { plan: '{"title":"Old"}', comment: 'smaller beads' } }), 'n0nce');
    expect(text).toMatch(/sent this plan back[\s\S]*"Old"[\s\S]*smaller beads/);
  });

  test('the prompt says what a bead is, what is data, and stays short', () => {
    const { system } = openConversation(reading(), 5, 'n0nce');
    expect(system).toContain('<data n0nce …>');
    expect(system).toContain('submit_plan once');
    expect(system.length).toBeLessThan(3000);
  });
});

describe('a tree in few words', () => {
  const paths = ['a.md', 'src/x/1.ts', 'src/x/2.ts', 'src/y/3.ts', 'test/z/4.ts'];
  test('is every name where that fits', () => expect(summarizeTree(paths, 1000)).toBe(paths.join('\n')));
  test('is folders with their counts where it does not, opened from the top', () => {
    expect(summarizeTree(paths, 37)).toBe('a.md\nsrc/ (3 files)\ntest/ (1 files)');
    expect(summarizeTree(paths, 12)).toBe('./ (5 files)');
  });
  test('of 50,000 files is within its bound, and the same each time', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => `d${i % 100}/e${i % 977}/f${i}.ts`).sort();
    const text = summarizeTree(many, 20_000);
    expect(text.length).toBeLessThanOrEqual(20_000);
    expect(text).toMatch(/^d99\/ \(500 files\)$/m);
    expect(summarizeTree(many, 20_000)).toBe(text);
  });
});

test('files that the intent names are found by path, name or stem, the surest first, and few', () => {
  const paths = ['AGENTS.md', 'README.md', 'lib/parser.rs', 'src/lexer.ts', 'src/parser.ts', 'src/api.ts'];
  expect(filesToRead(paths, 'The Parser loses src/lexer.ts; see API.ts.')).toEqual({
    rules: ['AGENTS.md'],
    readme: 'README.md',
    mentioned: ['src/lexer.ts', 'src/api.ts', 'lib/parser.rs', 'src/parser.ts'],
  });
  const many = Array.from({ length: 100 }, (_, i) => `d${i}/parser.ts`);
  expect(filesToRead(many, 'parser').mentioned).toHaveLength(limits.readFilesMax);
});

test.each([
  ['- [ ] a: Do it', true, 'checklist'],
  ['- [x] a: Done', true, 'checklist'],
  ['-[] nearly', true, 'checklist'],
  ['Do it, please.', true, 'model'],
  ['```\n- [ ] an example\n```', true, 'model'],
  ['Do it, please.', false, 'checklist'],
] as const)('%j with a model (%s) is for the %s', (text, hasModel, planner) => {
  expect(plannerOf(text, hasModel)).toBe(planner);
});
