/** Ids of a seed: a ULID names the virtual time and then counts, so that order of making is order of sorting. */
import { tokenOf } from '../../../core/hash.ts';
import type { Ids, Instant } from '../../../core/ports.ts';
import type { Random } from './random.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function base32(value: number, digits: number): string {
  let text = '';
  for (let rest = value; text.length < digits; rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text;
  return text;
}

/** Of one process ULIDs never go back, as `local/ids.ts` has it; of several functions they do, with their clocks. */
export function makeIds(random: Random, now: () => Instant): Ids {
  let count = 0;
  const next = (): number => {
    count += 1;
    return count;
  };
  return {
    ulid: () => base32(now(), 10) + base32(next(), 16),
    secret: () => tokenOf(`secret ${next()} ${random.next()}`) + tokenOf(`${count}`).slice(0, 24),
    random: () => random.next(),
  };
}
