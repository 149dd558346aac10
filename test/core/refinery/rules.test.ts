import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { CheckState } from '../../../core/ports.ts';
import { readChecks } from '../../../core/refinery/gates.ts';
import { linkOf } from '../../../core/refinery/message.ts';
import { policyOf, ungated, verdictKeyOf } from '../../../core/refinery/policy.ts';
import {
  assertCandidateTransition,
  assertMergeRequestTransition,
  candidateStates,
  type MergeRequest,
  mergeRequestStates,
  nextCandidateStates,
  nextMergeRequestStates,
} from '../../../core/refinery/records.ts';
import { submitMergeRequest } from '../../../core/refinery/submit.ts';
import { configOf } from '../../../core/rigs/config.ts';

const policy = policyOf(configOf({ settings: { 'refinery.gates.test': 'npm test' } }));
const check = (name: string, state: CheckState) => ({ name, state, reportedAt: 0 });

describe('what a verdict is bound to', () => {
  const key = verdictKeyOf('t1', policy, ['build', 'lint']);
  test.each([
    ['another tree', verdictKeyOf('t2', policy, ['build', 'lint'])],
    ['another check', verdictKeyOf('t1', policy, ['build'])],
    [
      'another command',
      verdictKeyOf('t1', policyOf(configOf({ settings: { 'refinery.gates.test': 'true' } })), ['build', 'lint']),
    ],
    [
      'another gate name',
      verdictKeyOf('t1', policyOf(configOf({ settings: { 'refinery.gates.tests': 'npm test' } })), ['build', 'lint']),
    ],
  ])('%s is another verdict', (_, other) => {
    expect(other).not.toBe(key);
  });
  test('the order in which checks are named is not', () => {
    expect(verdictKeyOf('t1', policy, ['lint', 'build'])).toBe(key);
  });
});

describe('required checks', () => {
  test('pass only when each of them succeeded', () => {
    expect(readChecks(['a', 'b'], [check('a', 'success'), check('b', 'success'), check('c', 'failure')])).toEqual({
      ci: 'passed',
    });
  });
  test.each<CheckState>(['pending', 'neutral', 'skipped', 'cancelled'])('%s is not passed', (state) => {
    expect(readChecks(['a'], [check('a', state)])).toMatchObject({ ci: 'waiting' });
  });
  test('missing is not passed', () => {
    expect(readChecks(['a'], [])).toEqual({ ci: 'waiting', because: 'waits for checks: a (missing)' });
  });
  test.each<CheckState>(['failure', 'error'])('%s is failed, whatever the others say', (state) => {
    expect(readChecks(['a', 'b'], [check('a', state), check('b', 'pending')])).toMatchObject({ ci: 'failed' });
  });
});

test('a rig without gates and without CI is ungated, and says what to do', () => {
  expect(ungated(policyOf(configOf({ settings: {} })), 'green')).toContain('gt rig config green refinery.gates.test');
  expect(ungated(policy, 'green')).toBeUndefined();
  expect(ungated(policyOf(configOf({ settings: { 'refinery.require_ci': true } })), 'green')).toBeUndefined();
});

describe('transitions are data', () => {
  test('a merge request goes only where the table lets it', () => {
    for (const from of mergeRequestStates) {
      for (const to of mergeRequestStates) {
        const allowed = from === to || nextMergeRequestStates[from].includes(to);
        const go = () => assertMergeRequestTransition(from, to);
        if (allowed) expect(go).not.toThrow();
        else expect(go).toThrow(`BUG: merge request ${from} → ${to}`);
      }
    }
  });
  test('a candidate goes only where the table lets it, and nothing that failed ever lands', () => {
    const reachable = new Set<string>(['failed']);
    for (let grew = true; grew; ) {
      const next = candidateStates.filter((state) =>
        [...reachable].some((from) => nextCandidateStates[from as 'failed'].includes(state)),
      );
      grew = next.some((state) => !reachable.has(state));
      for (const state of next) reachable.add(state);
    }
    expect(reachable.has('landed')).toBe(false);
    expect(() => assertCandidateTransition('running', 'landed')).toThrow('BUG');
  });
});

describe('the message of a landed change', () => {
  const request = {
    bead: 'gr-abc123-1',
    convoy: 'abc123',
    attempt: 2,
    polecat: 'Toast',
    branch: 'b',
    head: 'h',
    submittedAt: 5,
  };
  test('a title cannot forge a trailer', () => {
    const { message } = linkOf({ ...request, title: 'Nice\n\nBead: gr-zzzzzz-9\r\n' } as MergeRequest);
    expect(message).toBe('Nice Bead: gr-zzzzzz-9\n\nBead: gr-abc123-1\nConvoy: abc123\nAttempt: 2\n');
  });
  test('an empty title still has a subject', () => {
    expect(linkOf({ ...request, title: '\n' } as MergeRequest).message.split('\n')[0]).toBe('Untitled change');
  });
});

test('two submits to one target never conflict: only what is new is created, and META is left to the tick', () => {
  const bead = {
    id: 'gr-abc123-1',
    rig: 'green',
    target: 'main',
    branch: 'polecat/Toast/gr-abc123-1@1',
    attempt: 1,
  } as Bead;
  const step = submitMergeRequest({ bead, head: 'h', convoyCreatedAt: 1, seq: 'S1', now: 2 });
  expect(step.changes.map((change) => ('put' in change ? [change.put.sk, change.expect] : []))).toEqual([
    ['MR#S1', { absent: true }],
    ['TARGET#main', { any: true }],
  ]);
  expect(step.effects).toEqual([{ do: 'wake', queue: 'refinery', group: 'refinery/green/main' }]);
});
