/** What a queue at its worst writes: an item or a transaction that the ledger refuses would stop it for good. */
import { describe, expect, test } from '@jest/globals';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { fileAll, leaveOut, startCandidate, withdrawStale } from '../../../core/refinery/candidates.ts';
import { landed } from '../../../core/refinery/landing.ts';
import { type Looked, recorded, recordLooks } from '../../../core/refinery/look.ts';
import { type Facts, planQueue } from '../../../core/refinery/plan.ts';
import { type Board, emptyBoard, started, unbuilt } from '../../../core/refinery/planner/board.ts';
import { freshEstimates } from '../../../core/refinery/planner/estimate.ts';
import { decide } from '../../../core/refinery/planner/next.ts';
import { policyOf } from '../../../core/refinery/policy.ts';
import type { Candidate, Landing, MergeRequest, Queue } from '../../../core/refinery/records.ts';
import type { QueueView, Turn } from '../../../core/refinery/view.ts';
import { configOf } from '../../../core/rigs/config.ts';
import { toCommit } from '../../../core/step.ts';
import { idOf, itemOf, t0 } from '../fixtures.ts';
import { requestOf, viewOf } from './conflict/fixtures.ts';

const oid = (n: number): string => String(n).padStart(40, '0');
const seqOf = (n: number): string => `01M83V5BA3M1XF3J${String(n).padStart(10, '0')}`;
const now = t0 + 1000;

/** Requests of a rig whose every change has a pull request, which its end has to close. */
const requests = (count: number, more: Partial<MergeRequest> = {}) =>
  Array.from({ length: count }, (_, n) => {
    const seq = seqOf(n);
    const bead = idOf(n + 1);
    const review = { number: n, url: 'https://example.org/1', approved: true };
    const { conflict, ...body } = requestOf({ seq, bead, head: oid(n), state: 'queued', review, ...more }).body;
    return itemOf(keys.mergeRequest('greenhouse', 'main', seq), body);
  });

const queue: Queue = {
  rig: 'greenhouse',
  target: 'main',
  epoch: 0,
  foreignPushes: 0,
  progressAt: t0,
  landedCount: 0,
  runsCount: 0,
};
const withQueue = (view: QueueView, more: Partial<Queue> = {}): QueueView => ({
  ...view,
  meta: itemOf(keys.queue('greenhouse', 'main'), { ...queue, ...more }),
});

const candidate: Candidate = {
  id: 'C',
  base: oid(0),
  strategy: 'squash',
  members: [],
  ref: 'refs/gastown/greenhouse/C',
  state: 'planned',
  because: '',
  gateRun: 0,
  infraFailures: 0,
  gateMs: 0,
  createdAt: t0,
};
const itemsOf = ({ step }: Turn): number => toCommit(step, 'ID', now).changes.length;
const bytesOf = (body: unknown): number => Buffer.byteLength(JSON.stringify(body));
const facts: Facts = { stopped: false, tasks: new Map(), asked: new Set() };

