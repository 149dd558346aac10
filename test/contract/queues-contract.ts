/** What every pair of queues does, and refuses. Times are given by the one who runs it: SQS is slower than a laptop. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { BatchResponse, QueueEvent, QueueRecord } from '../../core/deliveries.ts';
import { limits } from '../../core/limits.ts';
import type { Json, Message, Queues } from '../../core/ports.ts';
import { fresh } from './fresh.ts';
import { latch } from './latch.ts';

export interface QueuesUnderTest {
  readonly queues: Queues;
  /** Names of a standard and a FIFO queue, both with `batchSize` 3 or more and `receivesMax` 3 or more. */
  readonly standard: string;
  readonly fifo: string;
  /** Called once per queue, before anything is sent. */
  consume(queue: string, handler: (event: QueueEvent) => Promise<BatchResponse | undefined>): void;
  dispose(): Promise<void>;
}

interface QueuesContractOptions {
  /** A message is delivered, also again, within this. */
  readonly withinMs: number;
  /** Long enough to see that nothing more comes. */
  readonly quietMs: number;
}

type Handler = (records: readonly QueueRecord[]) => Promise<BatchResponse | undefined>;

const valueIn = (record: QueueRecord): Json => (JSON.parse(record.body) as { value: Json }).value;
const values = (records: readonly QueueRecord[]): Json[] => records.map(valueIn);
const failing = (...records: readonly (QueueRecord | undefined)[]): BatchResponse => ({
  batchItemFailures: records.flatMap((record) => (record ? [{ itemIdentifier: record.messageId }] : [])),
});

