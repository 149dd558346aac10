/** Reads the records that people ask for, and says which one is missing. Views read; they never decide. */
import type { Bead, BeadSpec } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { refuse } from '../../core/errors.ts';
import type { EventRecord } from '../../core/events.ts';
import { isConvoyId, keys, parseBeadId, partitions, prefixes } from '../../core/keys.ts';
import type { Blobs, Ledger } from '../../core/ports.ts';
import { recordOf } from '../../core/step.ts';
import { queryAll } from '../platform/query-all.ts';

export async function loadConvoy(ledger: Ledger, id: string): Promise<Convoy> {
  const item = isConvoyId(id) ? recordOf<Convoy>(await ledger.get(keys.convoy(id))) : undefined;
  if (item) return item.body;
  throw refuse(404, 'CONVOY_UNKNOWN', `No convoy "${id}".`, 'gt convoy list shows the convoys.');
}

export async function findBead(ledger: Ledger, id: string): Promise<Bead | undefined> {
  if (!parseBeadId(id)) return undefined;
  const bead = recordOf<Bead>(await ledger.get(keys.bead(id)))?.body;
  // The key holds convoy and number only: the prefix must be the bead's own.
  return bead?.id === id ? bead : undefined;
}

export async function loadBead(ledger: Ledger, id: string): Promise<Bead> {
  const bead = await findBead(ledger, id);
  if (bead) return bead;
  throw refuse(404, 'BEAD_UNKNOWN', `No bead "${id}".`, 'gt bead list --convoy <id> shows the beads of a convoy.');
}

export const beadsOf = async (ledger: Ledger, convoy: string): Promise<Bead[]> =>
  (await queryAll<Bead>(ledger, partitions.convoy(convoy), { prefix: prefixes.beads })).map((item) => item.body);

export async function specOf({ ledger, blobs }: { ledger: Ledger; blobs: Blobs }, id: string): Promise<BeadSpec> {
  const spec = recordOf<BeadSpec>(await ledger.get(keys.beadSpec(id)))?.body;
  if (!spec)
    throw refuse(404, 'BEAD_SPEC_UNKNOWN', `Bead "${id}" has no spec.`, 'Its plan was not written yet: ask again.');
  const bytes = spec.blob === undefined ? undefined : await blobs.get(spec.blob);
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as BeadSpec) : spec;
}

export const historyOf = async (ledger: Ledger, id: string): Promise<(EventRecord & { id: string })[]> => {
  const prefix = prefixes.history(id);
  const items = await queryAll<EventRecord>(ledger, keys.bead(id).pk, { prefix });
  return items.map((item) => ({ ...item.body, id: item.sk.slice(prefix.length) }));
};

/** Ids of the rig's beads in line, in order. */
export async function lineOf(ledger: Ledger, rig: string, limit: number): Promise<string[]> {
  const items = await queryAll(ledger, partitions.rig(rig), { prefix: prefixes.ready, limit });
  return items.slice(0, limit).map((item) => item.sk.slice(item.sk.lastIndexOf('#') + 1));
}
