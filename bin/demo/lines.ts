/** Progress for logs and pipes: one line for each thing that changed, with the time since the start. */
import type { Printer } from '../gt/print.ts';
import { plain, short } from '../gt/print.ts';
import { causeOf, seconds, stateOf } from './bead-state.ts';
import type { Snapshot, View } from './convoy.ts';
import { wrap } from './wrap.ts';

export function lineView(print: Pick<Printer, 'line'>): View {
  const startedAt = Date.now();
  const told = new Map<string, string>();
  return {
    show(snapshot: Snapshot): void {
      const width = Math.max(0, ...snapshot.convoy.beads.map(({ name }) => name.length));
      for (const bead of snapshot.convoy.beads) {
        const { mark, words } = stateOf(bead, snapshot);
        const again = bead.attempt > 1 ? `, attempt ${bead.attempt}` : '';
        const text = mark === 'rests' ? `${words}: ${causeOf(bead)}` : mark === 'works' ? words + again : words;
        if (told.get(bead.id) === text) continue;
        told.set(bead.id, text);
        // What waits for others is seen from what they do.
        if (mark === 'waits') continue;
        const who = mark === 'works' && bead.polecat ? ` (${bead.polecat})` : '';
        const time = seconds(snapshot.at - startedAt).padStart(8);
        print.line(wrap(`${time}  ${bead.name.padEnd(width)}  `, short(plain(text), 160) + who));
      }
    },
    end: () => Promise.resolve(),
  };
}
