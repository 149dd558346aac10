import { describe, expect, test } from '@jest/globals';
import type { QueueEvent } from '../../core/deliveries.ts';
import type { Clock } from '../../core/ports.ts';
import { queues as townWiring } from '../../core/wiring.ts';
import { realClock } from '../../local/clock.ts';
import { realIds } from '../../local/ids.ts';
import { makeQueues, type QueuesOptions } from '../../local/queues.ts';
import { latch } from '../contract/latch.ts';
import { queuesContract } from '../contract/queues-contract.ts';

const ids = realIds(realClock);
const figures = { batchSize: 10, concurrencyMax: 10, visibilitySeconds: 360, receivesMax: 5 };
const wiring = { std: { type: 'standard', ...figures, batchSize: 3 }, fifo: { type: 'fifo', ...figures } } as const;

queuesContract(
  'in process',
  async () => {
    const queues = makeQueues({ wiring, clock: realClock, ids, redeliverMs: 20 });
    const { consume, close: dispose } = queues;
    return { queues, standard: 'std', fifo: 'fifo', consume, dispose };
  },
  { withinMs: 15_000, quietMs: 80 },
);

/** Time that only moves when a test says so. */
function manualClock() {
  let now = 1_000_000;
  let sleepers: { at: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: (ms, cancel) =>
      new Promise((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        cancel?.addEventListener('abort', () => resolve());
      }),
  };
  const advance = async (ms: number): Promise<void> => {
    now += ms;
    const due = sleepers.filter(({ at }) => at <= now);
    sleepers = sleepers.filter(({ at }) => at > now);
    for (const { wake } of due) wake();
    await turn();
  };
  return { clock, advance };
}