describe('a transaction of the Refinery has room for', () => {
  test('a cancelled convoy of five hundred changes', () => {
    const view = withQueue(viewOf(...requests(500, { state: 'withdrawn' })));
    const move = planQueue(view, facts, now);
    if (move.do !== 'file') throw new Error(move.do);
    expect(itemsOf(fileAll(view, move.requests, now))).toBeLessThanOrEqual(limits.changesPerCommitMax);
    const turn = withdrawStale(view, requests(500), now);
    expect(itemsOf(turn)).toBeLessThanOrEqual(limits.changesPerCommitMax);
  });

  test('a landing of five hundred changes, and every alarm that it ends', () => {
    const members = requests(500);
    const landing: Landing = {
      epoch: 1,
      from: oid(0),
      to: oid(500),
      candidate: 'C',
      members: members.map(({ body }, n) => ({ seq: body.seq, bead: body.bead, attempt: 1, commit: oid(n + 1) })),
      state: 'open',
      because: '',
      tries: 1,
      pushDeadline: t0,
      openedAt: t0,
    };
    const was = itemOf(keys.landing('greenhouse', 'main', 1), landing);
    const view: QueueView = {
      ...withQueue(viewOf(...members), { openLanding: 1, epoch: 1 }),
      landings: [was],
      candidates: [itemOf(keys.candidate('greenhouse', 'main', 'C'), { ...candidate, state: 'passed' as const })],
    };
    const turn = landed(view, was, oid(500), now);
    expect(itemsOf(turn) + 2 * (turn.over?.length ?? 0)).toBeLessThanOrEqual(limits.changesPerCommitMax);
  });

  test('a chain none of which can be built', () => {
    const members = requests(64);
    const view = withQueue(viewOf(...members));
    const was = itemOf(keys.candidate('greenhouse', 'main', 'C'), {
      ...candidate,
      members: members.map(({ body: { seq, bead, head } }) => ({ seq, bead, head })),
    });
    const all = members.map(({ body }) => ({ seq: body.seq, why: { fault: 'branch_gone' } as const }));
    expect(itemsOf(leaveOut(view, was, all, now))).toBeLessThanOrEqual(limits.changesPerCommitMax);
  });

  test('a look at changes all of which contain one that did not land', () => {
    const looks = requests(limits.requestsPerStepMax).map(
      (request): Looked => ({ request, touched: { paths: [], more: false }, after: [], lost: [idOf(99)] }),
    );
    expect(itemsOf(recordLooks(withQueue(viewOf()), looks, now))).toBeLessThanOrEqual(limits.changesPerCommitMax);
  });
});

describe('an item of the Refinery has room for', () => {
  test('what a change touches, however long its names: what does not fit makes it travel alone', () => {
    const paths = Array.from({ length: limits.changedPathsMax }, (_, n) => `${'d/'.repeat(2000)}${n}`);
    const touched = recorded({ paths, more: false });
    expect(bytesOf(touched)).toBeLessThan(2 * limits.touchedPathsBytesMax);
    expect(touched.more).toBe(true);
    expect(recorded({ paths: ['a', 'b'], more: false })).toEqual({ paths: ['a', 'b'], more: false });
  });

  test('a thousand changes that wait behind all that has joined', () => {
    const content = Array.from({ length: 576 }, (_, n) => seqOf(n));
    let board: Board = { ...emptyBoard, joined: content.slice(0, 512) };
    board = started(board, '1', content.slice(512));
    for (let n = 1000; n < 2000; n += 1) board = unbuilt(board, [...content, seqOf(n)], seqOf(n));
    expect(bytesOf(board)).toBeLessThan(limits.itemBytesMax);
    expect(board.held).toHaveLength(1000);
  });

  test('a run on top of more than may land at once', () => {
    const all = requests(2560);
    const ids = all.map(({ body }) => body.seq);
    const board: Board = {
      ...emptyBoard,
      joined: ids.slice(0, 2496),
      chains: [
        {
          id: '1',
          members: ids.slice(2496),
          failures: [{ at: 64, times: 1, onJoined: 0, below: oid(1), onMain: false }],
        },
      ],
      nextChain: 2,
    };
    const decision = decide({
      board,
      waiting: [],
      changeOf: (id) => ({ id, risk: 0.01 }),
      runs: [],
      checkingMain: false,
      slots: 32,
      batchMax: limits.chainChangesMax,
      landMax: limits.landedAtOnceMax,
      estimates: freshEstimates,
    });
    if (decision.do !== 'test') throw new Error(decision.do);
    const turn = startCandidate(withQueue(viewOf(...all), { board }), 'C', { decision, base: oid(0), checks: [] }, now);
    for (const change of turn.step.changes)
      if ('put' in change) expect(bytesOf(change.put.body)).toBeLessThan(limits.itemBytesMax);
  });
});

test('of several changes that a human must let go each has an alarm of its own', () => {
  const policy = policyOf(configOf({ settings: { 'refinery.ci_changes': 'human' } }));
  const looks = requests(3).map(
    (request): Looked => ({ request, touched: { paths: ['Jenkinsfile'], more: false }, after: [], lost: [] }),
  );
  const turn = recordLooks({ ...withQueue(viewOf()), policy }, looks, now);
  const held = turn.step.changes.filter(
    (change) => 'put' in change && JSON.stringify(change.put.body).includes('"held":true'),
  );
  expect(held).toHaveLength(turn.alarms?.length ?? 0);
  expect(held).toHaveLength(1);
});
