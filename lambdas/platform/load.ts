/** Reads of records that several commands need, typed by the key they stand under. */
import type { Bead, BeadSpec } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import { refuse } from '../../core/errors.ts';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { escalationKeyOf } from '../../core/escalations/open.ts';
import type { MoleculeRecord } from '../../core/formulas/progress.ts';
import { type BeadId, type ConvoyId, keys, partitions, prefixes } from '../../core/keys.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import type { Blobs, Instant, Item, Key, Ledger } from '../../core/ports.ts';
import { configOf } from '../../core/rigs/config.ts';
import type { Rig, RigConfig } from '../../core/rigs/rig.ts';
import type { Cause } from '../../core/runbooks.ts';
import type { Breaker, Capacity, DayBudget, Switch } from '../../core/scheduler/records.ts';
import { recordOf } from '../../core/step.ts';

const read = async <Body>(ledger: Ledger, key: Key): Promise<Item<Body> | undefined> =>
  recordOf<Body>(await ledger.get(key));

export const load = {
  bead: (ledger: Ledger, id: BeadId) => read<Bead>(ledger, keys.bead(id)),
  molecule: (ledger: Ledger, id: BeadId) => read<MoleculeRecord>(ledger, keys.molecule(id)),
  convoy: (ledger: Ledger, id: ConvoyId) => read<Convoy>(ledger, keys.convoy(id)),
  polecat: (ledger: Ledger, name: string) => read<Polecat>(ledger, keys.polecat(name)),
  /** The last beat of this polecat; nothing if the name's last beat is of an earlier bearer. */
  async beat(ledger: Ledger, { name, bead, attempt }: Polecat): Promise<Item<Beat> | undefined> {
    const beat = await read<Beat>(ledger, keys.beat(name));
    return beat?.body.bead === bead && beat.body.attempt === attempt ? beat : undefined;
  },
  rig: (ledger: Ledger, name: string) => read<Rig>(ledger, keys.rig(name)),
  estop: (ledger: Ledger) => read<Switch>(ledger, keys.estop()),
  breaker: (ledger: Ledger) => read<Breaker>(ledger, keys.breaker()),
  capacity: (ledger: Ledger) => read<Capacity>(ledger, keys.capacity()),
  budget: (ledger: Ledger, at: Instant) => read<DayBudget>(ledger, keys.budget(at)),
  escalation: (ledger: Ledger, cause: Cause) => read<Escalation>(ledger, escalationKeyOf(cause)),

  /** Every bead of a convoy, in order. At most `limits.beadsPerConvoyMax` of them, a page at a time. */
  async beads(ledger: Ledger, convoy: ConvoyId): Promise<Item<Bead>[]> {
    const beads: Item<Bead>[] = [];
    for (let after: string | undefined; ; ) {
      const page = await ledger.query(partitions.convoy(convoy), {
        prefix: prefixes.beads,
        ...(after ? { after } : {}),
      });
      beads.push(...page.items.map((item) => item as unknown as Item<Bead>));
      if (page.next === undefined) return beads;
      after = page.next;
    }
  },

  /** The rig and its configuration; it must exist. */
  async rigConfig(ledger: Ledger, name: string): Promise<{ rig: Rig; config: RigConfig }> {
    const rig = await load.rig(ledger, name);
    if (!rig) throw refuse(404, 'RIG_UNKNOWN', `There is no rig "${name}".`, `Add it with gt rig add ${name} <url>.`);
    return { rig: rig.body, config: configOf(rig.body) };
  },

  /** The bead's spec, from its item or, when it was too long for one, from the blob store. */
  async spec(ledger: Ledger, blobs: Blobs, id: BeadId): Promise<BeadSpec> {
    const item = await read<BeadSpec>(ledger, keys.beadSpec(id));
    if (!item) throw new Error(`BUG: bead ${id} has no spec`);
    if (item.body.blob === undefined) return item.body;
    const bytes = await blobs.get(item.body.blob);
    if (!bytes) throw new Error(`BUG: the spec of ${id} is gone: blob ${item.body.blob}`);
    return JSON.parse(new TextDecoder().decode(bytes)) as BeadSpec;
  },
};
