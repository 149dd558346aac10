import { expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { landingLetter, landingReport } from '../../../core/convoys/report.ts';

const convoy = {
  id: '7k2m9q',
  rig: 'green',
  progress: { total: 3, landed: 2, failed: 0, cancelled: 1, blocked: 0 },
  planning: { rounds: 2, round: 2, inputTokens: 900, outputTokens: 80 },
  mayorUsd: 0.05,
} as Convoy;
const bead = (n: number, more: Partial<Bead>): Bead =>
  ({ id: `gr-7k2m9q-${n}`, title: `Do ${n}`, status: 'closed', attempt: 1, costUsd: 0.5, notes: [], ...more }) as Bead;

test('a landed convoy says what changed, what it cost, and which of it came about in an unusual way', () => {
  const notes = [{ attempt: 1, polecat: 'Toast', cause: 'gate_failed', detail: 'npm test' }] as const;
  const beads = [
    bead(1, { commit: 'a'.repeat(40), closedReason: 'merged' }),
    bead(2, { commit: 'b'.repeat(40), closedReason: 'merged', attempt: 2, notes, costUsd: 1.25 }),
    bead(3, { status: 'cancelled', attempt: 0, costUsd: 0 }),
  ];
  expect(landingReport(convoy, beads)).toEqual({
    commits: [
      { commit: 'a'.repeat(40), bead: 'gr-7k2m9q-1', title: 'Do 1' },
      { commit: 'b'.repeat(40), bead: 'gr-7k2m9q-2', title: 'Do 2' },
    ],
    costUsd: 1.8,
    mayorUsd: 0.05,
    landedBeadUsd: 0.9,
    attempts: 3,
    planning: convoy.planning,
    lookAt: ['gr-7k2m9q-2 (Do 2) took 2 attempts; the last trouble: gate_failed', 'gr-7k2m9q-3 (Do 3) was cancelled'],
  });
  expect(landingLetter(convoy, beads)).toBe(
    [
      'Convoy 7k2m9q on rig green: 2 of 3 beads landed.',
      '',
      'aaaaaaaaaa  gr-7k2m9q-1  Do 1',
      'bbbbbbbbbb  gr-7k2m9q-2  Do 2',
      '',
      "Cost: 1.80 USD of models in 3 attempts, 0.05 of it the Mayor's, 0.90 a landed bead. Planning took 2 calls, 900 tokens in and 80 out.",
      '',
      'Worth a look:',
      '- gr-7k2m9q-2 (Do 2) took 2 attempts; the last trouble: gate_failed',
      '- gr-7k2m9q-3 (Do 3) was cancelled',
    ].join('\n'),
  );
});

test('one whose beads came before the Mayor says what that took, and which of them were rewritten or split', () => {
  const made = { verdict: 'rewrite', attempt: 3, at: 2, why: 'it said too little', hash: 'h', record: 'r' } as const;
  const triage = { count: 1, decisions: [made] };
  const beads = [
    bead(1, { createdAt: 1, triage }),
    bead(2, { createdAt: 1, triage: { count: 1, decisions: [{ ...made, verdict: 'split' }] } }),
    // It was made by a split: that decision is about another bead.
    bead(3, { createdAt: 2, triage }),
  ];
  const use = { calls: 3, inputTokens: 300, outputTokens: 30 };
  const report = landingReport({ ...convoy, triage: use }, beads);
  expect(report).toMatchObject({
    triage: use,
    lookAt: [
      'gr-7k2m9q-1 (Do 1) was rewritten by the Mayor: it said too little',
      'gr-7k2m9q-2 (Do 2) was split by the Mayor: it said too little',
    ],
  });
  expect(landingLetter({ ...convoy, triage: use }, beads)).toContain('Triage took 3 calls, 300 tokens in and 30 out.');
});
