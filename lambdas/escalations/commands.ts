/** Acknowledge, answer, close: what a human does with an escalation. */
import { refuse } from '../../core/errors.ts';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { acknowledge, close, questionOf, recordAnswer } from '../../core/escalations/settle.ts';
import { keys } from '../../core/keys.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { recordOf, type Step } from '../../core/step.ts';
import { answerBead } from '../convoys/commands.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';

export async function loadEscalation(ledger: CommandDeps['ledger'], id: string): Promise<Item<Escalation>> {
  const item = recordOf<Escalation>(await ledger.get(keys.escalation(id)));
  if (item) return item;
  throw refuse(404, 'ESCALATION_UNKNOWN', `No escalation "${id}".`, 'gt escalations list shows those that are open.');
}

/** Runs `decide` on the newest version, and returns the escalation as it is afterwards. */
async function change(
  deps: CommandDeps,
  id: string,
  decide: (was: Item<Escalation>, now: Instant) => Step | undefined,
): Promise<Escalation> {
  await runCommand(deps, 'escalation', async (now) => {
    const step = decide(await loadEscalation(deps.ledger, id), now);
    return { step, result: undefined };
  });
  return (await loadEscalation(deps.ledger, id)).body;
}

export const acknowledgeEscalation = (deps: CommandDeps, id: string, by: string): Promise<Escalation> =>
  change(deps, id, (was) => acknowledge(was, by));

export const closeEscalation = (deps: CommandDeps, id: string, by: string): Promise<Escalation> =>
  change(deps, id, (was, now) => close(was, by, now));

/** The bead gets the answer first: an escalation closed as answered has reached its bead for certain. */
export async function answerEscalation(deps: CommandDeps, id: string, text: string, by: string): Promise<Escalation> {
  const bead = questionOf((await loadEscalation(deps.ledger, id)).body);
  await answerBead(deps, bead, text, by);
  return change(deps, id, (was, now) => recordAnswer(was, text, by, now));
}
