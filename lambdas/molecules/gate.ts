/** What a bead's gate is about, read from the record; and the gate opened, if it may be. */
import type { Bead, Gated } from '../../core/convoys/bead.ts';
import { type BeadId, keys, parseBeadId } from '../../core/keys.ts';
import { type Awaited, knock } from '../../core/molecules/gate.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Checks } from '../../core/rigs/checks.ts';
import { recordOf } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

export async function awaitedBy(
  ledger: Ledger,
  { rig }: Bead,
  { type, bead, check, head }: Pick<Gated, 'type' | 'bead' | 'check' | 'head'>,
): Promise<Awaited> {
  if (type === 'bead' && bead !== undefined && parseBeadId(bead)) return { bead: await load.bead(ledger, bead) };
  if (type !== 'ci' || check === undefined || head === undefined) return {};
  return { checks: recordOf<Checks>(await ledger.get(keys.checks(rig, head))) };
}

export const openGate = (deps: CommandDeps, id: BeadId): Promise<void> =>
  runCommand<void>(deps, `gate of ${id}`, async (now) => {
    const was = await load.bead(deps.ledger, id);
    if (!was?.body.gate) return { result: undefined };
    return { step: knock(was, await awaitedBy(deps.ledger, was.body, was.body.gate), now), result: undefined };
  });
