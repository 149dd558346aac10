import { keys } from '../../../../core/keys.ts';
import type { Item, ResolutionFacts } from '../../../../core/ports.ts';
import type { Conflicting } from '../../../../core/refinery/conflict/resolver.ts';
import { policyOf } from '../../../../core/refinery/policy.ts';
import type { MergeRequest } from '../../../../core/refinery/records.ts';
import { indexed, type QueueView } from '../../../../core/refinery/view.ts';
import { configOf } from '../../../../core/rigs/config.ts';
import { idOf, itemOf, t0 } from '../../fixtures.ts';

export const head = 'a'.repeat(40);
export const base = 'b'.repeat(40);
export const resolved = 'c'.repeat(40);

export const requestOf = (over: Partial<MergeRequest> = {}): Item<MergeRequest> =>
  itemOf(keys.mergeRequest('greenhouse', 'main', 'SEQ'), {
    seq: 'SEQ',
    bead: idOf(1),
    attempt: 1,
    convoy: 'aaaaaa',
    title: 'Bead 1',
    polecat: 'Nux',
    priority: 2,
    convoyCreatedAt: t0,
    branch: `polecat/Nux/${idOf(1)}@1`,
    head,
    state: 'conflict',
    because: 'conflicts with main in a.txt',
    retries: 2,
    submittedAt: t0,
    conflict: { base, paths: ['a.txt'] },
    ...over,
  });

export const viewOf = (...requests: readonly Item<MergeRequest>[]): QueueView => ({
  rig: 'greenhouse',
  target: 'main',
  remote: { rig: 'greenhouse', url: '/nowhere' },
  policy: policyOf(configOf({ settings: {} })),
  meta: undefined,
  ...indexed(requests),
  candidates: [],
  landings: [],
  toClose: [],
});

export const report: Conflicting = {
  found: 'conflict',
  mergeBase: 'd'.repeat(40),
  paths: ['a.txt', 'b.txt'],
  baseDiff: '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n-one\n+uno\n+dos\n',
  headDiff: '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+eins\n',
  cut: false,
};

export const clean: ResolutionFacts = {
  containsBase: true,
  containsHead: true,
  conflicted: ['a.txt'],
  strayPaths: [],
  strayHunks: [],
  deletedTests: [],
  skippedTests: [],
  markers: [],
  more: false,
};
