/** What `gt convoy show` prints of money, and of a convoy that has landed. */
import { expect, test } from '@jest/globals';
import { type BeadView, type ConvoyDetail, showConvoy } from '../../bin/gt/convoys.ts';
import { makePrinter } from '../../bin/gt/print.ts';

const bead = (n: number, more: Partial<BeadView> = {}): BeadView => ({
  id: `gr-aaaaaa-${n}`,
  name: `b${n}`,
  title: `Do ${n}`,
  rig: 'green',
  convoy: 'aaaaaa',
  target: 'main',
  status: 'closed',
  closedReason: 'merged',
  commit: `${n}`.repeat(40),
  attempt: 1,
  needs: [],
  blockedBy: [],
  costUsd: 0,
  budgetUsd: 0,
  ...more,
});

function shown(beads: readonly BeadView[], more: Partial<ConvoyDetail>): string[] {
  const lines: string[] = [];
  const print = makePrinter({ json: false, colour: false, write: (text) => void lines.push(text) });
  const progress = { total: beads.length, landed: 1, failed: 0 };
  const convoy = { id: 'aaaaaa', title: 'Greet', rig: 'green', status: 'open', progress, createdAt: 1, costUsd: 0 };
  showConvoy({ print }, { ...convoy, runningUsd: 0, beads, ...more });
  return lines.join('').split('\n');
}

test('what models cost is said by bead and together, and what of it is still growing', () => {
  const beads = [
    bead(1, { costUsd: 1.25, budgetUsd: 2, runningUsd: 0 }),
    bead(2, { status: 'in_progress', costUsd: 0.5, budgetUsd: 2, runningUsd: 0.004 }),
    bead(3, { status: 'open' }),
  ];
  const lines = shown(beads, { costUsd: 1.75, runningUsd: 0.004 });
  expect(lines[2]).toMatch(/^BEAD +STATUS +ATTEMPTS +MODELS /);
  expect(lines[3]).toMatch(/^gr-aaaaaa-1 +landed +1 +\$1\.25 /);
  expect(lines[4]).toMatch(/^gr-aaaaaa-2 +in_progress +1 +\$0\.50 /);
  expect(lines).toContain('Models: $1.75 of a budget of $4.00, $0.0040 of it by what is at work.');
});

test('where no model is paid for, no money is spoken of', () => {
  expect(shown([bead(1)], {}).join('\n')).not.toMatch(/models|\$/i);
});

test('once it has landed, its commits are counted, and what is worth a look is listed, as text', () => {
  const report = { commits: [{ commit: '1', bead: 'b', title: 't' }], costUsd: 0, attempts: 2 };
  const lookAt = ['gr-aaaaaa-1 (Do\u001b[2J 1) took 2 attempts; the last trouble: gate_failed'];
  const lines = shown([bead(1, { attempt: 2 })], { status: 'landed', report: { ...report, lookAt } });
  expect(lines.slice(-5)).toEqual([
    '1 commit in 2 attempts.',
    '',
    'Worth a look:',
    '- gr-aaaaaa-1 (Do[2J 1) took 2 attempts; the last trouble: gate_failed',
    '',
  ]);
});
