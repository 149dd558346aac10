import { describe, expect, test } from '@jest/globals';
import type { Bead, FailureCause, Outcome } from '../../../core/convoys/bead.ts';
import { groups, keys } from '../../../core/keys.ts';
import { next } from '../../../core/molecules/next.ts';
import { jobOf } from '../../../core/polecats/job.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { beadOf, idOf, kindsOf, putAt, t0 } from '../fixtures.ts';

const head = 'a'.repeat(40);
const base = 'b'.repeat(40);
const resolves = { bead: idOf(1), attempt: 1, mergeRequest: 'SEQ', head, base, against: [] };
const config = configOf({ settings: { 'agent.command': 'agent {prompt}' } });
const resolver = (over: Partial<Bead>) =>
  beadOf(5, {
    type: 'conflict',
    status: 'in_progress',
    run: 1,
    attempt: 1,
    polecat: 'Dag',
    branch: 'polecat/Dag/x@1',
    resolves,
    ...over,
  });
const decide = (outcome: Outcome) =>
  next(
    {
      bead: resolver({ outcome }),
      convoyCreatedAt: t0,
      config,
      breaker: undefined,
      escalation: undefined,
      triages: false,
    },
    1,
    'NEW',
    t0,
  );
const wakes = [
  { do: 'wake', queue: 'ticks', group: groups.convoy('aaaaaa') },
  { do: 'wake', queue: 'refinery', group: groups.refinery('greenhouse', 'main') },
];

describe('a resolver that', () => {
  test('has finished ends, hands its branch over, and submits nothing of its own', () => {
    const { go, step } = decide({ kind: 'completed', head: 'c'.repeat(40) });
    expect(go).toBe('landed');
    expect(putAt<Bead>(step, keys.bead(idOf(5)))).toMatchObject({
      status: 'closed',
      closedReason: 'resolved',
      head: 'c'.repeat(40),
    });
    expect(putAt(step, keys.mergeRequest('greenhouse', 'main', 'NEW'))).toBeUndefined();
    expect(step?.effects).toEqual(wakes);
  });

  test.each<FailureCause>(['agent_failed', 'empty_result', 'timeout', 'lost', 'idle', 'harness_failed'])(
    'failed (%s) ends too: its merge request has the ladder, so no retry, no rest, no letter',
    (cause) => {
      const { go, step } = decide({ kind: 'failed', cause, detail: 'why' });
      expect(go).toBe('given_up');
      expect(putAt<Bead>(step, keys.bead(idOf(5)))).toMatchObject({
        status: 'failed',
        notes: [{ cause, detail: 'why' }],
      });
      expect(step?.effects).toEqual(wakes);
      expect(kindsOf(step)).toEqual(['bead.failed']);
    },
  );

  test('changed nothing has failed', () => {
    expect(decide({ kind: 'no_change', note: '' }).go).toBe('given_up');
  });

  test('was killed by its host costs no try', () => {
    expect(decide({ kind: 'failed', cause: 'infrastructure', detail: 'spot' }).go).toBe('line');
  });

  test('asks a human waits for the answer', () => {
    expect(decide({ kind: 'escalated', question: 'Both?', severity: 'medium' }).go).toBe('gate');
  });
});

test('starts from the author’s commit, whatever an earlier polecat of it left, and merges the target’s in', () => {
  const polecat: Polecat = {
    name: 'Dag',
    rig: 'greenhouse',
    bead: idOf(5),
    attempt: 2,
    branch: 'polecat/Dag/x@2',
    tokenHash: '',
    hookedAt: t0,
    nudges: 0,
  };
  const rig: Rig = { name: 'greenhouse', prefix: 'gh', url: '/r', defaultBranch: 'main', settings: {}, addedAt: t0 };
  const spec = { instructions: 'facts', acceptance: ['both intents hold'] };
  const intents = [
    {
      bead: idOf(1),
      title: 'Greet',
      instructions: 'Say hello.',
      acceptance: [],
      answers: [{ question: 'Which colour?', answer: 'blue' }],
    },
  ];
  const job = jobOf(resolver({ head: 'e'.repeat(40), runtime: 'command' }).body, spec, polecat, {
    rig,
    config,
    intents,
  });
  expect(job).toMatchObject({
    startFrom: head,
    merge: base,
    target: 'main',
    agent: ['agent', '{prompt}'],
    script: null,
  });
  expect(job.prompt).toContain('Say hello.');
  expect(job.prompt).toMatch(/asked of the change[\s\S]*Which colour\?[\s\S]*The human answered\n\nblue/);
});

test('no other job merges anything', () => {
  const polecat: Polecat = {
    name: 'Dag',
    rig: 'greenhouse',
    bead: idOf(1),
    attempt: 1,
    branch: 'b',
    tokenHash: '',
    hookedAt: t0,
    nudges: 0,
  };
  const rig: Rig = { name: 'greenhouse', prefix: 'gh', url: '/r', defaultBranch: 'main', settings: {}, addedAt: t0 };
  expect(
    jobOf(beadOf(1).body, { instructions: '', acceptance: [] }, polecat, { rig, config, intents: [] }),
  ).not.toHaveProperty('merge');
});
