/** Asks git what the submitted branches touch, and which of them contain each other. */
import { keys } from '../../core/keys.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { type Looked, recordLooks } from '../../core/refinery/look.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import { openRequests, type QueueView, requestOf } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { noTarget, unexpected } from './testing.ts';
import { commit, type Done, readMain, type Tick } from './tick.ts';

export async function look(
  tick: Tick,
  view: QueueView,
  requests: readonly Item<MergeRequest>[],
  now: Instant,
): Promise<Done> {
  const base = tick.main === undefined ? await readMain(tick, view) : (tick.main ?? undefined);
  const moved = await unexpected(tick, view, base, now);
  if (moved) return moved;
  if (base === undefined) return noTarget(view, now);
  const heads = requests.map(({ body }) => body.head);
  const touched = await tick.deps.repo.changedPaths(view.remote, { base, heads });
  const open = openRequests(view).map(({ body }) => body);
  const looks = await Promise.all(
    requests.map(async (request, i): Promise<Looked> => {
      const { seq, head, after = [] } = request.body;
      const others = open.filter((other) => other.seq !== seq && other.head !== head);
      const inside =
        others.length === 0
          ? []
          : ((await tick.deps.repo.containedIn(view.remote, { base, head, others: others.map((o) => o.head) })) ?? []);
      return {
        request,
        touched: touched[i],
        after: others.flatMap((other) => (inside.includes(other.head) ? [other.seq] : [])),
        lost: await lostOf(tick, view, after),
      };
    }),
  );
  return commit(recordLooks(view, looks, now));
}

/** Beads of changes that had to go first and have left the queue without landing. */
async function lostOf({ deps }: Tick, view: QueueView, after: readonly string[]): Promise<readonly string[]> {
  const gone = after.filter((seq) => requestOf(view, seq) === undefined);
  const ended = await Promise.all(
    gone.map((seq) => deps.ledger.get(keys.endedMergeRequest(view.rig, view.target, seq))),
  );
  return ended.flatMap((item) => {
    const request = recordOf<MergeRequest>(item)?.body;
    return request && request.state !== 'landed' ? [request.bead] : [];
  });
}
