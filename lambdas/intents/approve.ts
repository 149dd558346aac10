import { refuse } from '../../core/errors.ts';
import { launch } from '../../core/intents/planning.ts';
import type { ConvoyId } from '../../core/keys.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

/**
 * Approves a staged convoy. The approval itself opens it, so it holds even if the execution that waits for it is lost.
 * Approving an open convoy again is fine. Throws CONVOY_NOT_STAGED.
 */
export const approveConvoy = (deps: CommandDeps, id: ConvoyId, by: string): Promise<void> =>
  runCommand<void>(deps, `approval of ${id}`, async (now) => {
    const was = await load.convoy(deps.ledger, id);
    if (!was)
      throw refuse(404, 'CONVOY_UNKNOWN', `There is no convoy "${id.slice(0, 80)}".`, 'List them with gt convoy list.');
    if (was.body.status === 'staged') return { step: launch(was, by, now), result: undefined };
    if (was.body.launchedAt !== undefined && was.body.status !== 'cancelled') return { result: undefined };
    const planning = was.body.status === 'planning';
    throw refuse(
      409,
      'CONVOY_NOT_STAGED',
      planning ? `Convoy ${id} is still being planned.` : `Convoy ${id} is ${was.body.status}.`,
      planning
        ? 'Wait a moment, then launch it.'
        : `See gt convoy show ${id}; submit the intent again if it is still wanted.`,
    );
  });
