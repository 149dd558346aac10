import { describe, expect, test } from '@jest/globals';
import type { Bead, FailureCause, Outcome } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { awaitOn } from '../../../core/molecules/await.ts';
import { next, type Seen } from '../../../core/molecules/next.ts';
import { configOf } from '../../../core/rigs/config.ts';
import { beadOf, idOf, kindsOf, putAt, t0 } from '../fixtures.ts';

const config = configOf({ settings: {} });
const seenOf = (over: Partial<Bead>): Seen => ({
  bead: beadOf(1, { run: 1, attempt: 1, polecat: 'Nux', branch: 'polecat/Nux/x@1', ...over }),
  convoyCreatedAt: t0,
  config,
  breaker: undefined,
  escalation: undefined,
  triages: false,
});
const decide = (over: Partial<Bead>) => next(seenOf(over), 1, 'SEQ', t0);
const beadIn = (decided: ReturnType<typeof next>): Bead | undefined => putAt<Bead>(decided.step, keys.bead(idOf(1)));
const failed = (cause: FailureCause): Outcome => ({ kind: 'failed', cause, detail: 'why' });
const working = { status: 'in_progress' } as const;

describe('what the execution waits for', () => {
  test.each<[string, Partial<Bead>, string]>([
    ['an admitted bead', { admittedAt: t0 }, 'work'],
    ['a bead in line', { inLine: t0 }, 'line'],
    ['a resting bead', { restUntil: t0 + 5000 }, 'rest'],
    ['a hooked bead', { status: 'hooked' }, 'work'],
    ['a bead in progress', { status: 'in_progress' }, 'work'],
    ['a submitted bead', { status: 'submitted' }, 'merge'],
    ['a bead that asked', { status: 'escalated' }, 'gate'],
    ['a merged bead', { status: 'closed', closedReason: 'merged' }, 'landed'],
    ['a failed bead', { status: 'failed' }, 'given_up'],
    ['a cancelled bead', { status: 'cancelled' }, 'given_up'],
  ])('%s', (_what, over, go) => {
    expect(decide(over).go).toBe(go);
  });

  test('an execution of an older run ends, and decides nothing', () => {
    const decided = next(seenOf({ run: 2, outcome: failed('lost') }), 1, 'SEQ', t0);
    expect(decided).toEqual({ go: 'superseded' });
  });

  test('a rest that is over puts the bead in line', () => {
    const decided = decide({ restUntil: t0 - 1 });
    expect(decided.go).toBe('line');
    expect(beadIn(decided)).toMatchObject({ status: 'open', inLine: expect.any(Number) });
  });
});

describe('a bead that lands its convoy', () => {
  const tip = 'e'.repeat(40);
  const command = configOf({ settings: { 'agent.command': 'agent {prompt}' } });
  const landing = (over: Partial<Bead>, more: Partial<Seen> = {}) => {
    const seen = seenOf({ attempt: 0, landsConvoy: true, type: 'chore', ...over });
    const { polecat: _polecat, branch: _branch, ...bead } = seen.bead.body;
    return next({ ...seen, bead: { ...seen.bead, body: { ...bead, ...over } }, tip, ...more }, 1, 'SEQ', t0);
  };

  test('submits the tip of its branch, without a polecat, a slot or a place in line', () => {
    const decided = landing({});
    expect(decided.go).toBe('merge');
    expect(beadIn(decided)).toMatchObject({ status: 'submitted', attempt: 1, head: tip });
    expect(putAt(decided.step, keys.mergeRequest('greenhouse', 'main', 'SEQ'))).toMatchObject({
      branch: 'integration/aaaaaa',
      head: tip,
      asIs: true,
      polecat: 'Refinery',
    });
    expect(decided.step?.changes).toHaveLength(3);
  });

  test('ends when nothing was merged into its branch', () => {
    const decided = landing({}, { tip: undefined });
    expect(decided.go).toBe('landed');
    expect(beadIn(decided)).toMatchObject({ status: 'closed', closedReason: 'no_change' });
  });

  test('gets a polecat after a failure, and submits the branch again where no agent works from a prompt', () => {
    expect(landing({ attempt: 1, failures: 1 }, { config: command }).go).toBe('line');
    const again = landing({ attempt: 1, failures: 1 });
    expect([again.go, beadIn(again)?.attempt]).toEqual(['merge', 2]);
  });

  test('rests before it is submitted again, however short the rests of its rig are', () => {
    const rests = configOf({ settings: { 'retry.backoff_s': [0] } });
    const decided = landing(
      { attempt: 1, status: 'submitted', head: tip, outcome: failed('gate_failed') },
      { config: rests },
    );
    expect([decided.go, decided.seconds]).toEqual(['rest', 1]);
    expect(beadIn(decided)?.inLine).toBeUndefined();
  });

  test('is submitted first when a human sends it round again', () => {
    expect(landing({ attempt: 3, failures: 0 }, { config: command }).go).toBe('merge');
  });
});

