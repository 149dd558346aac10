/**
 * A change that does not fit its target gets a resolver, or goes back to its author. A move of the tick and no effect:
 * the resolver is told what git says of both sides, and only the Refinery has git.
 */
import type { Instant, Item } from '../../core/ports.ts';
import { withdrawStale } from '../../core/refinery/candidates.ts';
import {
  askResolver,
  backInLine,
  goneFrom,
  sendBack,
  waitsFor,
  whyUnresolvable,
} from '../../core/refinery/conflict/resolver.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { load } from '../platform/load.ts';
import { landedSince } from './landed-since.ts';
import { noTarget, unexpected } from './testing.ts';
import { commit, type Done, readMain, type Tick } from './tick.ts';

/** On the target as it is now, not as it was when the conflict was met: it may have gone, or have grown. */
export async function resolveConflict(
  tick: Tick,
  view: QueueView,
  was: Item<MergeRequest>,
  now: Instant,
): Promise<Done> {
  const { ledger, repo } = tick.deps;
  const { bead, convoy: convoyId, head } = was.body;
  const [author, convoy] = await Promise.all([load.bead(ledger, bead), load.convoy(ledger, convoyId)]);
  const wanted = author && convoy && convoy.body.status !== 'cancelled' && waitsFor(author.body, was.body);
  if (!wanted) return commit(withdrawStale(view, [was], now));
  const base = tick.main === undefined ? await readMain(tick, view) : (tick.main ?? undefined);
  const moved = await unexpected(tick, view, base, now);
  if (moved) return moved;
  if (base === undefined) return noTarget(view, now);
  const report = await repo.conflictOf(view.remote, { base, head });
  // Whatever else is wrong with it, the next build finds and names.
  if (report.found !== 'conflict') return commit(backInLine(view, was, goneFrom(view.target, base), now));
  const { config } = await load.rigConfig(ledger, view.rig);
  const why = whyUnresolvable(was.body, config);
  if (why !== undefined) return commit(sendBack(view, was, report, why, now));
  const landed = await landedSince(tick, view, { head, paths: report.paths, onlyShared: true });
  const last = (await load.beads(ledger, convoyId)).at(-1)?.body.n ?? 0;
  const against = landed.map((other) => other.bead);
  return commit(askResolver(view, was, { author, convoy, last, base, report, against }, now));
}