export function queuesContract(
  name: string,
  make: () => Promise<QueuesUnderTest>,
  { withinMs, quietMs }: QueuesContractOptions,
): void {
  // A slow machine fails with the claim that did not hold, not with the runner's own time limit.
  jest.setTimeout(4 * (withinMs + quietMs));
  describe(`the queues, ${name}`, () => {
    let made: QueuesUnderTest;
    /** One handler per test: a body names its test. */
    const handlers = new Map<string, Handler>();
    beforeAll(async () => {
      made = await make();
      for (const queue of [made.standard, made.fifo]) made.consume(queue, dispatch);
    });
    afterAll(() => made.dispose());

    async function dispatch({ Records }: QueueEvent): Promise<BatchResponse> {
      const tests = new Set(Records.map(({ body }) => (JSON.parse(body) as { test: string }).test));
      const failures: BatchResponse['batchItemFailures'][number][] = [];
      for (const one of tests) {
        const records = Records.filter(({ body }) => (JSON.parse(body) as { test: string }).test === one);
        failures.push(...((await handlers.get(one)?.(records))?.batchItemFailures ?? []));
      }
      return { batchItemFailures: failures };
    }

    /** Registers the handler of one test; returns how to send to it. */
    function serve(handler: Handler) {
      const id = fresh('t');
      handlers.set(id, handler);
      const send = (fields: Omit<Message, 'queue' | 'body'> & { queue?: string }, value: Json) =>
        made.queues.send({ queue: made.standard, ...fields, body: { test: id, value } });
      return {
        standard: (value: Json, fields: { delaySeconds?: number } = {}) => send(fields, value),
        fifo: (group: string, value: Json, dedup = fresh('d')) =>
          send({ queue: made.fifo, group: `${id}/${group}`, dedup }, value),
      };
    }

    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

    async function until(holds: () => boolean): Promise<void> {
      const deadline = Date.now() + withinMs;
      while (!holds() && Date.now() < deadline) await pause(5);
      expect(holds()).toBe(true);
    }

    test('a message arrives with its body, its id and how often it was received', async () => {
      const got: QueueRecord[] = [];
      const sender = serve(async (records) => void got.push(...records) as undefined);
      const value = { text: 'żółć\n"🚂"', list: [1, null] };
      await sender.standard(value);
      await sender.fifo('g', value);
      await until(() => got.length === 2);
      expect(values(got)).toEqual([value, value]);
      expect(got.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1', '1']);
      expect(new Set(got.map(({ messageId }) => messageId)).size).toBe(2);
      expect(got.filter(({ attributes }) => attributes.MessageGroupId?.endsWith('/g'))).toHaveLength(1);
    });

    test('a delayed message does not come before its time', async () => {
      const at: number[] = [];
      const sender = serve(async () => void at.push(Date.now()) as undefined);
      const sent = Date.now();
      await sender.standard('later', { delaySeconds: 1 });
      await until(() => at.length === 1);
      expect((at[0] ?? 0) - sent).toBeGreaterThanOrEqual(900);
    });

    test('a message whose handler throws comes again, and counts', async () => {
      const counts: string[] = [];
      const sender = serve(async ([record]) => {
        counts.push(record?.attributes.ApproximateReceiveCount ?? '');
        if (counts.length === 1) throw new Error('the first time fails');
        return undefined;
      });
      await sender.standard('x');
      await until(() => counts.length === 2);
      expect(counts).toEqual(['1', '2']);
      await pause(quietMs);
      expect(counts).toHaveLength(2);
    });

    test('of a batch only the messages that are named as failed come again', async () => {
      const times = new Map<Json, number>();
      const sender = serve(async (records) => {
        for (const value of values(records)) times.set(value, (times.get(value) ?? 0) + 1);
        return failing(...records.filter((record) => valueIn(record) === 'bad' && times.get('bad') === 1));
      });
      await Promise.all(['good', 'bad', 'fine'].map((value) => sender.standard(value)));
      await until(() => times.get('bad') === 2 && times.size === 3);
      await pause(quietMs);
      expect(Object.fromEntries(times)).toEqual({ good: 1, bad: 2, fine: 1 });
    });

    test('messages of one group are handled one batch at a time, in the order they were sent', async () => {
      const got: Json[] = [];
      const groups = new Set<string | undefined>();
      let running = 0;
      let most = 0;
      const sender = serve(async (records) => {
        running += 1;
        most = Math.max(most, running);
        for (const { attributes } of records) groups.add(attributes.MessageGroupId);
        await pause(5);
        got.push(...values(records));
        running -= 1;
        return undefined;
      });
      const sent = Array.from({ length: 20 }, (_, i) => i);
      for (const value of sent) await sender.fifo('one', value);
      await until(() => got.length === sent.length);
      expect(got).toEqual(sent);
      expect(most).toBe(1);
      expect(groups.size).toBe(1);
    });

    test('a group that is busy does not hold up another', async () => {
      const got: Json[] = [];
      const finish = latch();
      const sender = serve(async (records) => {
        if (valueIn(records[0] as QueueRecord) === 'slow') await finish.opened;
        got.push(...values(records));
        return undefined;
      });
      await sender.fifo('slow', 'slow');
      await sender.fifo('slow', 'after slow');
      await sender.fifo('quick', 'quick');
      await until(() => got.length === 1);
      expect(got).toEqual(['quick']);
      finish.open();
      await until(() => got.length === 3);
      expect(got).toEqual(['quick', 'slow', 'after slow']);
    });

    test('a failed FIFO message and what was behind it come again in order, and their group waits', async () => {
      const tries: Json[][] = [];
      let hasFailed = false;
      const sender = serve(async (records) => {
        tries.push(values(records));
        const at = hasFailed ? -1 : records.findIndex((record) => valueIn(record) === 2);
        if (at < 0) return undefined;
        hasFailed = true;
        return failing(...records.slice(at));
      });
      for (const value of [1, 2, 3, 4]) await sender.fifo('g', value);
      const seenTwice = (): boolean => tries.flat().filter((value) => value === 2).length === 2;
      await until(() => seenTwice() && tries.flat().at(-1) === 4);
      await pause(quietMs);
      const all = tries.flat();
      const afterFailure = all.slice(all.indexOf(2) + 1).filter((value) => value !== 1);
      expect(all.filter((value) => value === 1)).toHaveLength(1);
      expect(all.filter((value) => value === 2)).toHaveLength(2);
      // Whatever was in the failed batch is seen again; the order after the failure is that of sending.
      expect(afterFailure.slice(afterFailure.lastIndexOf(2))).toEqual([2, 3, 4]);
    });

    test('a repeated deduplication id is dropped, also after the first was handled', async () => {
      const got: Json[] = [];
      const sender = serve(async (records) => void got.push(...values(records)) as undefined);
      const dedup = fresh('d');
      await sender.fifo('g', 'first', dedup);
      await until(() => got.length === 1);
      await sender.fifo('g', 'again', dedup);
      await sender.fifo('other', 'in another group', dedup);
      await sender.fifo('g', 'last');
      await until(() => got.includes('last'));
      await pause(quietMs);
      expect(got.sort()).toEqual(['first', 'last']);
    });

    describe('refusals', () => {
      const refused = (
        message: Omit<Message, 'body' | 'queue'> & { body?: Json; queue?: string },
        type: 'standard' | 'fifo',
      ) =>
        expect(made.queues.send({ queue: made[type], body: 1, ...message })).rejects.toMatchObject({
          name: 'PortRefused',
        });
      const id = { group: 'g', dedup: 'd' };

      test('an unknown queue is refused', () => refused({ queue: 'no-such-queue' }, 'standard'));
      test('a body over 256 KB is refused', async () => {
        await refused({ body: 'x'.repeat(limits.messageBytesMax) }, 'standard');
        await refused({ body: 'é'.repeat(limits.messageBytesMax / 2), ...id }, 'fifo');
      });
      test('a body that is not JSON is refused', () => refused({ body: undefined as unknown as Json }, 'standard'));
      test('a delay over 15 minutes, below 0 or of a part of a second is refused', async () => {
        for (const delaySeconds of [901, -1, 0.5, Number.NaN]) await refused({ delaySeconds }, 'standard');
      });
      test('group, dedup and delay belong to one type of queue each', async () => {
        await refused({ group: 'g' }, 'standard');
        await refused({ dedup: 'd' }, 'standard');
        await refused({ ...id, delaySeconds: 1 }, 'fifo');
      });
      test('a FIFO message without group or dedup is refused', async () => {
        await refused({ group: 'g' }, 'fifo');
        await refused({ dedup: 'd' }, 'fifo');
      });
      test.each(['', 'a b', 'é', 'tab\t', 'x'.repeat(129)])('group and dedup %j are refused', async (bad) => {
        await refused({ ...id, group: bad }, 'fifo');
        await refused({ ...id, dedup: bad }, 'fifo');
      });
      test('128 letters, digits and punctuation marks make a group', async () => {
        const group = `a0!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~${fresh('')}`.padEnd(128, 'x');
        let handled = false;
        const one = fresh('t');
        handlers.set(one, async () => {
          handled = true;
          return undefined;
        });
        await made.queues.send({ queue: made.fifo, body: { test: one, value: 1 }, group, dedup: group });
        await until(() => handled);
      });
    });
  });
}
