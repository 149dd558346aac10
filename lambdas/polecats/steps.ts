/** The town's side of core/polecats/step-protocol.ts: progress is recorded, with the commit that it stands for. */
import { saveBead } from '../../core/convoys/save-bead.ts';
import { refuse } from '../../core/errors.ts';
import { type StepTold, withStep } from '../../core/formulas/progress.ts';
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Ack } from '../../core/polecats/protocol.ts';
import { guard, upsert } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { type PolecatSubject, type ProtocolDeps, working } from './protocol.ts';

/** One transaction with the bead: where its next attempt starts, and what that one need not do, are never apart. */
export const acceptStep = (
  deps: Pick<ProtocolDeps, 'ledger' | 'clock' | 'ids'>,
  subject: PolecatSubject,
  told: StepTold,
): Promise<Ack> =>
  runCommand<Ack>(deps, `step of ${subject.bead}`, async (now) => {
    const at = await working(deps.ledger, subject);
    if (!at) return { result: { superseded: true } };
    const bead = at.bead.body;
    const was = await load.molecule(deps.ledger, bead.id);
    const record = withStep(was?.body, told, { polecat: at.polecat.body.name, attempt: bead.attempt }, now);
    if (!record || JSON.stringify(record).length > 2 * limits.moleculeBytesMax)
      throw refuse(
        422,
        'STEP_UNPOURED',
        `${bead.id} has no step "${told.step}", or too large a molecule.`,
        'Send the molecule with its first step.',
      );
    if (record === was?.body) return { result: { accepted: true } };
    const moved = told.state === 'done' && told.head !== undefined && told.head !== bead.head;
    const about = {
      who: at.polecat.body.name,
      bead: bead.id,
      convoy: bead.convoy,
      rig: bead.rig,
      attempt: bead.attempt,
    };
    const text = `${bead.id} step ${told.step} is ${told.state}${told.detail === undefined ? '' : `: ${told.detail}`}`;
    return {
      step: {
        changes: [
          upsert(keys.molecule(bead.id), was, record),
          moved ? saveBead(at.bead, { ...bead, head: told.head }, now) : guard(at.bead, at.bead),
        ],
        events: told.state === 'working' ? [] : [{ kind: `step.${told.state}`, text, ...about }],
      },
      result: { accepted: true },
    };
  });
