/**
 * "Every escalation has a cause, and there is one per cause": a cause that somebody can look up, that is so at the moment
 * when it is told, and that nobody is told of twice while nothing about it has changed.
 */
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { type Escalation, escalationId } from '../../../core/escalations/escalation.ts';
import { keys, kindOf } from '../../../core/keys.ts';
import { runbookOf } from '../../../core/runbooks.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, type Changed, changed } from './records.ts';

/** The cause is so, for those causes that the record itself shows. */
function causeBreach(seen: Seen, { cause }: Escalation): string | undefined {
  const [subject, name = '', more] = cause.split('/');
  if (runbookOf(cause) === undefined) return `nobody can look up ${cause}`;
  if (subject === 'bead' && more === undefined) {
    const status = beadOf(seen, name)?.status;
    return status === 'escalated' || status === 'failed' ? undefined : `${cause}, and the bead is ${status}`;
  }
  if (subject === 'convoy' && more === 'stalled') {
    const status = seen.get<Convoy>(keys.convoy(name))?.body.status;
    return status === 'stalled' ? undefined : `${cause}, and the convoy is ${status}`;
  }
  return undefined;
}

function stormBreach({ was, is }: Changed<Escalation>): string | undefined {
  if (!was || !is || was.body.status === 'closed' || is.body.status !== was.body.status) return undefined;
  const isNews =
    is.body.title !== was.body.title || is.body.severity !== was.body.severity || is.body.raises !== was.body.raises;
  const isSilent = is.body.times === was.body.times;
  return isNews || isSilent ? undefined : `${is.body.cause} is told again, and nothing about it has changed`;
}

export const oneEscalationACause = (): Invariant => ({
  name: 'one escalation a cause',
  check(seen) {
    for (const change of changed(seen, 'escalation')) {
      const { was, is } = change;
      if (!is) return `escalation ${was?.body.cause} was deleted`;
      if (is.body.id !== escalationId(is.body.cause) || is.pk !== keys.escalation(is.body.id).pk)
        return `${is.body.cause} has an escalation ${is.pk} beside its own`;
      const isOpened = is.body.status === 'open' && (was === undefined || was.body.status === 'closed');
      const breach = (isOpened ? causeBreach(seen, is.body) : undefined) ?? stormBreach(change);
      if (breach !== undefined) return breach;
    }
    return undefined;
  },
  atRest(seen) {
    for (const pk of seen.partitions()) {
      const item = seen.get<Escalation>({ pk, sk: 'STATE' });
      if (!item || kindOf(item) !== 'escalation' || item.body.status === 'closed') continue;
      const breach = causeBreach(seen, item.body);
      if (breach !== undefined) return `open at rest: ${breach}`;
    }
    return undefined;
  },
});
