import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { type Dispatch, repairConvoy } from '../../../core/witness/stuck.ts';
import { beadOf, convoyOf, t0 } from '../fixtures.ts';

const late = t0 + limits.convoyStuckEscalateMs;
const idle: Dispatch = { stopped: false, working: 0, escalation: undefined };
const alarms = (over: Partial<Bead>, dispatch: Partial<Dispatch> = {}, now = late): number => {
  const step = repairConvoy(convoyOf(), [beadOf(1, over).body], { ...idle, ...dispatch }, now);
  return (step.effects ?? []).filter((effect) => effect.do === 'notify').length;
};

describe('a convoy that does not move', () => {
  test('is told to a human when its beads stand in line and nobody of the rig works', () => {
    expect(alarms({ inLine: t0 })).toBe(1);
    expect(alarms({})).toBe(1);
    expect(alarms({ inLine: t0 }, {}, late - 1)).toBe(0);
  });

  test.each<[string, Partial<Bead>, Partial<Dispatch>]>([
    ['others of its rig work: it waits its turn', { inLine: t0 }, { working: 1 }],
    ['the town was stopped by a human', { inLine: t0 }, { stopped: true }],
    ['its beads rest between two attempts', { run: 1, attempt: 1, restUntil: late + 1 }, {}],
    ['its beads were put back to a later day', { status: 'deferred', run: 1, restUntil: late + 1 }, {}],
  ])('is no alarm while %s', (_, over, dispatch) => {
    expect(alarms(over, dispatch)).toBe(0);
  });

  test('is one alarm a rig, however many convoys wait', () => {
    const opened = (id: string): unknown[] =>
      repairConvoy(convoyOf({ id }), [beadOf(1, { inLine: t0 }).body], idle, late).changes.flatMap((change) =>
        'put' in change && change.put.pk.startsWith(keys.escalation('').pk) ? [change.put.pk] : [],
      );
    expect(opened('aaaaaa')).toHaveLength(1);
    expect(opened('aaaaaa')).toEqual(opened('bbbbbb'));
  });
});
