/** Records as they are when new, for tests that care about a field or two. */
import type { Bead } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { beadId, keys } from '../../core/keys.ts';
import type { Item, Key } from '../../core/ports.ts';
import type { Step } from '../../core/step.ts';

export const t0 = Date.UTC(2026, 0, 1);
const convoyId = 'aaaaaa';
export const idOf = (n: number): string => beadId('gh', convoyId, n);

export const itemOf = <Body>(key: Key, body: Body, version = 1): Item<Body> => ({ ...key, version, commit: 'c', body });

export function beadOf(n: number, over: Partial<Bead> = {}): Item<Bead> {
  const id = idOf(n);
  const bead: Bead = {
    id,
    rig: 'greenhouse',
    convoy: convoyId,
    n,
    name: `bead-${n}`,
    title: `Bead ${n}`,
    type: 'task',
    priority: 2,
    labels: [],
    needs: [],
    runtime: 'shell',
    formula: 'polecat-work',
    budgetUsd: 0,
    costUsd: 0,
    status: 'open',
    blockedBy: over.needs ?? [],
    blockedForGood: false,
    attempt: 0,
    run: 0,
    target: 'main',
    failures: 0,
    respawns: 0,
    infraDeaths: 0,
    notes: [],
    createdAt: t0,
    spent: { agentMs: 0, gateMs: 0, backoffMs: 0 },
    ...over,
  };
  return itemOf(keys.bead(id), bead);
}

export function convoyOf(over: Partial<Convoy> = {}): Item<Convoy> {
  const convoy: Convoy = {
    id: convoyId,
    title: 'A convoy',
    rig: 'greenhouse',
    status: 'open',
    intent: '0'.repeat(64),
    plan: 'auto',
    submittedBy: 'overseer',
    progress: { total: 0, landed: 0, failed: 0, cancelled: 0, blocked: 0 },
    run: 1,
    createdAt: t0,
    launchedAt: t0,
    progressAt: t0,
    ...over,
  };
  return itemOf(keys.convoy(convoy.id), convoy);
}

/** The body that the step puts at this key, if it puts one. */
export function putAt<Body>(step: Step | undefined, key: Key): Body | undefined {
  for (const change of step?.changes ?? []) {
    if ('put' in change && change.put.pk === key.pk && change.put.sk === key.sk) return change.put.body as Body;
  }
  return undefined;
}

export const kindsOf = (step: Step | undefined): string[] => (step?.events ?? []).map((event) => event.kind);

/** Plays a step on records in memory: what a ledger would hold afterwards. */
export function applied<Body>(items: readonly Item<Body>[], step: Step): Item<Body>[] {
  return items.map((item) => {
    const body = putAt<Body>(step, item);
    return body === undefined ? item : { ...item, body, version: item.version + 1 };
  });
}
