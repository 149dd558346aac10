import { expect, test } from '@jest/globals';
import { limits } from '../../../../core/limits.ts';
import { diffSummary } from '../../../../core/refinery/conflict/diff-summary.ts';
import { explainRejection } from '../../../../core/refinery/conflict/semantic.ts';
import { idOf } from '../../fixtures.ts';
import { report } from './fixtures.ts';

const landed = [
  { bead: idOf(2), commit: 'a'.repeat(40), shared: ['a.ts'] },
  { bead: idOf(3), commit: 'b'.repeat(40), shared: [] },
];

test('a rejection names what landed since the branch point, and how to see it', () => {
  expect(explainRejection('test ended with status 1', landed)).toBe(
    `test ended with status 1. Its branch has not seen ${idOf(2)} as aaaaaaaaaa (touches a.ts too), ${idOf(3)} as bbbbbbbbbb. If it passes by itself, it does not fit what they mean: git show aaaaaaaaaa bbbbbbbbbb`,
  );
});

test('a change that nothing landed beside hears of its gates alone', () => {
  expect(explainRejection('test ended with status 1', [])).toBe('test ended with status 1');
});

test('a long log does not push out what landed', () => {
  const detail = explainRejection('x'.repeat(10_000), landed);
  expect(detail.length).toBeLessThanOrEqual(limits.returnDetailCharsMax);
  expect(detail).toContain('git show aaaaaaaaaa bbbbbbbbbb');
});

test.each([
  [report.baseDiff, 'a.txt (+2 −1)'],
  [
    '--- a/a.sql\n+++ b/a.sql\n@@ -1,2 +1,2 @@\n--- a comment\n+++ x\n context\n--- a/b\n+++ b/b\n',
    'a.sql (+1 −1), b (+0 −0)',
  ],
  ['--- a/gone.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n\\ No newline at end of file\n', 'gone.txt (+0 −2)'],
  ['--- a/i.png\n+++ b/i.png\nBinary files differ\n', 'i.png (+0 −0)'],
  ['--- a/a.txt\n+++ b/a.txt\n@@ -1,9 +1,9 @@\n-cut here\n', 'a.txt (+0 −1)'],
  ['', 'nothing that a diff shows'],
  [
    Array.from({ length: 7 }, (_, i) => `--- a/${i}\n+++ b/${i}\n`).join(''),
    '0 (+0 −0), 1 (+0 −0), 2 (+0 −0), 3 (+0 −0), 4 (+0 −0) and 2 more files',
  ],
])('a diff in one line: case %#', (diff, summary) => {
  expect(diffSummary(diff)).toBe(summary);
});
