import type { Bead } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import type { Instant, Item } from '../ports.ts';
import type { Step } from '../step.ts';

/** A new execution takes over from the record: the old one was lost, has ended, or has grown too long a history. */
export function startAgain(was: Item<Bead>, because: string, now: Instant): Step {
  const { wait: _, ...bead } = was.body;
  const run = bead.run + 1;
  return {
    changes: [saveBead(was, { ...bead, run }, now)],
    effects: [{ do: 'start_molecule', bead: bead.id, run }],
    events: [
      {
        kind: 'molecule.restarted',
        who: 'witness',
        text: `${bead.id} goes on in run ${run}: ${because}`,
        bead: bead.id,
        convoy: bead.convoy,
        rig: bead.rig,
      },
    ],
  };
}
