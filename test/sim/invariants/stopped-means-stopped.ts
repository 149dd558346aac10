/**
 * "Estop obeyed: while stopped, nothing is admitted and nothing is landed; what works, works on." Admission is in one
 * transaction with the switch, so it is exact. A tick of the Refinery reads the switch before each move: once it has
 * read that the town is stopped it starts no test and no landing, and repeats no push. A landing already written
 * down is still brought to its end. A queue that is paused, by a person or by the Refinery itself, starts neither.
 */
import { keys } from '../../../core/keys.ts';
import type { Item, Key } from '../../../core/ports.ts';
import type { Switch } from '../../../core/scheduler/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { callsOf, changed, committerOf } from './records.ts';

export function stoppedMeansStopped(): Invariant {
  /** Who has read last that the town is stopped. */
  const knowing = new Set<string>();

  function look(seen: Seen): void {
    const { pk, sk } = keys.estop();
    for (const { who, args, answer } of callsOf(seen, 'ledger', 'get')) {
      if (args[0].pk !== pk || args[0].sk !== sk) continue;
      if ((answer as Item<Switch> | undefined)?.body.stopped) knowing.add(who);
      else knowing.delete(who);
    }
  }

  /** META is replaced with every test and landing that is started: whoever starts one has read that it is not paused. */
  function pausedBreach(seen: Seen): string | undefined {
    for (const { key, was } of changed(seen, 'queue')) {
      if (was?.body.paused === undefined) continue;
      const isOfIt = (other: { key: Key; was: unknown }): boolean => other.key.pk === key.pk && !other.was;
      const started = [...changed(seen, 'landing'), ...changed(seen, 'candidate')].find(isOfIt);
      if (started) return `${started.key.sk} of ${key.pk} is started, and the queue is paused by ${was.body.paused.by}`;
    }
    return undefined;
  }

  function refineryBreach(seen: Seen): string | undefined {
    const who = committerOf(seen);
    if (!knowing.has(who) || !who.startsWith('refinery#')) return undefined;
    for (const { was, is } of changed(seen, 'landing'))
      if (is?.body.state === 'open' && was?.body.tries !== is.body.tries)
        return `${who} knows that the town is stopped, and pushes landing ${is.body.epoch}`;
    for (const { was, is } of changed(seen, 'candidate'))
      if (is && (!was || was.body.gateRun < is.body.gateRun))
        return `${who} knows that the town is stopped, and tests candidate ${is.body.id}`;
    return undefined;
  }

  return {
    name: 'stopped means stopped',
    check(seen) {
      look(seen);
      if (seen.changed.length === 0) return undefined;
      const isStopped = seen.get<Switch>(keys.estop())?.body.stopped ?? false;
      for (const { was, is } of changed(seen, 'bead'))
        if (isStopped && is?.body.admittedAt !== undefined && was?.body.admittedAt === undefined)
          return `${is.body.id} is admitted, and the town is stopped`;
      return pausedBreach(seen) ?? refineryBreach(seen);
    },
  };
}
