import type { Escalation } from '../../core/escalations/escalation.ts';
import type { Key } from '../../core/ports.ts';
import { recordOf } from '../../core/step.ts';
import { raiseUnacknowledged } from '../../core/witness/escalation.ts';
import { runCommand } from '../platform/command.ts';
import type { WitnessDeps } from './witness.ts';

/** Only one that is past its time is raised: a restart looks at all of them, and must not shout about each. */
export const watchEscalation = (deps: Pick<WitnessDeps, 'ledger' | 'clock' | 'ids'>, key: Key): Promise<void> =>
  runCommand<void>(deps, `watch of ${key.pk}`, async (now) => {
    const was = recordOf<Escalation>(await deps.ledger.get(key));
    if (!was || was.body.status === 'closed' || (was.attentionAt ?? now) > now) return { result: undefined };
    return { step: raiseUnacknowledged(was, now), result: undefined };
  });
