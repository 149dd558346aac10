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
  expect(explainRejection('main', 'test ended with status 1', landed)).toBe(
    `test ended with status 1. main has what its branch did not: ${idOf(2)} as aaaaaaaaaa (touches a.ts too), ${idOf(3)} as bbbbbbbbbb. Look at git show aaaaaaaaaa bbbbbbbbbb: the two may fit as text and not in meaning`,
  );
});

test('a change that nothing landed beside hears of its gates alone', () => {
  expect(explainRejection('main', 'test ended with status 1', [])).toBe('test ended with status 1');
});

test('a long log does not push out what landed', () => {
  const detail = explainRejection('main', 'x'.repeat(10_000), landed);
  expect(detail.length).toBeLessThanOrEqual(limits.returnDetailCharsMax);
  expect(detail).toContain('git show aaaaaaaaaa bbbbbbbbbb');
});

test.each([
  [report.baseDiff, 'a.txt (+2 −1)'],
  [
    'diff --git a/old.txt b/new.txt\nsimilarity index 90%\n@@ -1 +1 @@\n--- not a header\n+++ nor this\n',
    'new.txt (+1 −1)',
  ],
  ['diff --git a/i.png b/i.png\nBinary files differ\n', 'i.png (+0 −0)'],
  ['diff --git "a/\\303\\244.txt" "b/\\303\\244.txt"\n@@ -0,0 +1 @@\n+x\n', '\\303\\244.txt (+1 −0)'],
  ['', 'nothing that a diff shows'],
  [
    Array.from({ length: 7 }, (_, i) => `diff --git a/${i} b/${i}\n`).join(''),
    '0 (+0 −0), 1 (+0 −0), 2 (+0 −0), 3 (+0 −0), 4 (+0 −0) and 2 more files',
  ],
])('a diff in one line: case %#', (diff, summary) => {
  expect(diffSummary(diff)).toBe(summary);
});
