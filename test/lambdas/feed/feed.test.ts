import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keys } from '../../../core/keys.ts';
import type { Change } from '../../../core/ports.ts';
import { asJson, toCommit } from '../../../core/step.ts';
import { readFeed } from '../../../lambdas/feed/feed.ts';
import { listConvoys } from '../../../lambdas/feed/listing.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';

const hourMs = 3_600_000;
const start = Date.UTC(2026, 10, 22, 22, 30);
let ledger: LocalLedger;

beforeAll(async () => {
  ledger = await openLedger({ clock: { now: () => start } });
});
afterAll(() => ledger.close());

describe('the feed over several hours', () => {
  const times = [0, 1, 1.2, 5, 26, 26.1].map((hours) => start + hours * hourMs);
  const now = start + 27 * hourMs;

  beforeAll(async () => {
    for (const [i, at] of times.entries()) {
      const ids = realIds({ now: () => at });
      await ledger.commit(
        toCommit({ changes: [], events: [{ kind: 'test.told', who: 'x', text: `event ${i}` }] }, ids.ulid(), at),
      );
    }
  });

  const texts = async (options: { since?: string; limit: number }) =>
    (await readFeed(ledger, { now, ...options })).map((event) => event.text);

  test('is in order across hours and days', async () => {
    expect(await texts({ limit: 100 })).toEqual(times.map((_, i) => `event ${i}`));
  });

  test('shows the newest ones when there is room for few', async () => {
    expect(await texts({ limit: 3 })).toEqual(['event 3', 'event 4', 'event 5']);
  });

  test('read page by page from any event, it has no gap and no repeat', async () => {
    const [first] = await readFeed(ledger, { now, limit: 100 });
    const seen = ['event 0'];
    for (let since = first?.id ?? ''; ; ) {
      const page = await readFeed(ledger, { now, since, limit: 2 });
      seen.push(...page.map((event) => event.text));
      const last = page.at(-1);
      if (!last) break;
      since = last.id;
    }
    expect(seen).toEqual(times.map((_, i) => `event ${i}`));
  });
});

describe('convoys over several months', () => {
  test('are listed newest first across months without any, and a month can be asked for alone', async () => {
    const months = [Date.UTC(2026, 10, 5), Date.UTC(2026, 10, 3), Date.UTC(2026, 6, 9), Date.UTC(2025, 11, 31)];
    for (const [i, at] of months.entries()) {
      const id = `00000${i}`;
      const put = (key: { pk: string; sk: string }, body: object): Change => ({
        put: { ...key, body: asJson(body) },
        expect: { absent: true },
      });
      await ledger.commit({
        id: `c${i}`,
        changes: [put(keys.convoy(id), { id }), put(keys.convoyListing(at, id), { id })],
      });
    }
    const ids: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await listConvoys(ledger, { now: start, limit: 1, cursor });
      ids.push(...page.convoys.map((convoy) => convoy.id));
      if (page.next === undefined) break;
      cursor = page.next;
    }
    expect(ids).toEqual(['000000', '000001', '000002', '000003']);
    const july = await listConvoys(ledger, { now: start, limit: 10, month: '2026-07' });
    expect(july.convoys.map((convoy) => convoy.id)).toEqual(['000002']);
  });
});