/** Lets everything run that needs no timer. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function town(options: Partial<QueuesOptions> = {}) {
  const { clock, advance } = manualClock();
  const queues = makeQueues({ wiring, clock, ids, ...options });
  const wake = (group: string, body = 0) => queues.send({ queue: 'fifo', body, group, dedup: ids.ulid() });
  return { queues, advance, wake };
}

const bodies = ({ Records }: QueueEvent) => Records.map(({ body }) => JSON.parse(body) as number);
const forever = () => new Promise<void>(() => {});

describe('the laptop’s queues', () => {
  test('the town’s own wiring is accepted', () => {
    expect(makeQueues({ wiring: townWiring, clock: realClock, ids }).idle()).toBe(true);
  });

  test('an idle queue delivers without waiting for any timer', async () => {
    const { queues, wake } = town();
    const got: number[][] = [];
    queues.consume('fifo', async (event) => void got.push(bodies(event)));
    await wake('g', 1);
    await Promise.resolve();
    expect(got).toEqual([[1]]);
  });

  test('wakes that come while their group is busy are handed over together', async () => {
    const { queues, wake } = town();
    const got: number[][] = [];
    const finish = latch();
    queues.consume('fifo', async (event) => {
      got.push(bodies(event));
      if (got.length === 1) await finish.opened;
    });
    for (let i = 1; i <= 14; i += 1) await wake('g', i);
    finish.open();
    await queues.drained();
    expect(got.map((batch) => batch.length)).toEqual([1, 10, 3]);
    expect(got.flat()).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  });

  test('no more batches run at once than the wiring allows, and every group has its turn', async () => {
    const { queues, wake } = town({ wiring: { fifo: { ...wiring.fifo, concurrencyMax: 2, batchSize: 1 } } });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    queues.consume('fifo', async (event) => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      order.push(...bodies(event));
      running -= 1;
    });
    for (let i = 0; i < 20; i += 1) await wake('busy', i);
    for (let i = 100; i < 104; i += 1) await wake(`g${i}`, i);
    await queues.drained();
    expect(most).toBe(2);
    expect(order).toHaveLength(24);
    expect(Math.max(...[100, 101, 102, 103].map((i) => order.indexOf(i)))).toBeLessThan(10);
  });

  test('a message that fails receivesMax times becomes a dead letter, and its group goes on', async () => {
    const failures: string[] = [];
    const { queues, wake, advance } = town({ onFailure: (queue, error) => void failures.push(`${queue}: ${error}`) });
    const counts: string[] = [];
    const good: number[] = [];
    queues.consume('fifo', async (event) => {
      if (!bodies(event).includes(13)) return void good.push(...bodies(event)) as undefined;
      counts.push(event.Records[0]?.attributes.ApproximateReceiveCount ?? '');
      throw new Error('unlucky');
    });
    await wake('g', 13);
    await turn();
    await wake('g', 14);
    for (let i = 0; i < 4; i += 1) {
      expect(queues.idle()).toBe(false);
      await advance(1000);
    }
    // The second message was in the batch from the second delivery on, so it has one try left alone.
    await advance(1000);
    await queues.drained();
    expect(counts).toEqual(['1', '2', '3', '4', '5']);
    expect(good).toEqual([14]);
    expect(queues.dead('fifo')).toMatchObject([{ body: '13', group: 'g', receives: 5 }]);
    expect(failures).toEqual(Array(5).fill('fifo: Error: unlucky'));
  });

  test('a failed message comes again after the redelivery delay, not before', async () => {
    const { queues, advance } = town({ redeliverMs: 700 });
    let tries = 0;
    queues.consume('std', async () => {
      tries += 1;
      if (tries === 1) throw new Error('once');
    });
    await queues.send({ queue: 'std', body: 1 });
    await turn();
    await advance(699);
    expect(tries).toBe(1);
    await advance(1);
    expect(tries).toBe(2);
    await queues.drained();
  });

  test('a handler that never answers loses its messages at the visibility timeout, and its late answer counts for nothing', async () => {
    const failures: string[] = [];
    const { queues, wake, advance } = town({ onFailure: (_, error) => void failures.push(String(error)) });
    let tries = 0;
    const answer = latch();
    queues.consume('fifo', async () => {
      tries += 1;
      if (tries === 1) await answer.opened;
      if (tries === 2) await forever();
    });
    await wake('g');
    await turn();
    await advance(359_999);
    expect(tries).toBe(1);
    await advance(1);
    expect(tries).toBe(2);
    answer.open();
    await turn();
    expect(queues.idle()).toBe(false);
    await advance(360_000);
    expect(tries).toBe(3);
    await queues.drained();
    expect(failures).toEqual(Array(2).fill('Error: no answer within 360 s'));
  });

  test('an answer that names a message it was not given fails the whole batch', async () => {
    const { queues, advance } = town();
    let tries = 0;
    queues.consume('std', async () => {
      tries += 1;
      return tries === 1 ? { batchItemFailures: [{ itemIdentifier: 'nobody' }] } : { batchItemFailures: [] };
    });
    await queues.send({ queue: 'std', body: 1 });
    await turn();
    await advance(1000);
    await queues.drained();
    expect(tries).toBe(2);
  });

  test('a deduplication id is forgotten after five minutes', async () => {
    const { queues, advance } = town();
    const got: number[] = [];
    queues.consume('fifo', async (event) => void got.push(...bodies(event)));
    const send = (body: number) => queues.send({ queue: 'fifo', body, group: 'g', dedup: 'same' });
    await send(1);
    await advance(299_999);
    await send(2);
    await advance(1);
    await send(3);
    await turn();
    expect(got).toEqual([1, 3]);
  });

  test('a delayed message keeps the queues from being idle until it was handled', async () => {
    const { queues, advance } = town();
    queues.consume('std', async () => {});
    await queues.send({ queue: 'std', body: 1, delaySeconds: 900 });
    await turn();
    expect(queues.idle()).toBe(false);
    await advance(900_000);
    expect(queues.idle()).toBe(true);
  });

  test('messages wait for a consumer that comes later', async () => {
    const { queues, wake } = town();
    await wake('g', 1);
    const got: number[] = [];
    queues.consume('fifo', async (event) => void got.push(...bodies(event)));
    await queues.drained();
    expect(got).toEqual([1]);
  });

  test('after close nothing is delivered, and close waits for the handlers under way', async () => {
    const { queues, wake } = town();
    const got: number[] = [];
    const finish = latch();
    queues.consume('fifo', async (event) => {
      await finish.opened;
      got.push(...bodies(event));
    });
    await wake('g', 1);
    await wake('g', 2);
    await turn();
    const closed = queues.close();
    expect(got).toEqual([]);
    finish.open();
    await closed;
    await turn();
    expect(got).toEqual([1]);
  });
});
