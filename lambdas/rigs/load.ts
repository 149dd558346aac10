import { refuse, type TownError } from '../../core/errors.ts';
import { keys, partitions } from '../../core/keys.ts';
import { clip, didYouMean, suggester } from '../../core/nearest.ts';
import type { Item, Ledger } from '../../core/ports.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf } from '../../core/step.ts';

/** The rig of this name. Throws RIG_UNKNOWN, with the nearest name there is. */
export async function loadRig(ledger: Ledger, name: string): Promise<Item<Rig>> {
  const item = recordOf<Rig>(await ledger.get(keys.rig(name)));
  if (item) return item;
  throw unknownRig(name, await rigNames(ledger));
}

export async function rigNames(ledger: Ledger): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ledger.query(partitions.rigs, after === undefined ? {} : { after });
    names.push(...page.items.map((item) => item.sk));
    if (page.next === undefined) return names;
    after = page.next;
  }
}

export function unknownRig(name: string, names: readonly string[]): TownError {
  const near = didYouMean(suggester(names)(name));
  return refuse(
    404,
    'RIG_UNKNOWN',
    `No rig "${clip(name)}".${near}`,
    `Add it: gt rig add ${clip(name) || '<name>'} <url>.`,
  );
}
