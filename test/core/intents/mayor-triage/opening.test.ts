import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../../core/convoys/bead.ts';
import { openTriage } from '../../../../core/intents/mayor-triage/conversation.ts';
import { type Evidence, openingOf } from '../../../../core/intents/mayor-triage/opening.ts';
import { limits } from '../../../../core/limits.ts';
import { beadOf, idOf, t0 } from '../../fixtures.ts';

const note = (attempt: number, detail = 'status 1') =>
  ({ attempt, polecat: 'Nux', cause: 'gate_failed', detail }) as const;
const evidenceOf = (more: Partial<Evidence> = {}, over: Partial<Bead> = {}): Evidence => {
  const open = { since: t0, because: '3 attempts failed', rounds: 0, misses: 0 };
  const bead = beadOf(1, { title: 'Teach the parser', triage: { count: 1, open, decisions: [] }, ...over }).body;
  return {
    bead,
    spec: { instructions: 'Numbers.', acceptance: ['`npm test` succeeds'], files: ['src/parser.ts'] },
    beads: [bead, beadOf(2, { needs: [idOf(1)] }).body, beadOf(3).body],
    attempts: [{ note: note(1), evidence: 'FAIL parser' }, { note: note(2) }],
    earlier: ['{"verdict":"rewrite"}'],
    ...more,
  };
};

describe('what the Mayor reads of a bead that failed', () => {
  test('is all there, between marks with this call’s own word', () => {
    const text = openingOf(evidenceOf({}, { question: 'Tea?', answer: 'Yes.' }), 'n0nce');
    for (const read of ['3 attempts failed', 'Numbers.', 'npm test', 'FAIL parser', '"rewrite"', 'Tea?\n→ Yes.'])
      expect(text).toContain(read);
    expect(text).toMatch(/beads that need it>\nbead-2 \(open\): Bead 2\n/);
    expect(text).toMatch(/other beads of its convoy>\nbead-3 \(open\): Bead 3\n/);
    expect(text.match(/<data n0nce /g)).toHaveLength(7);
    expect(text.match(/<\/data n0nce>/g)).toHaveLength(7);
  });

  test('stays within its number of characters, however much there is, and keeps the end of a log', () => {
    const long = 'x'.repeat(99).concat('\n').repeat(5000);
    const text = openingOf(
      evidenceOf(
        {
          spec: { instructions: long, acceptance: [long] },
          attempts: [1, 2, 3, 4, 5].map((n) => ({ note: note(n, long), evidence: `${long}the last line ${n}` })),
          earlier: [long, long],
          beads: Array.from(
            { length: 500 },
            (_, i) => beadOf(i + 1, { title: 'y'.repeat(200), needs: i % 2 ? [idOf(1)] : [] }).body,
          ),
        },
        { answered: [1, 2, 3].map(() => ({ question: long, answer: long })), question: long, answer: long },
      ),
      'n0nce',
    );
    expect(text.length).toBeLessThan(90_000);
    expect(text.length).toBeGreaterThan(70_000);
    for (const n of [1, 2, 3, 4, 5]) expect(text).toContain(`the last line ${n}`);
    expect(text).toContain('… cut here');
  });

  test('no credential of a log is in it', () => {
    const key = `AKIA${'ABCDEFGHIJKLMNOP'}`;
    expect(openingOf(evidenceOf({ attempts: [{ note: note(1), evidence: `key ${key}` }] }), 'n0nce')).not.toContain(
      key,
    );
  });

  test('nor half of one, where a text is cut in the middle of a credential', () => {
    const key = `AKIA${'ABCDEFGHIJKLMNOP'}`;
    const inADecision = (before: number) => {
      const long = `${'x'.repeat(before)} ${key} ${'x'.repeat(limits.triageDecisionCharsMax)}`;
      return openingOf(evidenceOf({ earlier: [long] }), 'n0nce');
    };
    const atTheEnd = (behind: number) => {
      const long = `${'x'.repeat(limits.triageEvidenceCharsMax)} ${key} ${'x'.repeat(behind)}`;
      return openingOf(evidenceOf({ attempts: [{ note: note(1), evidence: long }] }), 'n0nce');
    };
    for (let n = 0; n < 60; n += 5) {
      expect(inADecision(limits.triageDecisionCharsMax - n)).not.toContain('AKIAAB');
      expect(atTheEnd(limits.triageEvidenceCharsMax - n)).not.toContain('KLMNOP');
    }
  });

  test('the prompt says what may be decided, what is data, and when the bead cannot be split', () => {
    const { system } = openTriage(evidenceOf(), 'n0nce');
    for (const part of ['rewrite:', 'split:', 'At most 4 new beads', 'ask:', 'give_up:', '<data n0nce …>'])
      expect(system).toContain(part);
    expect(system.length).toBeLessThan(3000);
    expect(openTriage(evidenceOf({}, { budgetUsd: 1, costUsd: 0.9 }), 'n0nce').system).toContain(
      'Not this one: $0.1 is left',
    );
  });
});
