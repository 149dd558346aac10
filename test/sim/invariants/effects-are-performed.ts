/**
 * "Every effect performed at least once": whoever deletes one has done before what it says. What an effect says may not
 * be wanted any more; then nothing has to be done for those that name their subject.
 */
import type { Effect } from '../../../core/effects.ts';
import type { Invariant, PortCall, Seen } from '../kernel/invariant.ts';
import { changed, committerOf } from './records.ts';

/** What performing it looks like from outside; of an effect that its subject may outrun, nothing is demanded. */
function isDone(effect: Effect, { port, method, args }: PortCall): boolean {
  const call = `${port}.${method}`;
  const [first, second] = args as readonly [Record<string, unknown> | string, string?];
  const given = typeof first === 'object' ? first : {};
  switch (effect.do) {
    case 'succeed_task':
      return call === 'workflows.succeed' && first === effect.token;
    case 'wake':
      return call === 'queues.send' && (given.body as { group?: string } | undefined)?.group === effect.group;
    case 'stop_task':
      return call === 'fleet.stop' && first === effect.taskId;
    case 'notify':
      return call === 'notifier.publish' && given.body === effect.body;
    case 'start_molecule':
    case 'start_intent':
      return (call === 'workflows.start' && second !== undefined) || call === 'ledger.get';
    case 'open_gate':
    case 'settle_bead':
    case 'launch_gate':
      return call === 'ledger.get';
  }
}

export function effectsArePerformed(): Invariant {
  /** What each run has done, without the calls that failed. */
  const done = new Map<string, PortCall[]>();
  return {
    name: 'effects are performed',
    check(seen: Seen) {
      for (const call of seen.calls) {
        if (!('answer' in call) || !/^(effects|witness)#/.test(call.who)) continue;
        const own = done.get(call.who);
        if (own) own.push(call);
        else done.set(call.who, [call]);
      }
      for (const { key, was, is } of changed(seen, 'effect')) {
        if (is || !was) continue;
        const who = committerOf(seen);
        const { effect } = was.body;
        if (!done.get(who)?.some((call) => isDone(effect, call)))
          return `${who} deleted ${key.pk} ${key.sk}, and nobody has done it: ${JSON.stringify(effect).slice(0, 200)}`;
      }
      return undefined;
    },
  };
}
