/** Convoys, newest first. They are listed by month, so a page may walk back over months without any. */
import type { Convoy } from '../../core/convoys/convoy.ts';
import { refuse } from '../../core/errors.ts';
import { keys, monthOf, partitions } from '../../core/keys.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import { recordOf } from '../../core/step.ts';

const monthsBackMax = 13;
const cursorPattern = /^(\d{4}-\d{2})~(.{0,80})$/;

export interface ConvoyPage {
  readonly convoys: readonly Convoy[];
  readonly next?: string;
}

export async function listConvoys(
  ledger: Ledger,
  options: { now: Instant; limit: number; cursor?: string | undefined; month?: string | undefined },
): Promise<ConvoyPage> {
  let [month, after] = startOf(options);
  const convoys: Convoy[] = [];
  for (let months = 0; months < monthsBackMax; months += 1) {
    const wanted = options.limit - convoys.length;
    const page = await ledger.query(partitions.convoys(month), {
      reverse: true,
      limit: wanted,
      ...(after ? { after } : {}),
    });
    const ids = page.items.map((item) => item.sk.slice(item.sk.lastIndexOf('#') + 1));
    const items = await Promise.all(ids.map((id) => ledger.get(keys.convoy(id))));
    convoys.push(...items.flatMap((item) => recordOf<Convoy>(item)?.body ?? []));
    if (page.next !== undefined) return { convoys, next: `${month}~${page.next}` };
    if (options.month !== undefined) return { convoys };
    month = monthBefore(month);
    after = '';
    if (convoys.length >= options.limit) return { convoys, next: `${month}~` };
  }
  return { convoys };
}

function startOf(options: { now: Instant; cursor?: string | undefined; month?: string | undefined }): [string, string] {
  if (options.cursor === undefined) return [options.month ?? monthOf(options.now), ''];
  const [, month = '', after = ''] = cursorPattern.exec(options.cursor) ?? [];
  if (month !== '') return [month, after];
  throw refuse(
    400,
    'CURSOR_INVALID',
    `"${options.cursor}" is no cursor.`,
    'Pass the `next` of the page before, as it is.',
  );
}

function monthBefore(month: string): string {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return number === 1 ? `${year - 1}-12` : `${year}-${String(number - 1).padStart(2, '0')}`;
}
