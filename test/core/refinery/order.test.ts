import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../core/limits.ts';
import { inOrder, overtakenBy, scoreOf, withLanded } from '../../../core/refinery/order.ts';
import type { MergeRequest } from '../../../core/refinery/records.ts';

const hour = 3_600_000;
const now = Date.UTC(2030, 0, 1);
const seqOf = (n: number): string => String(n).padStart(26, '0');
const request = (n: number, more: Partial<MergeRequest> = {}): MergeRequest => ({
  seq: seqOf(n),
  bead: `gr-abc123-${n}`,
  attempt: 1,
  convoy: 'abc123',
  title: 'x',
  polecat: 'Toast',
  priority: 2,
  convoyCreatedAt: now,
  branch: 'b',
  head: 'h',
  state: 'queued',
  because: '',
  retries: 0,
  submittedAt: now,
  ...more,
});
const beads = (requests: readonly MergeRequest[], landed: readonly string[] = []) =>
  inOrder(requests, landed, now).map(({ seq }) => Number(seq));

describe('the order of the line', () => {
  test.each([
    ['a bare change of priority 2', {}, 1200],
    ['the most urgent', { priority: 0 }, 1400],
    ['an hour of its convoy', { convoyCreatedAt: now - hour }, 1210],
    ['an hour of its own', { submittedAt: now - hour }, 1201],
    ['two retries', { retries: 2 }, 1100],
    ['a hundred retries', { retries: 100 }, 900],
    ['a convoy from the future', { convoyCreatedAt: now + 9 * hour }, 1200],
    ['a convoy of years ago', { convoyCreatedAt: 0 }, 1200 + 10 * limits.queueAgeHoursMax],
  ])('%s scores what the formula says', (_, more, score) => {
    expect(scoreOf(request(1, more), now)).toBe(score);
  });

  test('is by score, ties by when they came', () => {
    expect(beads([request(3), request(1), request(2, { priority: 0 })])).toEqual([2, 1, 3]);
  });

  test('a change that 64 later ones overtook goes first, however little it scores', () => {
    const landed = Array.from({ length: limits.overtakenMax }, (_, i) => seqOf(10 + i));
    expect(beads([request(100, { priority: 0 }), request(1, { retries: 9, priority: 4 })], landed)).toEqual([1, 100]);
    expect(beads([request(100, { priority: 0 }), request(1, { retries: 9, priority: 4 })], landed.slice(1))).toEqual([
      100, 1,
    ]);
  });

  test('nothing is overtaken by more than 64 later changes, whatever comes and whatever its priority', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 80, maxLength: 160 }), (priorities) => {
        let waiting = [request(0, { priority: 4, retries: 9 }), request(1, { priority: 4 })];
        let landedSeqs: readonly string[] = [];
        const order: string[] = [];
        const land = () => {
          const [next] = inOrder(waiting, landedSeqs, now);
          if (!next) return;
          waiting = waiting.filter((other) => other !== next);
          landedSeqs = withLanded(
            landedSeqs,
            [next.seq],
            waiting.map(({ seq }) => seq),
          );
          order.push(next.seq);
        };
        for (const [i, priority] of priorities.entries()) {
          waiting.push(request(i + 2, { priority }));
          land();
        }
        while (waiting.length > 0) land();
        for (const [place, seq] of order.entries()) {
          expect(order.slice(0, place).filter((other) => other > seq).length).toBeLessThanOrEqual(limits.overtakenMax);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('what is remembered of landings is bounded, and still counts exactly up to 64', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 9999 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 0, max: 9999 }),
        (landed, oldest) => {
          let kept: readonly string[] = [];
          for (const n of landed) kept = withLanded(kept, [seqOf(n)], [seqOf(oldest)]);
          expect(kept.length).toBeLessThanOrEqual(limits.overtakenMax);
          const truth = landed.filter((n) => n > oldest).length;
          expect(overtakenBy(kept, seqOf(oldest))).toBe(Math.min(truth, limits.overtakenMax));
        },
      ),
    );
  });

  test('nothing is remembered while nobody waits', () => {
    expect(withLanded([seqOf(1)], [seqOf(2)], [])).toEqual([]);
  });
});
