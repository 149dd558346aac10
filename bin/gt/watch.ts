/** Stays with a convoy: its beads as they change, and whatever keeps them from landing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConvoyDetail, showConvoy, wordFor } from './convoys.ts';
import { plain, short } from './print.ts';
import { part, type Session } from './session.ts';

interface Obstacle {
  readonly id: string;
  readonly text: string;
}

interface QueueView {
  readonly rig: string;
  readonly target: string;
  readonly paused?: { readonly by: string; readonly because: string };
  readonly open: readonly { readonly bead: string; readonly convoy: string; readonly because: string }[];
}

interface EscalationView {
  readonly id: string;
  readonly severity: string;
  readonly title: string;
  readonly body: string;
  readonly rig?: string;
  readonly convoy?: string;
}

interface StatusView {
  readonly estop?: { readonly by: string; readonly because: string };
  readonly breakerOpen: boolean;
}

const ended: ReadonlySet<string> = new Set(['landed', 'stalled', 'cancelled']);
const pollEveryMs = 500;
/** What hinders is asked for at every fourth look: it takes several reads, and nobody can mend it faster. */
const obstaclesEvery = 4;

/** A line for each change, until the convoy has ended. A stalled or cancelled one is no success. */
export async function watchConvoy(session: Session, id: string): Promise<void> {
  const { town, print } = session;
  const told = new Map<string, string>();
  const tell = (about: string, text: string) => {
    if (told.get(about) === text) return;
    told.set(about, text);
    if (!print.json) print.line(text);
  };
  for (let looks = 0; ; looks += 1) {
    const convoy = await town.get<ConvoyDetail>(`convoys/${part(id)}`);
    if (convoy.status === 'staged') {
      const beads = `${convoy.progress.total} ${convoy.progress.total === 1 ? 'bead' : 'beads'}`;
      tell(id, `The plan of ${beads} is ${print.status('staged')}: it waits for gt convoy launch ${id}`);
    }
    if (convoy.status === 'planning')
      tell(
        id,
        convoy.modelTrouble === undefined
          ? '  The Mayor makes a plan.'
          : `  The model brought no plan: ${plain(convoy.modelTrouble)}. It is asked again.`,
      );
    for (const bead of convoy.beads)
      tell(bead.id, `  ${bead.id}  ${print.status(wordFor(bead))}  ${short(bead.title, 60)}`);
    if (ended.has(convoy.status)) {
      print.show(convoy, (one) => showConvoy({ print }, one));
      if (convoy.status !== 'landed') process.exitCode = 1;
      return;
    }
    if (!print.json && looks % obstaclesEvery === 0)
      for (const { id: about, text } of await obstaclesTo(session, convoy)) tell(`obstacle ${about}`, text);
    await sleep(pollEveryMs);
  }
}

async function obstaclesTo({ town, print }: Session, convoy: ConvoyDetail): Promise<Obstacle[]> {
  const targets = new Set(convoy.beads.filter((bead) => bead.status === 'submitted').map((bead) => bead.target));
  const [status, { escalations }, ...queues] = await Promise.all([
    town.get<StatusView>('status'),
    town.get<{ escalations: EscalationView[] }>('escalations'),
    ...[...targets].map((target) => town.get<QueueView>(`rigs/${part(convoy.rig)}/queue`, { target })),
  ]);
  const ours = escalations.filter((one) =>
    one.convoy === undefined ? one.rig === convoy.rig : one.convoy === convoy.id,
  );
  return [
    ...stopsOf(status, print.status('stopped')),
    ...queues.flatMap((queue) => queueObstacles(queue, convoy.id, print.status('paused'))),
    ...ours.map(({ id, severity, title, body }) => ({
      id,
      text: `  ${print.status(severity)}  ${short(title, 100)}\n    ${plain(body).trim().replaceAll('\n', '\n    ')}`,
    })),
  ];
}

function stopsOf({ estop, breakerOpen }: StatusView, stopped: string): Obstacle[] {
  if (estop)
    return [{ id: 'town', text: `  The town is ${stopped} by ${estop.by}: ${plain(estop.because)}. Go on: gt thaw` }];
  return breakerOpen
    ? [{ id: 'town', text: `  The town is ${stopped} by the breaker: gt escalations list, gt thaw` }]
    : [];
}

function queueObstacles(queue: QueueView, convoy: string, paused: string): Obstacle[] {
  const { rig, target } = queue;
  const pause = queue.paused && {
    id: `${rig} ${target}`,
    text: `  The queue of ${rig} ${target} is ${paused} by ${queue.paused.by}: ${plain(queue.paused.because)}. Go on: gt mq resume ${rig}`,
  };
  const waiting = queue.open
    .filter((request) => request.convoy === convoy)
    .map((request) => ({ id: request.bead, text: `  ${request.bead}  ${short(request.because, 200)}` }));
  return [...(pause ? [pause] : []), ...waiting];
}
