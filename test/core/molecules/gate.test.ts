/** A bead at a gate rests until somebody opens it, and never without a human hearing of it when nobody will. */
import { describe, expect, test } from '@jest/globals';
import type { Bead, Gated, Outcome } from '../../../core/convoys/bead.ts';
import { saveBead } from '../../../core/convoys/save-bead.ts';
import { tellWaiting, tickConvoy } from '../../../core/convoys/tick.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { type Awaited, knock } from '../../../core/molecules/gate.ts';
import { next } from '../../../core/molecules/next.ts';
import type { Item, PullRequestState } from '../../../core/ports.ts';
import type { Checks } from '../../../core/rigs/checks.ts';
import { configOf } from '../../../core/rigs/config.ts';
import { isNews, namesOf, type PullRecord, pullRequestName } from '../../../core/rigs/pull-requests.ts';
import { type Step, toCommit } from '../../../core/step.ts';
import { beadOf, convoyOf, idOf, itemOf, putAt, t0 } from '../fixtures.ts';

const head = 'a'.repeat(40);
const decide = (over: Partial<Bead>, awaited: Awaited = {}) =>
  next(
    {
      bead: beadOf(1, { run: 1, attempt: 1, polecat: 'Nux', status: 'in_progress', head, ...over }),
      convoyCreatedAt: t0,
      config: configOf({ settings: {} }),
      breaker: undefined,
      escalation: undefined,
      triages: false,
      awaited,
    },
    1,
    'SEQ',
    t0,
  );
const beadIn = ({ step }: ReturnType<typeof next>) => putAt<Bead>(step, keys.bead(idOf(1)));
const phase = (over: Partial<Extract<Outcome, { kind: 'phase_complete' }>>): Outcome => ({
  kind: 'phase_complete',
  gate: 'ci',
  check: 'build',
  note: 'n',
  ...over,
});
const checks = (state: 'pending' | 'success' | 'failure') =>
  itemOf<Checks>(keys.checks('greenhouse', head), { reports: { build: { state, reportedAt: t0 } } });
const atGate = (gate: Partial<Gated>): Partial<Bead> => ({
  status: 'deferred',
  restUntil: t0 + 1000,
  gate: { type: 'ci', check: 'build', head, note: 'n', since: t0, ...gate },
});

describe('a bead that stops at a gate', () => {
  test('is listed by what it waits for, in the same transaction, and rests until the deadline', () => {
    const ofCheck = decide({ outcome: phase({}) }, { checks: checks('pending') });
    expect(beadIn(ofCheck)).toMatchObject({ status: 'deferred', restUntil: t0 + limits.gateWaitDefaultMs });
    expect(putAt<Checks>(ofCheck.step, keys.checks('greenhouse', head))?.awaitedBy).toEqual([
      { bead: idOf(1), check: 'build' },
    ]);
    const ofBead = decide({ outcome: phase({ gate: 'bead', bead: idOf(2) }) }, { bead: beadOf(2) });
    expect(putAt<Bead>(ofBead.step, keys.bead(idOf(2)))?.awaitedBy).toEqual([idOf(1)]);
  });

  test.each<[string, Outcome, Awaited, object]>([
    ['the check had ended already', phase({}), { checks: checks('success') }, { status: 'deferred', restUntil: t0 }],
    [
      'the bead had landed already',
      phase({ gate: 'bead', bead: idOf(2) }),
      { bead: beadOf(2, { status: 'closed', closedReason: 'merged', commit: head }) },
      { status: 'deferred', restUntil: t0 },
    ],
    [
      'the bead had failed',
      phase({ gate: 'bead', bead: idOf(2) }),
      { bead: beadOf(2, { status: 'failed' }) },
      { status: 'escalated' },
    ],
    ['there is no such bead', phase({ gate: 'bead', bead: 'gh-zzzzzz-9' }), {}, { status: 'escalated' }],
    ['it waits for itself', phase({ gate: 'bead', bead: idOf(1) }), { bead: beadOf(1) }, { status: 'escalated' }],
  ])('does not wait where %s', (_what, outcome, awaited, then) => {
    expect(beadIn(decide({ outcome }, awaited))).toMatchObject(then);
  });
});

