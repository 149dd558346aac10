import { describe, expect, test } from '@jest/globals';
import { type Bead, type BeadStatus, beadStatuses } from '../../../core/convoys/bead.ts';
import { type Convoy, convoyStatuses } from '../../../core/convoys/convoy.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { whyBead, whyConvoy, whyPolecat } from '../../../core/feed/why.ts';
import { beadOf } from '../fixtures.ts';

const convoy: Convoy = {
  id: '000000',
  title: 'Greet',
  rig: 'green',
  status: 'open',
  intent: '',
  run: 1,
  plan: 'auto',
  submittedBy: 'ada',
  progress: { total: 2, landed: 1, failed: 0, cancelled: 0, blocked: 0 },
  createdAt: 1,
  progressAt: 2,
};
const bead = (over: Partial<Bead> = {}): Bead =>
  beadOf(1, {
    id: 'gr-000000-1',
    rig: 'green',
    convoy: '000000',
    name: 'greet',
    title: 'Add a greeting',
    run: 1,
    createdAt: 1,
    blockedBy: [],
    ...over,
  }).body;
const because = (over: Partial<Bead>, about: Partial<Convoy> = {}, needs: Bead[] = []) =>
  whyBead({ bead: bead(over), convoy: { ...convoy, ...about }, needs })[0]?.because;

describe('why', () => {
  test.each(beadStatuses.map((status) => [status]))(
    'a bead that is %s has a reason, and says since when',
    (status: BeadStatus) => {
      const [own] = whyBead({ bead: bead({ status }), convoy, needs: [] });
      expect(own?.because.length).toBeGreaterThan(10);
      expect(own?.since).toBeGreaterThan(0);
    },
  );

  test.each(convoyStatuses.map((status) => [status]))('a convoy that is %s has a reason', (status) => {
    const [own] = whyConvoy({ ...convoy, status }, [], undefined);
    expect(own?.because.length).toBeGreaterThan(5);
    expect(own?.status).toBe(status);
  });

  test('an open bead says what exactly it waits for', () => {
    const need = bead({ id: 'gr-000000-2', name: 'cli' });
    expect(because({ needs: [need.id], blockedBy: [need.id] }, {}, [need])).toBe('It starts when cli has landed.');
    expect(because({ inLine: 5 })).toContain('stands in line');
    expect(because({ restUntil: 0 })).toContain('rests until 1970-01-01T00:00:00Z');
    expect(because({ blockedForGood: true })).toContain('failed or was cancelled');
    expect(because({}, { status: 'staged' })).toContain('waits for approval');
    expect(because({}, { status: 'planning' })).toContain('being planned');
  });

  test('a failed bead shows each attempt with its evidence, and how to go on', () => {
    const note = {
      attempt: 1,
      polecat: 'Toast',
      cause: 'agent_failed',
      detail: 'exit status 1',
      evidence: 'e'.repeat(64),
    } as const;
    const reasons = whyBead({ bead: bead({ status: 'failed', attempt: 1, notes: [note] }), convoy, needs: [] });
    expect(reasons[0]).toMatchObject({ todo: 'gt sling gr-000000-1', evidence: note.evidence });
    expect(reasons[1]).toMatchObject({ about: 'attempt 1', because: 'Toast: exit status 1', evidence: note.evidence });
  });

  test('a bead that asks says what, and the command that answers it; one whose question was closed is slung', () => {
    const escalation: Escalation = {
      id: 'esc-0123456789ab',
      cause: 'bead/gr-000000-1',
      severity: 'high',
      status: 'open',
      title: 'gr-000000-1 asks: is this worth another attempt?',
      body: '',
      openedAt: 1,
      times: 1,
      raises: 0,
    };
    const own = (over: Partial<Bead>, about: Partial<Escalation>) =>
      whyBead({
        bead: bead({ status: 'escalated', ...over }),
        convoy,
        needs: [],
        escalation: { ...escalation, ...about },
      })[0];
    const outcome = { kind: 'escalated', question: 'Which colour?', severity: 'high' } as const;
    expect(own({ outcome }, { status: 'acknowledged' })).toMatchObject({
      because: 'It waits for a human: Which colour?',
      todo: 'gt escalations answer esc-0123456789ab "…"',
    });
    expect(own({}, {})?.because).toContain('is this worth another attempt?');
    expect(own({ outcome }, { status: 'closed' })?.todo).toBe('gt sling gr-000000-1');
  });

  test('a stalled convoy is told to retry only when a bead of it failed', () => {
    const stalled: Convoy = { ...convoy, status: 'stalled' };
    const todo = (about: Partial<Convoy>, ...beads: Bead[]) =>
      whyConvoy({ ...stalled, ...about }, beads, undefined)[0]?.todo;
    expect(todo({}, bead({ status: 'failed' }))).toBe('gt convoy retry 000000');
    expect(todo({}, bead({ status: 'escalated' }))).toBe('gt why gr-000000-1');
    expect(todo({}, bead({ status: 'cancelled' }))).toBe('gt convoy cancel 000000');
    expect(todo({ faults: [{ code: 'PLAN_CYCLE', what: 'A cycle.', remedy: 'Break it.' }] })).toBe(
      'gt convoy show 000000',
    );
  });

  test('a landed bead names its commit', () => {
    expect(because({ status: 'closed', closedReason: 'merged', commit: 'abcdef0123456789' })).toContain('abcdef0123');
  });

  test('a polecat’s old heartbeat, from a bead before, is not taken for news', () => {
    const polecat = {
      name: 'Toast',
      rig: 'green',
      bead: 'gr-000000-1',
      attempt: 2,
      branch: '',
      tokenHash: '',
      hookedAt: 1,
      nudges: 0,
    };
    const beat = {
      bead: 'gr-000000-1',
      attempt: 1,
      at: 9,
      state: 'working',
      step: 'x',
      costUsd: 0,
      activeAt: 9,
      tail: '',
      logChunks: [],
    };
    expect(whyPolecat(polecat, { outputBytes: 0, ...beat } as never).status).toBe('starting');
    expect(whyPolecat(polecat, { outputBytes: 0, ...beat, attempt: 2 } as never).status).toBe('working');
  });
});
