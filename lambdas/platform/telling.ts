/**
 * A ledger that tells the log of each event it has taken: one line, with convoy, bead and attempt, and with the metrics
 * that the event counts for. Every decision that people hear of goes through here, so none is without its line.
 */
import type { EventRecord } from '../../core/events.ts';
import { kindOf } from '../../core/keys.ts';
import { measuredOf } from '../../core/metrics.ts';
import type { Commit, Json, Ledger, Log } from '../../core/ports.ts';

export const telling = <L extends Ledger>(ledger: L, log: Log): L => ({
  ...ledger,
  async commit(commit: Commit) {
    const result = await ledger.commit(commit);
    if (result.ok) for (const event of eventsIn(commit)) log('info', event.kind, lineOf(event));
    return result;
  },
});

const eventsIn = ({ changes }: Commit): EventRecord[] =>
  changes.flatMap((change) =>
    'put' in change && kindOf(change.put) === 'feed' ? [change.put.body as unknown as EventRecord] : [],
  );

/** The text may be an agent's: the log wants one line of it, the record has the rest. */
const textCharsMax = 300;

function lineOf(event: EventRecord): { readonly [name: string]: Json } {
  const { kind: _, at: __, measured: ___, text, ...about } = event;
  const measured = measuredOf(event);
  return {
    ...about,
    text: text.slice(0, textCharsMax),
    ...(Object.keys(measured).length > 0 ? { measured } : {}),
  };
}
