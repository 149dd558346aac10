/**
 * "Each item guarded by its version": what a decision replaces it has read, and nobody has written since. Free of that are
 * only records that no decision rests on, or that everybody writes alike.
 */
import { kindOf } from '../../../core/keys.ts';
import type { Change, Key } from '../../../core/ports.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { callsOf } from './records.ts';

const shared = /^(SWITCH|CAPACITY|BREAKER|BUDGET#.*)$/;
const inQueue = /^(META|MR#|ENDED#|CANDIDATE#|LANDING#)/;

function isGuarded(key: Key): boolean {
  if (key.pk === 'TOWN') return shared.test(key.sk);
  if (key.pk.startsWith('QUEUE#')) return inQueue.test(key.sk);
  return key.pk.startsWith('KEY#') || !['other', 'feed'].includes(kindOf(key));
}

const keyOf = (change: Change): Key | undefined =>
  'put' in change ? change.put : 'delete' in change ? change.delete : undefined;

export const recordsAreComparedAndSwapped = (): Invariant => ({
  name: 'records are compared and swapped',
  check(seen) {
    for (const { who, args } of callsOf(seen, 'ledger', 'commit')) {
      for (const change of args[0].changes) {
        const key = keyOf(change);
        if (key && 'any' in change.expect && isGuarded(key))
          return `${who} writes ${key.pk} ${key.sk} without having read it`;
      }
    }
    return undefined;
  },
});
