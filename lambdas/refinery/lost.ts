import { partitions, prefixes } from '../../core/keys.ts';
import type { Oid } from '../../core/ports.ts';
import type { Landing } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import type { Tick } from './tick.ts';

/** Landings looked back over when main was rewritten: each costs a question to git. */
const landingsLookedAt = 25;

/** The beads of late that had landed and that main does not contain any more, newest first. */
export async function lostBeads(tick: Tick, view: QueueView, main: Oid | undefined): Promise<readonly string[]> {
  const page = await tick.deps.ledger.query(partitions.queue(view.rig, view.target), {
    prefix: prefixes.landings,
    reverse: true,
    limit: landingsLookedAt,
  });
  const lost: string[] = [];
  for (const item of page.items) {
    const landing = recordOf<Landing>(item)?.body;
    if (landing?.state !== 'done') continue;
    // An older one that is still there vouches for everything before it.
    if (main !== undefined && (await tick.deps.repo.isAncestor(view.remote, landing.to, main)) === true) break;
    lost.push(...landing.members.map((member) => member.bead));
  }
  return lost;
}
