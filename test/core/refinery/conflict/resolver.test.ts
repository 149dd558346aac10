import { describe, expect, test } from '@jest/globals';
import type { Bead, BeadSpec } from '../../../../core/convoys/bead.ts';
import { beadId, groups, keys } from '../../../../core/keys.ts';
import { limits } from '../../../../core/limits.ts';
import {
  type Ask,
  askResolver,
  backInLine,
  sendBack,
  waitsFor,
  whyUnresolvable,
} from '../../../../core/refinery/conflict/resolver.ts';
import type { MergeRequest } from '../../../../core/refinery/records.ts';
import { configOf } from '../../../../core/rigs/config.ts';
import { beadOf, convoyOf, idOf, putAt, t0 } from '../../fixtures.ts';
import { base, head, report, requestOf, viewOf } from './fixtures.ts';

const author = beadOf(1, {
  status: 'submitted',
  attempt: 1,
  run: 1,
  mergeRequest: 'SEQ',
  head,
  budgetUsd: 3,
  readyAt: t0 - 5,
  priority: 1,
});
const ask: Ask = { author, convoy: convoyOf(), last: 4, base, report, against: [idOf(2)] };
const agent = configOf({ settings: { 'agent.command': 'agent -p {prompt}' } });
const id = beadId('gh', 'aaaaaa', 5);

describe('a resolver', () => {
  const request = requestOf();
  const { step } = askResolver(viewOf(request), request, ask, t0);

  test('is the next bead of its author’s convoy, with its place in line, its priority and its budget', () => {
    expect(putAt<Bead>(step, keys.bead(id))).toMatchObject({
      id,
      type: 'conflict',
      convoy: 'aaaaaa',
      n: 5,
      status: 'open',
      needs: [],
      target: 'main',
      runtime: 'command',
      title: 'Resolve conflict: Bead 1',
      priority: 1,
      budgetUsd: 3,
      readyAt: t0 - 5,
      resolves: { bead: idOf(1), attempt: 1, mergeRequest: 'SEQ', head, base, against: [idOf(2)] },
    });
    expect(step.effects).toEqual([{ do: 'wake', queue: 'ticks', group: groups.convoy('aaaaaa') }]);
  });

  test('is remembered by the request that waits for it, in the same commit', () => {
    expect(putAt<MergeRequest>(step, request)).toMatchObject({
      state: 'resolving',
      resolver: { bead: id, tries: 1, faults: [] },
      conflict: { base, paths: report.paths },
      because: expect.stringContaining(`${id} resolves its conflict with main in a.txt, b.txt (try 1 of 2)`),
    });
  });

  test('is not made if its author or its convoy is cancelled in that very moment', () => {
    for (const item of [author, convoyOf()])
      expect(step.changes).toContainEqual({ check: { pk: item.pk, sk: item.sk }, expect: { version: item.version } });
  });

  test('hears why the one before it was refused', () => {
    const second = requestOf({ resolver: { bead: id, tries: 1, faults: ['tests are deleted: a.test.ts'] } });
    const again = askResolver(viewOf(second), second, { ...ask, last: 5 }, t0).step;
    expect(putAt<BeadSpec>(again, keys.beadSpec(beadId('gh', 'aaaaaa', 6)))?.instructions).toContain(
      'tests are deleted: a.test.ts',
    );
    expect(putAt<MergeRequest>(again, second)?.resolver?.tries).toBe(2);
  });

  test('fits its transaction and its items with the longest title, diffs and paths', () => {
    const long = '`\u0001é'.repeat(20_000);
    const huge = {
      ...report,
      paths: Array.from({ length: 5000 }, (_, i) => `src/${i}/${'x'.repeat(100)}`),
      baseDiff: long,
      headDiff: long,
    };
    const { step: large } = askResolver(
      viewOf(request),
      request,
      { ...ask, author: beadOf(1, { title: 't'.repeat(200) }), report: huge },
      t0,
    );
    const spec = putAt<BeadSpec>(large, keys.beadSpec(id));
    expect(Buffer.byteLength(JSON.stringify(spec))).toBeLessThan(limits.itemBytesMax);
    expect(putAt<Bead>(large, keys.bead(id))?.title.length).toBe(limits.titleCharsMax);
    expect(Buffer.byteLength(JSON.stringify(putAt<MergeRequest>(large, request)))).toBeLessThan(40_000);
  });
});

describe('no resolver is asked', () => {
  test('after two that failed; the reason holds both', () => {
    const faults = ['it left markers', 'agent_failed: status 1'];
    const why = whyUnresolvable(requestOf({ resolver: { bead: id, tries: 2, faults } }).body, agent);
    expect(why).toBe('2 resolvers were not enough: (1) it left markers (2) agent_failed: status 1');
    expect(whyUnresolvable(requestOf({ resolver: { bead: id, tries: 1, faults: ['x'] } }).body, agent)).toBeUndefined();
    const held = requestOf({ resolver: { bead: id, tries: 2, faults: [] } });
    expect(whyUnresolvable(held.body, agent)).toContain('what landed after them conflicts again');
  });

  test('where the rig has no agent but the scripts of its beads', () => {
    expect(whyUnresolvable(requestOf().body, configOf({ settings: {} }))).toContain('no agent of this rig');
  });
});

test('an author hears what both sides did and what was tried, in a few lines, and starts over', () => {
  const request = requestOf();
  const { step } = sendBack(viewOf(request), request, report, '2 resolvers failed: (1) x (2) y', t0);
  const detail =
    'conflicts with main in a.txt, b.txt; 2 resolvers failed: (1) x (2) y. It had changed a.txt (+1 −1); main has a.txt (+2 −1)';
  expect(step.effects).toEqual([
    { do: 'settle_bead', bead: idOf(1), attempt: 1, outcome: { kind: 'failed', cause: 'conflict', detail } },
  ]);
  expect(putAt<MergeRequest>(step, keys.endedMergeRequest('greenhouse', 'main', 'SEQ'))?.state).toBe('rejected');
  const long = sendBack(viewOf(request), request, report, 'x'.repeat(5000), t0).step.effects?.[0];
  expect(JSON.stringify(long).length).toBeLessThan(limits.returnDetailCharsMax + 200);
});

test('a conflict that has gone puts the change back in line as it is, and its tries are not forgotten', () => {
  const request = requestOf({ resolver: { bead: id, tries: 1, faults: ['x'] } });
  const next = putAt<MergeRequest>(backInLine(viewOf(request), request, 'fits now', t0).step, request);
  expect(next).toMatchObject({ state: 'queued', head, retries: 2, resolver: { tries: 1 } });
  expect(next?.conflict).toBeUndefined();
});

test.each<[string, Partial<Bead>, boolean]>([
  ['as it was submitted', {}, true],
  ['in another attempt', { attempt: 2 }, false],
  ['cancelled', { status: 'cancelled' }, false],
  ['sent round again', { status: 'open' }, false],
])('a bead %s: does its request still count?', (_what, over, counts) => {
  expect(waitsFor({ ...author.body, ...over }, requestOf().body)).toBe(counts);
});