describe('an attempt that hands on', () => {
  const handsOn = (over: Partial<Bead> = {}) =>
    decide({ ...working, head: 'b'.repeat(40), ...over, outcome: { kind: 'handoff', note: 'tests are left' } });

  test('is followed at once by another, from what was pushed, with its note, and counts as no failure', () => {
    const decided = handsOn({ failures: 1 });
    expect(decided.go).toBe('line');
    expect(kindsOf(decided.step)).toEqual(['bead.handed_on']);
    expect(putAt(decided.step, keys.breaker())).toBeUndefined();
    expect(beadIn(decided)).toMatchObject({
      status: 'open',
      failures: 1,
      head: 'b'.repeat(40),
      handoff: { attempt: 1, note: 'tests are left', count: 1 },
      inLine: expect.any(Number),
    });
  });

  test('does not go on for ever: a human is asked, whose answer lets it go on as often again', () => {
    let bead: Partial<Bead> = {};
    const gone: string[] = [];
    for (let i = 0; i <= limits.handoffsMax; i += 1) {
      const { inLine: _, ...was } = bead;
      const decided = handsOn(was);
      gone.push(decided.go);
      bead = beadIn(decided) ?? {};
    }
    expect(gone).toEqual([...Array(limits.handoffsMax).fill('line'), 'gate']);
    expect(bead).toMatchObject({
      status: 'escalated',
      handoff: { count: 0 },
      question: expect.stringContaining('11 handoffs'),
    });
  });

  test('is a failure where a conflict was to be resolved: the next one starts from the conflict', () => {
    const resolves = { bead: idOf(2), attempt: 1, mergeRequest: 'S', head: 'c', base: 'd', against: [] };
    expect(handsOn({ resolves }).go).toBe('given_up');
  });
});

test('an answer stays with its question when another is asked', () => {
  const asks = (over: Partial<Bead>, question: string): Partial<Bead> =>
    beadIn(decide({ ...working, ...over, outcome: { kind: 'escalated', question, severity: 'low' } })) ?? {};
  const first = asks({}, 'Tea?');
  expect([first.question, first.answer, first.answered]).toEqual(['Tea?', undefined, undefined]);
  const second = asks({ ...first, answer: 'Yes.' }, 'Milk?');
  expect([second.question, second.answer]).toEqual(['Milk?', undefined]);
  expect(second.answered).toEqual([{ question: 'Tea?', answer: 'Yes.' }]);
});

