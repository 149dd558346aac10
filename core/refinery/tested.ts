/** What people hear of a test: an event for each change in the candidate, and one for main when it is tested by itself. */
import type { TownEvent } from '../events.ts';
import { parseBeadId } from '../keys.ts';
import { billedSeconds, type Measured } from '../metrics.ts';
import type { Instant } from '../ports.ts';
import type { Candidate } from './records.ts';

/** A run of the gates that has ended: it, and the life of its task, are measured once, whatever the candidate holds. */
export const gateRun = (candidate: Candidate, now: Instant): Measured => ({
  GateRuns: 1,
  TaskSeconds: billedSeconds(candidate.startedAt ?? now, now),
});

/** Each takes two items of a transaction; of a longer chain the candidate is told of, and each change when it lands. */
const toldOneByOneMax = 20;

export function tested(rig: string, candidate: Candidate, text: string, measured: Measured = {}): TownEvent[] {
  const many = candidate.members.length > toldOneByOneMax;
  const of = candidate.ofMain ? 'main itself: ' : '';
  const common = {
    kind: 'mr.tested',
    who: 'refinery',
    text: `${candidate.id}: ${of}${many ? `${candidate.members.length} changes: ` : ''}${text}`,
    rig,
  };
  const events = (many ? [] : candidate.members).map(
    ({ bead, attempt }): TownEvent => ({
      ...common,
      bead,
      convoy: parseBeadId(bead)?.convoy ?? '',
      ...(attempt === undefined ? {} : { attempt }),
    }),
  );
  const [first = common, ...others] = events;
  return [{ ...first, measured }, ...others];
}
