/** Landings that were given up while their push could still arrive. */
import type { Instant, Item, Oid } from '../../core/ports.ts';
import { cannotArrive, landed } from '../../core/refinery/landing.ts';
import type { Landing } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { again, commit, type Done, readMain, type Tick } from './tick.ts';

/** One that arrived after all has landed; one that main has passed by cannot arrive any more. */
export async function recheck(
  tick: Tick,
  view: QueueView,
  givenUp: readonly Item<Landing>[],
  now: Instant,
): Promise<Done> {
  const main = await readMain(tick, view);
  const arrived = await arrivedLate(tick, view, main, now);
  if (arrived) return arrived;
  const passedBy = givenUp.find(({ body }) => main !== undefined && main !== body.from);
  return passedBy ? commit(cannotArrive(view, passedBy, now)) : again;
}

/** What main contains of them is recorded, before anything else is made of where main is. */
export async function arrivedLate(
  tick: Tick,
  view: QueueView,
  main: Oid | undefined,
  now: Instant,
): Promise<Done | undefined> {
  if (main === undefined) return undefined;
  const [arrived] = await givenUpOn(tick, view, main);
  return arrived && commit(landed(view, arrived, main, now));
}

/** Those that main contains. The longest first: it may cover others. */
export async function givenUpOn(
  { deps: { repo } }: Tick,
  view: QueueView,
  main: Oid,
): Promise<readonly Item<Landing>[]> {
  const open = view.landings.filter(({ body }) => body.state === 'given_up' && body.from !== main);
  const isThere = await Promise.all(
    open.map(async ({ body: { to } }) => main === to || (await repo.isAncestor(view.remote, to, main)) === true),
  );
  return open.filter((_, i) => isThere[i]).sort((a, b) => b.body.members.length - a.body.members.length);
}
