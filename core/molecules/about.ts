import type { Bead } from '../convoys/bead.ts';

/** An event of the bead's life. */
export const about = (bead: Bead, kind: string, text: string) => ({
  kind,
  who: 'molecule',
  text,
  bead: bead.id,
  convoy: bead.convoy,
  rig: bead.rig,
  attempt: bead.attempt,
});
