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

/** The first of them that main contains is recorded, before anything else is made of where main is. */
export async function arrivedLate(
  { deps: { repo } }: Tick,
  view: QueueView,
  main: Oid | undefined,
  now: Instant,
): Promise<Done | undefined> {
  if (main === undefined) return undefined;
  for (const was of view.landings) {
    const { state, from, to } = was.body;
    if (state !== 'given_up' || main === from) continue;
    if (main === to || (await repo.isAncestor(view.remote, to, main)) === true)
      return commit(landed(view, was, main, now));
  }
  return undefined;
}
