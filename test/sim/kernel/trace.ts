/** What happened, in the words of the town; and a hash over all of it, by which two runs are the same or are not. */
import { createHash } from 'node:crypto';
import type { EventRecord } from '../../../core/events.ts';
import { kindOf } from '../../../core/keys.ts';
import type { Commit, Instant } from '../../../core/ports.ts';

export interface Trace {
  /** A line for people: what was decided, what struck, what moved. */
  tell(who: string, what: string): void;
  /** Every step; people see it only if they ask. */
  step(who: string, what: string): void;
  /** The events in it are told; all of it counts. */
  commit(commit: Commit): void;
  /** Counts for the hash and is never shown. */
  mix(text: string): void;
  digest(): string;
}

/** Characters: many short texts are hashed as one. */
const mixedAtOnce = 16_384;

export type Listener = (at: Instant, who: string, what: string, isStep: boolean) => void;

export function makeTrace(now: () => Instant, listener: Listener | undefined): Trace {
  const hash = createHash('sha256');
  let pending = '';
  const mix = (text: string): void => {
    pending += text;
    if (pending.length < mixedAtOnce) return;
    hash.update(pending);
    pending = '';
  };
  const line = (who: string, what: string, isStep: boolean): void => {
    mix(`${now()} ${who} ${what}\n`);
    listener?.(now(), who, what, isStep);
  };
  return {
    tell: (who, what) => line(who, what, false),
    step: (who, what) => line(who, what, true),
    commit({ changes }) {
      mix(JSON.stringify(changes));
      for (const change of changes) {
        if (!('put' in change) || kindOf(change.put) !== 'feed') continue;
        const { who, text, kind } = change.put.body as unknown as EventRecord;
        line(who, `${kind}: ${text}`, false);
      }
    },
    mix,
    digest: () => hash.update(pending).digest('hex').slice(0, 16),
  };
}
