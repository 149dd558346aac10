import { parseBeadId } from '../../core/keys.ts';
import { freePolecat } from '../../core/polecats/end-attempt.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import type { Item, Key, Ledger } from '../../core/ports.ts';
import { recordOf, replace } from '../../core/step.ts';
import { beatsInTime, judgePolecat } from '../../core/witness/polecat.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { endAttemptOf } from '../polecats/end.ts';
import type { WitnessDeps, WitnessEvent } from './witness.ts';

type Deps = Pick<WitnessDeps, 'ledger' | 'fleet' | 'clock' | 'ids'>;

/** Looks at one polecat, named by its item or by its bead's attempt. A beat proves nothing to one who knows of an end. */
export async function watchPolecat(
  deps: Deps,
  which: Key | { readonly bead: string; readonly attempt: number },
  because: WitnessEvent['kind'],
): Promise<void> {
  const { ledger, fleet, clock } = deps;
  const item = 'pk' in which ? recordOf<Polecat>(await ledger.get(which)) : await polecatOf(deps, which);
  if (!item) return;
  const polecat = item.body;
  const [orphan, last] = await Promise.all([isOrphanRecord(deps, polecat), load.beat(ledger, polecat)]);
  const beat = last?.body;
  if (orphan) return forget(deps, item);
  const sure = because === 'patrol' && beatsInTime(beat, clock.now());
  const task = sure || polecat.taskId === undefined ? undefined : (await fleet.list([polecat.taskId]))[0];
  const judged = judgePolecat({ polecat, beat, task, townRestarted: because === 'town_restarted' }, clock.now());
  if (judged.verdict === 'dead') {
    const stop = polecat.taskId ? [{ do: 'stop_task', taskId: polecat.taskId, reason: judged.detail } as const] : [];
    await endAttemptOf(
      deps,
      polecat.bead,
      polecat.attempt,
      {
        outcome: { kind: 'failed', cause: judged.cause, detail: withTail(judged.detail, beat) },
        agentMs: 0,
        who: 'witness',
      },
      stop,
    );
    return;
  }
  await runCommand<void>(deps, `watch of ${polecat.name}`, async (now) => {
    const was = await stillAlive(ledger, polecat);
    if (!was) return { result: undefined };
    const next: Polecat =
      judged.verdict === 'nudge'
        ? { ...was.body, nudge: judged.text, nudges: was.body.nudges + 1, nudgedAt: now }
        : was.body;
    return { step: { changes: [replace(was, next, { attentionAt: judged.attentionAt })] }, result: undefined };
  });
}

async function polecatOf(
  { ledger }: Deps,
  { bead: id, attempt }: { readonly bead: string; readonly attempt: number },
): Promise<Item<Polecat> | undefined> {
  const bead = parseBeadId(id) ? await load.bead(ledger, id) : undefined;
  if (!bead || bead.body.attempt !== attempt || bead.body.polecat === undefined) return undefined;
  return load.polecat(ledger, bead.body.polecat);
}

/** Its record, unless its name has gone to the polecat of another bead, or of a later attempt. */
async function stillAlive(ledger: Ledger, { name, bead, attempt }: Polecat): Promise<Item<Polecat> | undefined> {
  const was = await load.polecat(ledger, name);
  return was?.body.bead === bead && was.body.attempt === attempt ? was : undefined;
}

/** The bead has gone on without it. */
async function isOrphanRecord({ ledger }: Deps, polecat: Polecat): Promise<boolean> {
  const bead = await load.bead(ledger, polecat.bead);
  return !bead || bead.body.attempt !== polecat.attempt || !['hooked', 'in_progress'].includes(bead.body.status);
}

const forget = (deps: Deps, item: Item<Polecat>): Promise<void> =>
  runCommand<void>(deps, `removal of ${item.body.name}`, async () => {
    const was = await stillAlive(deps.ledger, item.body);
    if (!was) return { result: undefined };
    const stop = was.body.taskId
      ? [{ do: 'stop_task', taskId: was.body.taskId, reason: 'its bead has gone on' } as const]
      : [];
    return { step: { ...freePolecat(was), effects: stop }, result: undefined };
  });

const withTail = (detail: string, beat: Beat | undefined): string => {
  const last = beat?.tail.trimEnd().split('\n').at(-1);
  return last ? `${detail}; its last line: ${last.slice(0, 200)}` : detail;
};
