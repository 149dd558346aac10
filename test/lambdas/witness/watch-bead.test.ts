import { expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import { groups, kindOf } from '../../../core/keys.ts';
import type { ExecutionStatus, Item } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { watchBead } from '../../../lambdas/witness/watch-bead.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf } from '../../core/fixtures.ts';

/** The wakes that a look at the bead gives, while its execution is in this state. */
async function wakesAt(over: Partial<Bead>, execution: ExecutionStatus): Promise<string[]> {
  const ledger = await openLedger({ clock: realClock });
  const bead = beadOf(1, { run: 1, ...over });
  await ledger.commit({ id: 'before', changes: [create(bead, bead.body)] });
  const wakes: string[] = [];
  ledger.onCommitted((put) => {
    for (const item of put.filter((one) => kindOf(one) === 'effect') as unknown as Item<EffectRecord>[]) {
      if (item.body.effect.do === 'wake') wakes.push(item.body.effect.group);
    }
  });
  const workflows = { describe: async () => execution } as unknown as Parameters<typeof watchBead>[0]['workflows'];
  await watchBead({ ledger, workflows, clock: realClock, ids: realIds(realClock) }, bead);
  await ledger.close();
  return wakes;
}

test.each(['running', 'absent'] as const)(
  'a bead that waits in line wakes whoever serves it, because its first wake may be lost (execution %s)',
  async (execution) => {
    expect(await wakesAt({ status: 'submitted' }, execution)).toEqual([groups.refinery('greenhouse', 'main')]);
    expect(await wakesAt({ inLine: 1 }, execution)).toEqual([groups.scheduler('greenhouse')]);
    expect(await wakesAt({ status: 'in_progress' }, execution)).toEqual([]);
  },
);
