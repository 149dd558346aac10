import { expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { standInLine } from '../../../core/scheduler/line.ts';
import { breakerCause } from '../../../core/scheduler/records.ts';
import { create } from '../../../core/step.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { thaw } from '../../../lambdas/scheduler/commands.ts';
import { makeTick } from '../../../lambdas/scheduler/scheduler.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf } from '../../core/fixtures.ts';

test('an open breaker is told to a human once, and a thaw closes both', async () => {
  const ledger = await openLedger({ clock: realClock });
  const now = realClock.now();
  const stood = standInLine(beadOf(1).body, now);
  await ledger.commit({
    id: 'before',
    changes: [
      create(keys.rig('greenhouse'), { name: 'greenhouse', url: '/r', prefix: 'gh', settings: {}, addedAt: now }),
      create(beadOf(1), stood.bead),
      create(keys.breaker(), { failures: Array.from({ length: limits.breakerFailuresMax }, () => now) }),
      stood.change,
    ],
  });
  const deps = { ledger, clock: realClock, ids: realIds(realClock), log: () => {} };
  const tick = makeTick({ ...deps, caps: { polecatsPerTown: 8, dayBudgetUsd: 10 } });
  const alarm = async (): Promise<Escalation | undefined> => (await load.escalation(ledger, breakerCause))?.body;
  const bead = async (): Promise<Bead | undefined> => (await load.bead(ledger, stood.bead.id))?.body;

  await tick('greenhouse');
  await tick('greenhouse');
  expect(await alarm()).toMatchObject({ status: 'open', times: 1 });
  expect((await bead())?.admittedAt).toBeUndefined();
  await thaw(deps, 'max');
  expect(await alarm()).toMatchObject({ status: 'closed' });
  await tick('greenhouse');
  expect((await bead())?.admittedAt).toBeDefined();
  await ledger.close();
});
