import { refuse, type TownError } from '../../core/errors.ts';
import { keys, partitions } from '../../core/keys.ts';
import { clip, didYouMean, suggester } from '../../core/nearest.ts';
import type { Item, Ledger } from '../../core/ports.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf } from '../../core/step.ts';
import { queryAll } from '../platform/query-all.ts';

/** The rig of this name. Throws RIG_UNKNOWN, with the nearest name there is. */
export async function loadRig(ledger: Ledger, name: string): Promise<Item<Rig>> {
  const item = recordOf<Rig>(await ledger.get(keys.rig(name)));
  if (item) return item;
  throw unknownRig(name, await rigNames(ledger));
}

export const rigNames = async (ledger: Ledger): Promise<string[]> =>
  (await queryAll(ledger, partitions.rigs)).map(({ sk }) => sk);

export function unknownRig(name: string, names: readonly string[]): TownError {
  const near = didYouMean(suggester(names)(name));
  return refuse(
    404,
    'RIG_UNKNOWN',
    `No rig "${clip(name)}".${near}`,
    `Add it: gt rig add ${clip(name) || '<name>'} <url>.`,
  );
}
