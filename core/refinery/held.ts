/** Changes that wait for a human's word, and the alarms about them, which are over when they wait no more. */
import { prefixes } from '../keys.ts';
import type { Change } from '../ports.ts';
import type { Cause } from '../runbooks.ts';
import type { MergeRequest } from './records.ts';
import { causeOf, type QueueView } from './view.ts';

export const heldCause = {
  ciChange: (bead: string) => `ci-change/${bead}` as const,
  unbuildable: (bead: string) => `unbuildable/${bead}` as const,
};

/** The causes of alarms that these changes of the queue's records make pointless. */
export function noLongerHeld(view: QueueView, changes: readonly Change[]): readonly Cause[] {
  const held = view.requests.filter(({ body }) => body.held === true);
  if (held.length === 0) return [];
  const stays = new Map<string, boolean>();
  for (const change of changes) {
    if ('put' in change && change.put.sk.startsWith(prefixes.mergeRequests))
      stays.set(change.put.sk, (change.put.body as unknown as MergeRequest).held === true);
    else if ('delete' in change) stays.set(change.delete.sk, false);
  }
  return held.flatMap(({ sk, body: { bead } }) =>
    stays.get(sk) === false ? Object.values(heldCause).map((cause) => causeOf(view, cause(bead))) : [],
  );
}
