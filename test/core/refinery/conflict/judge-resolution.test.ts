import { describe, expect, test } from '@jest/globals';
import type { ResolutionFacts } from '../../../../core/ports.ts';
import {
  acceptResolution,
  endOf,
  faultOf,
  refuseResolution,
} from '../../../../core/refinery/conflict/judge-resolution.ts';
import type { MergeRequest } from '../../../../core/refinery/records.ts';
import { beadOf, idOf, kindsOf, putAt, t0 } from '../../fixtures.ts';
import { base, clean, head, requestOf, resolved, viewOf } from './fixtures.ts';

const spot = { path: 'a.txt', line: 3, text: 'x' };

describe('a resolution', () => {
  test('that git bears out is accepted', () => {
    expect(faultOf(clean, 'main')).toBeUndefined();
  });

  test.each<[string, Partial<ResolutionFacts>, string]>([
    ['without the target in it', { containsBase: false }, 'does not contain main'],
    ['without the change in it', { containsHead: false }, 'does not contain the change'],
    ['with conflict markers', { markers: [spot] }, 'conflict markers are left in a.txt:3'],
    ['that deletes a test file', { deletedTests: [{ path: 'a.test.ts' }] }, 'tests are deleted: a.test.ts'],
    ['that deletes a test', { deletedTests: [{ path: 'a.test.ts', test: 'adds' }] }, 'a.test.ts "adds"'],
    ['that skips a test', { skippedTests: [spot] }, 'tests are skipped: a.txt:3'],
    ['that changes another file', { strayPaths: ['z.ts'] }, 'files outside of the conflict are changed: z.ts'],
    ['that changes another hunk', { strayHunks: [spot] }, 'hunks outside of the conflict are changed: a.txt:3'],
    ['too large to be looked through', { more: true }, 'not trusted'],
  ])('%s is refused, by name', (_what, over, fault) => {
    expect(faultOf({ ...clean, ...over }, 'main')).toContain(fault);
  });

  test('with several faults hears of all of them, and of the first few of each', () => {
    const many = Array.from({ length: 50 }, (_, i) => ({ ...spot, line: i }));
    const fault = faultOf({ ...clean, markers: many, strayPaths: ['z.ts'] }, 'main');
    expect(fault).toBe(
      'conflict markers are left in a.txt:0, a.txt:1, a.txt:2, a.txt:3, a.txt:4 and 45 more; files outside of the conflict are changed: z.ts',
    );
  });
});

const resolver = beadOf(5, {
  status: 'closed',
  closedReason: 'resolved',
  resolves: { bead: idOf(1), attempt: 1, mergeRequest: 'SEQ', head, base, against: [] },
});
const resolving = requestOf({
  state: 'resolving',
  touched: { paths: ['a.txt'], more: false },
  after: ['X'],
  resolver: { bead: resolver.body.id, tries: 1, faults: [] },
});

test('an accepted resolution takes the place of the old head in line: same number, same retries, nothing else kept of it', () => {
  const { step } = acceptResolution(
    viewOf(resolving),
    resolving,
    { resolver: resolver.body, head: resolved, branch: 'polecat/Dag/x@1' },
    t0,
  );
  const next = putAt<MergeRequest>(step, resolving);
  expect(next).toMatchObject({
    state: 'queued',
    seq: 'SEQ',
    retries: 2,
    submittedAt: t0,
    attempt: 1,
    head: resolved,
    branch: 'polecat/Dag/x@1',
  });
  for (const field of ['conflict', 'touched', 'after'] as const) expect(next?.[field]).toBeUndefined();
  expect(kindsOf(step)).toEqual(['mr.resolved']);
});

test('a refused one leaves the change in conflict, with the fault for whoever is next', () => {
  const { step } = refuseResolution(viewOf(resolving), resolving, `tests are deleted ${'x'.repeat(5000)}`, t0);
  const next = putAt<MergeRequest>(step, resolving);
  expect(next).toMatchObject({ state: 'conflict', head, conflict: { base } });
  expect(next?.resolver?.faults).toEqual([expect.stringMatching(/^tests are deleted x{382}$/)]);
});

test.each([
  [
    'failed',
    {
      status: 'failed',
      notes: [{ attempt: 1, polecat: 'Dag', cause: 'agent_failed', detail: 'status 1\nlong output' }],
    },
    'agent_failed: status 1',
  ],
  ['cancelled by a human', { status: 'cancelled' }, 'it was cancelled'],
  ['closed by a human', { status: 'closed', closedReason: 'superseded' }, 'it was superseded'],
] as const)('a resolver that was %s says so', (_what, over, said) => {
  expect(endOf({ ...resolver.body, ...over })).toBe(said);
});
