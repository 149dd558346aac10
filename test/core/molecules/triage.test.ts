import { describe, expect, test } from '@jest/globals';
import type { Bead, FailureCause } from '../../../core/convoys/bead.ts';
import { settleBead } from '../../../core/convoys/settle.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { next } from '../../../core/molecules/next.ts';
import { mayBeTriaged, withCase } from '../../../core/molecules/triage.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { beadOf, idOf, itemOf, kindsOf, putAt, t0 } from '../fixtures.ts';

const prompts = { 'agent.command': 'agent {prompt}', 'retry.same_agent': 0, 'retry.fresh': 0 };
const settingsOf = (settings: Rig['settings']) => configOf({ settings: { ...prompts, ...settings } });
const runtime = { runtime: 'command' };
const isTriaged = (over: Partial<Bead>, cause: FailureCause = 'agent_failed', settings: Rig['settings'] = {}) =>
  mayBeTriaged(beadOf(1, { ...runtime, ...over }).body, cause, settingsOf(settings));
const resolves = { bead: idOf(2), attempt: 1, mergeRequest: 'S', head: 'c', base: 'd', against: [] };

describe('what comes before the Mayor', () => {
  test('a bead whose agent works from a prompt', () => {
    expect(isTriaged({})).toBe(true);
    expect(isTriaged({ runtime: 'claude:opus' }, 'gate_failed')).toBe(true);
    expect(isTriaged({ budgetUsd: 5, costUsd: 4 }, 'conflict')).toBe(true);
  });

  test.each<[string, Partial<Bead>, FailureCause, Rig['settings']]>([
    ['a bead that a script does', { runtime: 'shell' }, 'agent_failed', {}],
    ['a bead of a command that runs scripts', {}, 'agent_failed', { 'agent.command': 'sh {script}' }],
    ['one whose money is gone', {}, 'budget', {}],
    ['one without room in its budget', { budgetUsd: 5, costUsd: 5 }, 'agent_failed', {}],
    ['one whose hosts die', {}, 'infrastructure', {}],
    ['one that resolves a conflict', { resolves }, 'agent_failed', {}],
    ['one that lands its convoy', { landsConvoy: true }, 'gate_failed', {}],
    ['one that came before him often enough', { triage: { count: limits.triagesMax, decisions: [] } }, 'lost', {}],
  ])('not %s', (_what, over, cause, settings) => {
    expect(isTriaged(over, cause, settings)).toBe(false);
  });
});

describe('the end of the ladder', () => {
  const outcome = { kind: 'failed', cause: 'gate_failed', detail: 'npm test' } as const;
  const ended = (triages: boolean) => {
    const bead = beadOf(1, { ...runtime, run: 1, attempt: 3, status: 'submitted', head: 'a', outcome });
    const seen = { bead, convoyCreatedAt: t0, config: settingsOf({}), breaker: undefined, escalation: undefined };
    return next({ ...seen, triages }, 1, 'SEQ', t0);
  };

  test('opens a case in the bead’s own record, and tells no human yet', () => {
    const decided = ended(true);
    expect([decided.go, kindsOf(decided.step)]).toEqual(['triage', ['bead.triaging']]);
    expect(putAt<Bead>(decided.step, keys.bead(idOf(1)))).toMatchObject({
      status: 'open',
      triage: {
        count: 1,
        open: { since: t0, rounds: 0, misses: 0, because: expect.stringContaining('1 attempt failed') },
      },
      notes: [{ attempt: 3, cause: 'gate_failed' }],
    });
    expect(putAt(decided.step, keys.breaker())).toMatchObject({ failures: [t0] });
  });

  test('is a human, where nobody triages', () => {
    expect([ended(false).go, kindsOf(ended(false).step)]).toEqual(['given_up', ['bead.failed', 'escalation.opened']]);
  });
});

describe('a rejection that was the target’s own fault', () => {
  const note = { attempt: 3, polecat: 'Nux', cause: 'gate_failed', detail: 'npm test', head: 'h' } as const;
  const rejected = beadOf(1, { ...runtime, run: 1, attempt: 3, failures: 1, notes: [note] }).body;
  const absolve = (bead: Bead) => {
    const was = itemOf(keys.bead(bead.id), bead);
    const outcome = { kind: 'failed', cause: 'red_main', detail: 'main is red' } as const;
    const shared = { capacity: undefined, budget: undefined };
    const step = settleBead(was, { attempt: 3, outcome }, shared as never, t0);
    return step && putAt<Bead>(step, was);
  };

  test('closes the case that came of it, and gives it back', () => {
    const restored = absolve(withCase(rejected, 'its gate failed', t0));
    expect(restored).toMatchObject({ status: 'open', failures: 0, head: 'h', triage: { count: 0 } });
    expect(restored?.triage?.open).toBeUndefined();
  });

  test('is not heard by a bead that asks for something else since', () => {
    const made = { verdict: 'rewrite', attempt: 3, at: t0 + 1, why: 'x', hash: 'h', record: 'r' } as const;
    expect(absolve({ ...rejected, triage: { count: 1, decisions: [made] } })).toBeUndefined();
    // A decision about the bead that it was split off from is none about this one.
    expect(absolve({ ...rejected, triage: { count: 1, decisions: [{ ...made, at: t0 }] } })).toMatchObject({
      head: 'h',
    });
  });
});