describe('a bead at a gate', () => {
  test('goes on when what it waits for has come to its end, and is told how it came', () => {
    const was = beadOf(1, { run: 1, ...atGate({}), wait: { for: 'rest', token: 'T', run: 1 } });
    expect(knock(was, { checks: checks('pending') }, t0)).toBeUndefined();
    const step = knock(was, { checks: checks('failure') }, t0);
    expect(putAt<Bead>(step, was)).toMatchObject({ status: 'open', gate: { openedAt: t0 } });
    expect(putAt<Bead>(step, was)?.gate?.because).toContain('the check build is failure');
    expect(step?.effects).toEqual([{ do: 'succeed_task', token: 'T' }]);
    // The same knock again, late: it is open.
    const open = beadOf(1, { run: 1, ...atGate({ openedAt: t0 }) });
    expect(knock(open, { checks: checks('failure') }, t0)).toBeUndefined();
  });

  test('asks a human at its deadline, and at once when it waits in vain', () => {
    expect(decide({ ...atGate({}), restUntil: t0 + 1 }).go).toBe('rest');
    expect(decide({ ...atGate({}), restUntil: t0 }).go).toBe('gate');
    expect(decide({ ...atGate({ blocked: 'it was cancelled' }) }).go).toBe('gate');
  });

  test('loses its approval with the work that was approved, when it starts over from its target', () => {
    const outcome: Outcome = { kind: 'failed', cause: 'gate_failed', detail: 'why' };
    const after = beadIn(decide({ status: 'submitted', outcome, gate: { ...atGate({}).gate, openedAt: t0 } as Gated }));
    expect([after?.gate, after?.head]).toEqual([undefined, undefined]);
  });
});

describe('a bead that waits for a pull request', () => {
  const pull = (state: PullRequestState['state'], more: Partial<PullRecord> = {}) =>
    itemOf<PullRecord>(keys.pullRequest('greenhouse', '7'), { told: { number: 7, state, reportedAt: t0 }, ...more });
  const outcome = phase({ gate: 'pr', pr: '#7', check: undefined as never });
  const waits = beadOf(1, { run: 1, ...atGate({ type: 'pr', pr: '#7' }), wait: { for: 'rest', token: 'T', run: 1 } });

  test('is listed by it, whether or not anybody has told of it, and asks its host at once', () => {
    const unknown = decide({ outcome }, {});
    const key = keys.pullRequest('greenhouse', '7');
    expect(putAt<PullRecord>(unknown.step, key)).toEqual({ awaitedBy: [idOf(1)] });
    expect(unknown.step?.effects).toContainEqual({ do: 'open_gate', bead: idOf(1) });
    const known = decide({ outcome }, { pull: pull('open', { awaitedBy: [idOf(2)] }) });
    expect(putAt<PullRecord>(known.step, key)).toMatchObject({
      told: { state: 'open' },
      awaitedBy: [idOf(2), idOf(1)],
    });
  });

  test('is looked at again long before its deadline', () => {
    const change = saveBead(waits, { ...waits.body, restUntil: t0 + limits.gateWaitDefaultMs }, t0);
    expect(change).toMatchObject({ put: { attentionAt: t0 + limits.pullRequestLookMs } });
  });

  test('goes on when it was merged, and asks a human when it was closed', () => {
    expect(knock(waits, { pull: pull('open') }, t0)).toBeUndefined();
    expect(knock(waits, {}, t0)).toBeUndefined();
    const merged = { status: 'open', gate: { because: 'the pull request #7 was merged' } };
    expect(putAt<Bead>(knock(waits, { pull: pull('merged') }, t0), waits)).toMatchObject(merged);
    const asked = { pull: pull('open'), pullNow: { number: 7, state: 'merged' } } as const;
    expect(putAt<Bead>(knock(waits, asked, t0), waits)).toMatchObject(merged);
    const vain = putAt<Bead>(knock(waits, { pull: pull('closed') }, t0), waits);
    expect(vain).toMatchObject({
      status: 'deferred',
      gate: { blocked: 'the pull request #7 was closed, and not merged' },
    });
    expect(decide({ ...vain, outcome: undefined as never }).go).toBe('gate');
  });

  test.each<[string, Awaited['pullNow']]>([
    ['lets nobody read', { unreadable: 'no' }],
    ['is behind', { number: 7, state: 'open' }],
    ['says that it was closed', { number: 7, state: 'closed' }],
  ])('goes on when it was told that it was merged, although its host %s', (_what, pullNow) => {
    expect(putAt<Bead>(knock(waits, { pull: pull('merged'), pullNow }, t0), waits)).toMatchObject({ status: 'open' });
    expect(putAt<Bead>(knock(waits, { pull: pull('open'), pullNow }, t0), waits)?.status).not.toBe('open');
  });

  test('goes by the newest of its branch, whether its host says so or the record', () => {
    const ofBranch = beadOf(1, { run: 1, ...atGate({ type: 'pr', pr: 'fix' }) });
    const seen = (told: number, state: PullRequestState['state'], now: number, stateNow: PullRequestState['state']) =>
      knock(
        ofBranch,
        {
          pull: pull('open', { told: { number: told, state, reportedAt: t0 } }),
          pullNow: { number: now, state: stateNow },
        },
        t0,
      );
    expect(seen(7, 'merged', 8, 'open')).toBeUndefined();
    expect(seen(8, 'open', 7, 'merged')).toBeUndefined();
    expect(putAt<Bead>(seen(7, 'closed', 8, 'merged'), ofBranch)).toMatchObject({ status: 'open' });
  });

  test('does not go on for another than that of its number', () => {
    const ofAnother = pull('merged', { told: { number: 13, state: 'merged', reportedAt: t0 } });
    expect(knock(waits, { pull: ofAnother }, t0)).toBeUndefined();
    const merged = knock(waits, { pull: ofAnother, pullNow: { number: 7, state: 'merged' } }, t0);
    expect(putAt<Bead>(merged, waits)?.gate?.because).toBe('the pull request #7 was merged');
  });

  test.each(['', ' ', 'two words', 'x'.repeat(251)])('asks a human at once for what none is called: "%s"', (pr) => {
    expect(beadIn(decide({ outcome: phase({ gate: 'pr', pr }) }))).toMatchObject({ status: 'escalated' });
  });
});

