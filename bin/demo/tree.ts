/** Progress for a terminal: the convoy with its bar, and a line for each bead, redrawn in place. */
import { Listr, type ListrTaskWrapper } from 'listr2';
import type { Printer } from '../gt/print.ts';
import { plain, short } from '../gt/print.ts';
import { type BeadState, elapsedMs, seconds, stateOf } from './bead-state.ts';
import type { BeadView, Snapshot, View } from './convoy.ts';

type Colour = Parameters<Printer['paint']>[0];
type Line = Pick<ListrTaskWrapper<unknown, never, never>, 'title'>;

const frames = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const frameMs = 80;
const barWidth = 24;
const marks: Readonly<Record<Exclude<BeadState['mark'], 'works'>, readonly [string, Colour]>> = {
  waits: ['·', 'dim'],
  rests: ['↻', 'yellow'],
  landed: ['✔', 'green'],
  failed: ['✖', 'red'],
  asks: ['?', 'yellow'],
};
/** The lines bring their own marks: a bead that waits must not look as if it were at work. */
const noIcons = { PENDING: '', COMPLETED: '', WAITING: '', FAILED: '' };
/** Signals are the demo's own: a list within a list listens to them as well, unless told not to. */
const nested = { concurrent: true, registerSignalListeners: false };
const noSpinner = { start: () => undefined, stop: () => undefined, fetch: () => '', isRunning: () => false };

export function treeView(print: Pick<Printer, 'paint'>): View {
  const startedAt = Date.now();
  const lines = new Map<string, Line>();
  let root: Line | undefined;
  let newest: Snapshot | undefined;
  let done: Promise<unknown> = Promise.resolve();
  let finish = (): void => undefined;
  const open = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const draw = (): void => {
    if (!newest) return;
    const at = { ...newest, at: Date.now() };
    const { beads } = at.convoy;
    if (root) root.title = rootLine(print, at, startedAt);
    const widths = { name: Math.max(...beads.map(({ name }) => name.length)), columns: process.stdout.columns ?? 80 };
    for (const bead of beads) {
      const line = lines.get(bead.id);
      if (line) line.title = beadLine(print, bead, at, widths);
    }
  };

  const start = (beads: readonly BeadView[]): void => {
    const keep = (bead: BeadView) => ({
      title: bead.name,
      task: (_: unknown, line: Line) => {
        lines.set(bead.id, line);
        return open;
      },
    });
    const list = new Listr(
      [
        {
          title: ' ',
          task: (_, line) => {
            root = line;
            return line.newListr(beads.map(keep), nested);
          },
        },
      ],
      {
        registerSignalListeners: false,
        rendererOptions: {
          collapseSubtasks: false,
          formatOutput: 'truncate',
          icon: noIcons,
          spinner: noSpinner as never,
        },
      },
    );
    done = list.run();
  };

  const timer = setInterval(draw, frameMs);
  return {
    show(snapshot): void {
      if (!newest && snapshot.convoy.beads.length > 0) start(snapshot.convoy.beads);
      if (snapshot.convoy.beads.length > 0) newest = snapshot;
      draw();
    },
    async end(): Promise<void> {
      clearInterval(timer);
      draw();
      finish();
      await done;
    },
  };
}

const frame = (at: number): string => frames[Math.floor(at / frameMs) % frames.length] ?? '';

function rootLine({ paint }: Pick<Printer, 'paint'>, { convoy, at }: Snapshot, startedAt: number): string {
  const { landed } = convoy.progress;
  const total = convoy.beads.length;
  const full = Math.round((barWidth * landed) / total);
  const bar = paint('green', '━'.repeat(full)) + paint('dim', '━'.repeat(barWidth - full));
  return `${bar}  ${paint('bold', `${landed}/${total}`)} landed  ${paint('dim', seconds(at - startedAt))}`;
}

function beadLine(
  { paint }: Pick<Printer, 'paint'>,
  bead: BeadView,
  snapshot: Snapshot,
  widths: { readonly name: number; readonly columns: number },
): string {
  const { mark, words } = stateOf(bead, snapshot);
  const [sign, colour]: readonly [string, Colour] = mark === 'works' ? [frame(snapshot.at), 'blue'] : marks[mark];
  const waits = mark === 'waits';
  const again = mark === 'works' && bead.attempt > 1 ? `, attempt ${bead.attempt}` : '';
  const who = bead.polecat !== undefined && mark === 'works' ? bead.polecat : '';
  const elapsed = bead.readyAt === undefined ? '' : seconds(elapsedMs(bead, snapshot.at));
  // Indent, mark, gaps, polecat, time and words take 62 columns; the title gets the rest, if that is worth reading.
  const room = widths.columns - widths.name - 62;
  const title = room >= 16 ? `${short(plain(bead.title), room).padEnd(room)}  ` : '';
  const name = bead.name.padEnd(widths.name);
  return [
    paint(colour, sign),
    ` ${waits ? paint('dim', name) : paint('bold', name)}`,
    `  ${paint('dim', title)}`,
    `${paint('dim', elapsed.padStart(7))}  `,
    paint(waits ? 'dim' : colour, short(words + again, 40)),
    who === '' ? '' : paint('dim', `  ${who}`),
  ].join('');
}
