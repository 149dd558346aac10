/** The town's switch: stop everything new, and start again. */

import type { Effect } from '../../core/effects.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import { groups, keys, partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { type Breaker, breakerCause, type Switch } from '../../core/scheduler/records.ts';
import { replace, together, upsert } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { queueWakes } from '../rigs/wakes.ts';

/** From now on nothing is admitted and nothing lands. Polecats at work finish; what they push waits. */
export const estop = (deps: CommandDeps, by: string, because: string): Promise<void> => turn(deps, true, by, because);

/** Dispatch and landing go on; the failure breaker is closed as well. */
export async function thaw(deps: CommandDeps, by: string): Promise<void> {
  await turn(deps, false, by, 'thawed');
  await runCommand<void>(deps, 'close the breaker', async (now) => {
    const was = await load.breaker(deps.ledger);
    const empty: Breaker = { failures: [] };
    if (!was || was.body.failures.length === 0) return { result: undefined };
    const alarm = closeEscalation(await load.escalation(deps.ledger, breakerCause), by, now);
    return { step: together({ changes: [replace(was, empty)] }, alarm), result: undefined };
  });
  for await (const wakes of wakesOfEveryRig(deps.ledger)) {
    await runCommand<void>(deps, 'wake after a thaw', async () => ({
      step: { changes: [], effects: wakes },
      result: undefined,
    }));
  }
}

const turn = (deps: CommandDeps, stopped: boolean, by: string, because: string): Promise<void> =>
  runCommand<void>(deps, stopped ? 'estop' : 'thaw', async (now) => {
    const was = await load.estop(deps.ledger);
    if ((was?.body.stopped ?? false) === stopped) return { result: undefined };
    const next: Switch = { stopped, by, because, at: now };
    return {
      step: {
        changes: [upsert(keys.estop(), was, next)],
        events: [{ kind: stopped ? 'town.stopped' : 'town.thawed', who: by, text: `${by}: ${because}` }],
      },
      result: undefined,
    };
  });

/** Wakes for a scheduler and every merge queue of each rig, a rig a batch. */
async function* wakesOfEveryRig(ledger: Ledger): AsyncGenerator<readonly Effect[]> {
  for (let after: string | undefined; ; ) {
    const page = await ledger.query(partitions.rigs, after === undefined ? {} : { after });
    for (const { sk: rig } of page.items) yield await wakesOf(ledger, rig);
    if (page.next === undefined) return;
    after = page.next;
  }
}

async function wakesOf(ledger: Ledger, rig: Rig['name']): Promise<readonly Effect[]> {
  const page = await ledger.query(partitions.rig(rig), { prefix: prefixes.targets, limit: limits.wakesPerCommitMax });
  const targets = page.items.map((item) => item.sk.slice(prefixes.targets.length));
  return [{ do: 'wake', queue: 'ticks', group: groups.scheduler(rig) }, ...queueWakes(rig, targets)];
}
