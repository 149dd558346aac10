/** The feed: what happened in the town, oldest first. Kept by the hour, so reading walks the hours. */
import { decodeTime } from 'ulid';
import { refuse } from '../../core/errors.ts';
import type { EventRecord } from '../../core/events.ts';
import { partitions } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Item, Ledger } from '../../core/ports.ts';

export interface FeedEvent extends EventRecord {
  /** Its place in the feed: pass it as `since` to go on after it. */
  readonly id: string;
}

const hourMs = 60 * 60 * 1000;
/** Without `since`, the newest events of the last two days. */
const hoursBackMax = 48;
const placePattern = /^[0-9A-HJKMNP-TV-Z]{26}(-\d{3})?$/;

/** Events after `since`, or the newest ones; at most `limit`. */
export async function readFeed(
  ledger: Ledger,
  options: { now: Instant; since?: string | undefined; limit: number },
): Promise<FeedEvent[]> {
  return options.since === undefined
    ? newest(ledger, options.now, options.limit)
    : after(ledger, options.now, options.since, options.limit);
}

async function newest(ledger: Ledger, now: Instant, limit: number): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for (let hours = 0; hours < hoursBackMax && events.length < limit; hours += 1) {
    const pk = partitions.feed(now - hours * hourMs);
    for (let page = await ledger.query(pk, { reverse: true, limit: limit - events.length }); ; ) {
      events.push(...page.items.map(eventOf));
      if (page.next === undefined || events.length >= limit) break;
      page = await ledger.query(pk, { reverse: true, limit: limit - events.length, after: page.next });
    }
  }
  return events.reverse();
}

async function after(ledger: Ledger, now: Instant, since: string, limit: number): Promise<FeedEvent[]> {
  if (!placePattern.test(since)) {
    throw refuse(
      400,
      'CURSOR_INVALID',
      `"${since}" is no place in the feed.`,
      'Pass the id of the last event you have.',
    );
  }
  const events: FeedEvent[] = [];
  // A commit's id is drawn just before or after its instant: at a full hour it may stand in the hour beside it.
  const from = Math.max(decodeTime(since.slice(0, 26)) - 60_000, now - limits.feedKeptMs);
  for (let at = from - (from % hourMs); at <= now + 60_000 && events.length < limit; at += hourMs) {
    for (let place: string | undefined = since; place !== undefined && events.length < limit; ) {
      const page = await ledger.query(partitions.feed(at), { after: place, limit: limit - events.length });
      events.push(...page.items.map(eventOf));
      place = page.next;
    }
  }
  return events;
}

const eventOf = (item: Item): FeedEvent => ({ ...(item.body as unknown as EventRecord), id: item.sk });