describe('what is told of a pull request', () => {
  const known = { number: 7, state: 'open', reportedAt: 100 } as const;
  test.each<[string, Parameters<typeof isNews>, boolean]>([
    ['anything, where nothing is known', [{ number: 1, state: 'open' }, 1, undefined], true],
    ['a later word', [{ number: 7, state: 'closed' }, 100, known], true],
    ['a word without a time', [{ number: 7, state: 'closed' }, undefined, known], true],
    ['the same again', [{ number: 7, state: 'open' }, 200, known], false],
    ['an earlier word', [{ number: 7, state: 'closed' }, 99, known], false],
    ['that what was merged is open', [{ number: 7, state: 'open' }, 200, { ...known, state: 'merged' }], false],
    ['of a newer one of the branch', [{ number: 8, state: 'open' }, 1, { ...known, state: 'merged' }], true],
    ['of an older one of the branch', [{ number: 6, state: 'merged' }, 200, known], false],
  ])('is news or not: %s', (_what, [told, at, before], news) => {
    expect(isNews(told, at, before)).toBe(news);
  });
});

test.each([
  ['7', '7'],
  [' #7 ', '7'],
  ['007', '7'],
  ['#007', '7'],
  ['0', '0'],
  ['7-fix', '7-fix'],
  ['#fix', '#fix'],
  ['00', '0'],
])('a pull request that people call %j is %j', (text, name) => {
  expect(pullRequestName(text)).toBe(name);
});

test('a report is filed under its number, and under its branch unless that is called like a number', () => {
  expect(namesOf(13, 'fix')).toEqual(['13', 'fix']);
  for (const branch of [undefined, '12', '13', '#12', '012', 'x'.repeat(251)])
    expect(namesOf(13, branch)).toEqual(['13']);
});

test('a bead that has ended tells those that wait for it, once', () => {
  const was = beadOf(2, { status: 'closed', closedReason: 'merged', awaitedBy: [idOf(1), idOf(3)] });
  const step = tellWaiting(was, t0);
  expect(step.effects).toEqual([
    { do: 'open_gate', bead: idOf(1) },
    { do: 'open_gate', bead: idOf(3) },
  ]);
  expect(putAt<Bead>(step, was)?.awaitedBy).toBeUndefined();
});

test('however many wait for it, what tells them is no more than a commit holds, and all are told', () => {
  const waiting = Array.from({ length: 130 }, (_, i) => idOf(i + 100));
  const ended = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((n) =>
    beadOf(n, { status: 'closed', closedReason: 'merged', awaitedBy: waiting }),
  );
  const { step } = tickConvoy(convoyOf(), ended, undefined, t0);
  expect(toCommit(step as Step, 'ID', t0).changes.length).toBeLessThanOrEqual(limits.changesPerCommitMax);
  let was = ended[0] as Item<Bead>;
  const told: unknown[] = [];
  for (; was.body.awaitedBy; was = itemOf(was, putAt<Bead>(tellWaiting(was, t0), was) as Bead))
    told.push(...(tellWaiting(was, t0).effects ?? []));
  expect(told).toEqual(waiting.map((bead) => ({ do: 'open_gate', bead })));
});
