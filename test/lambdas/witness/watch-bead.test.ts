import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Effect, EffectRecord } from '../../../core/effects.ts';
import { escalationKeyOf } from '../../../core/escalations/open.ts';
import { groups, kindOf } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { ExecutionStatus, Item } from '../../../core/ports.ts';
import { create, recordOf } from '../../../core/step.ts';
import { executionCause, watchBead } from '../../../lambdas/witness/watch-bead.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf } from '../../core/fixtures.ts';

interface Looked {
  readonly effects: readonly Effect[];
  readonly run: number;
  readonly alarm: boolean;
}

/** What a look at the bead brings about, while its execution is in this state. */
async function lookAt(
  over: Partial<Bead>,
  execution: ExecutionStatus,
  attentionAt: number = realClock.now() - 1,
): Promise<Looked> {
  const ledger = await openLedger({ clock: realClock });
  const bead = beadOf(1, { run: 1, ...over });
  await ledger.commit({ id: 'before', changes: [create(bead, bead.body, { attentionAt })] });
  const effects: Effect[] = [];
  ledger.onCommitted((put) => {
    const written = put.filter((one) => kindOf(one) === 'effect') as unknown as Item<EffectRecord>[];
    effects.push(...written.map((item) => item.body.effect));
  });
  const workflows = { describe: async () => execution } as unknown as Parameters<typeof watchBead>[0]['workflows'];
  await watchBead({ ledger, workflows, clock: realClock, ids: realIds(realClock) }, bead);
  const after = recordOf<Bead>(await ledger.get(bead));
  const alarm = await ledger.get(escalationKeyOf(executionCause));
  await ledger.close();
  return { effects, run: after?.body.run ?? 0, alarm: alarm !== undefined };
}

const wakesAt = async (over: Partial<Bead>, execution: ExecutionStatus): Promise<string[]> =>
  (await lookAt(over, execution)).effects.flatMap((effect) => (effect.do === 'wake' ? [effect.group] : []));

test.each(['running', 'absent'] as const)(
  'a bead that waits in line wakes whoever serves it, because its first wake may be lost (execution %s)',
  async (execution) => {
    expect(await wakesAt({ status: 'submitted' }, execution)).toEqual([groups.refinery('greenhouse', 'main')]);
    expect(await wakesAt({ inLine: 1 }, execution)).toEqual([groups.scheduler('greenhouse')]);
    expect(await wakesAt({ status: 'in_progress' }, execution)).toEqual([]);
  },
);

test('a bead that waits for a pull request has its host asked again, one that has asked a human not', async () => {
  const gate = { type: 'pr', pr: '7', note: '', since: 1 } as const;
  const restUntil = realClock.now() + limits.gateWaitDefaultMs;
  const ask = { do: 'open_gate', bead: beadOf(1).body.id };
  expect((await lookAt({ status: 'deferred', restUntil, gate }, 'running')).effects).toEqual([ask]);
  expect((await lookAt({ status: 'escalated', gate }, 'running')).effects).toEqual([]);
  const opened = { ...gate, openedAt: 2 };
  expect((await lookAt({ status: 'deferred', restUntil, gate: opened }, 'running')).effects).toEqual([]);
});

describe('an execution that still runs but was not reached', () => {
  const start = { do: 'start_molecule', bead: beadOf(1).body.id, run: 2 };
  const longAgo = realClock.now() - 2 * limits.moleculeCheckMs;

  test.each<[string, Partial<Bead>]>([
    ['its sling ended in the dead-letter queue', { admittedAt: longAgo }],
    [
      'the token of its attempt was stale',
      { status: 'in_progress', attempt: 1, outcome: { kind: 'no_change', note: '' } },
    ],
    ['the token of its gate was stale when the answer came', { wait: { for: 'gate', token: 'old', run: 1 } }],
    ['the timer of its rest never rang', { restUntil: longAgo, wait: { for: 'rest', token: 'old', run: 1 } }],
  ])('is replaced by the next run: %s', async (_, over) => {
    const { run, effects } = await lookAt(over, 'running');
    expect(run).toBe(2);
    expect(effects).toContainEqual(start);
  });

  test('is only told again that its rest is over, while the rest has just ended', async () => {
    const restUntil = realClock.now() - limits.restOverdueMs;
    const { run, effects } = await lookAt({ restUntil, wait: { for: 'rest', token: 'tok', run: 1 } }, 'running');
    expect(run).toBe(1);
    expect(effects).toEqual([{ do: 'succeed_task', token: 'tok' }]);
  });

  test.each<[string, Partial<Bead>]>([
    ['for a slot', { inLine: 1 }],
    ['for its polecat', { status: 'in_progress', attempt: 1, admittedAt: longAgo }],
    ['for the Refinery', { status: 'submitted', attempt: 1 }],
    ['for a human', { status: 'escalated', attempt: 1 }],
  ])('is left alone where it rightly waits %s', async (_, over) => {
    expect((await lookAt(over, 'running')).run).toBe(1);
  });

  test('is left alone when the index was stale and the bead has moved meanwhile', async () => {
    const later = realClock.now() + limits.moleculeCheckMs;
    expect((await lookAt({ admittedAt: realClock.now() }, 'running', later)).run).toBe(1);
  });
});

test('an execution that failed is replaced and told to a human; one that is merely gone is replaced', async () => {
  expect(await lookAt({ inLine: 1 }, 'failed')).toMatchObject({ run: 2, alarm: true });
  expect(await lookAt({ inLine: 1 }, 'absent')).toMatchObject({ run: 2, alarm: false });
});