describe('the self-healing ladder', () => {
  test('a completed attempt is submitted, with its merge request in the same commit', () => {
    const decided = decide({ ...working, outcome: { kind: 'completed', head: 'a'.repeat(40) } });
    expect(decided.go).toBe('merge');
    expect(beadIn(decided)).toMatchObject({ status: 'submitted', mergeRequest: 'SEQ' });
    expect(putAt(decided.step, keys.mergeRequest('greenhouse', 'main', 'SEQ'))).toMatchObject({ head: 'a'.repeat(40) });
  });

  test('failures rest 2, 5 and 10 minutes, then the bead is given up and a human is told', () => {
    const rests: (number | undefined)[] = [];
    let bead: Partial<Bead> = {};
    for (let failures = 0; failures < 4; failures += 1) {
      const decided = decide({ ...bead, ...working, outcome: failed('agent_failed') });
      rests.push(decided.seconds);
      bead = beadIn(decided) ?? {};
      if (failures === 3) expect(kindsOf(decided.step)).toEqual(['bead.failed', 'escalation.opened']);
    }
    expect(rests).toEqual([120, 300, 600, undefined]);
    expect(bead.status).toBe('failed');
  });

  test('a bead that kills its polecats is given up after three deaths', () => {
    const decided = decide({ ...working, respawns: limits.respawnsMax - 1, outcome: failed('lost') });
    expect(decided.go).toBe('given_up');
  });

  test('a death that is nobody’s fault costs no rung and no rest, and is bounded all the same', () => {
    const once = decide({ ...working, outcome: failed('infrastructure') });
    expect(once.go).toBe('line');
    expect(beadIn(once)).toMatchObject({ failures: 0, infraDeaths: 1 });
    expect(putAt(once.step, keys.breaker())).toBeUndefined();
    const often = decide({ ...working, infraDeaths: limits.infraDeathsMax, outcome: failed('infrastructure') });
    expect(often.go).toBe('given_up');
  });

  test('a rejection by a red target costs nothing, and the next attempt starts from what was pushed', () => {
    const head = 'b'.repeat(40);
    const decided = decide({ status: 'submitted', head, outcome: failed('red_main') });
    expect(decided.go).toBe('line');
    expect(beadIn(decided)).toMatchObject({ failures: 0, infraDeaths: 0, head });
    expect(putAt(decided.step, keys.breaker())).toBeUndefined();
  });

  test('a retry goes on from the last pushed commit, but starts over after a rejection', () => {
    const head = 'b'.repeat(40);
    expect(beadIn(decide({ ...working, head, outcome: failed('agent_failed') }))?.head).toBe(head);
    expect(beadIn(decide({ status: 'submitted', head, outcome: failed('gate_failed') }))?.head).toBeUndefined();
  });

  test('the next attempt learns what went wrong', () => {
    expect(beadIn(decide({ ...working, outcome: failed('timeout') }))?.notes).toEqual([
      expect.objectContaining({ attempt: 1, polecat: 'Nux', cause: 'timeout', detail: 'why' }),
    ]);
  });

  test('no change closes a review, and fails a task', () => {
    const outcome: Outcome = { kind: 'no_change', note: 'looked' };
    expect(beadIn(decide({ ...working, type: 'review', outcome }))).toMatchObject({ closedReason: 'no_change' });
    expect(beadIn(decide({ ...working, type: 'task', outcome }))).toMatchObject({ status: 'open', failures: 1 });
  });

  test('a question waits for a human', () => {
    const decided = decide({ ...working, outcome: { kind: 'escalated', question: 'Which?', severity: 'high' } });
    expect(decided.go).toBe('gate');
    expect(decided.step?.effects).toContainEqual(expect.objectContaining({ do: 'notify', severity: 'high' }));
  });
});

describe('waiting on a token', () => {
  const wait = (over: Partial<Bead>, what: 'line' | 'rest' | 'gate' | 'merge', run = 1) =>
    awaitOn(seenOf(over).bead, { for: what, token: 'tok', run }, t0);
  const letGo = { changes: [], effects: [{ do: 'succeed_task', token: 'tok' }] };

  test('stores the token while there is something to wait for', () => {
    expect(putAt<Bead>(wait({ inLine: t0 }, 'line'), keys.bead(idOf(1)))?.wait).toEqual({
      for: 'line',
      token: 'tok',
      run: 1,
    });
  });

  test.each<[string, Partial<Bead>, 'line' | 'rest' | 'gate' | 'merge']>([
    ['admitted in the meantime', { admittedAt: t0 }, 'line'],
    ['rested', { restUntil: t0 - 1 }, 'rest'],
    ['answered', { status: 'open' }, 'gate'],
    ['landed', { status: 'closed', closedReason: 'merged' }, 'merge'],
    ['sent back', { status: 'submitted', outcome: failed('conflict') }, 'merge'],
  ])('lets the execution go at once if the bead was %s', (_what, over, what) => {
    expect(wait(over, what)).toEqual(letGo);
  });

  test('lets an execution of an older run go', () => {
    expect(wait({ inLine: t0, run: 2 }, 'line', 1)).toEqual(letGo);
  });
});

describe('a bead that is put back again and again', () => {
  test.each<[string, Outcome]>([
    ['deferred', { kind: 'deferred', until: t0 + 1000, note: 'not yet' }],
    ['at a timer gate', { kind: 'phase_complete', gate: 'timer', untilMs: t0 + 1000, note: 'not yet' }],
  ])('rests at first, and then asks a human whether to go on: %s', (_, outcome) => {
    expect(decide({ ...working, outcome }).go).toBe('rest');
    const asked = decide({ ...working, outcome, attempt: limits.attemptsUnaskedMax });
    expect(asked.go).toBe('gate');
    expect(beadIn(asked)?.status).toBe('escalated');
  });
});
