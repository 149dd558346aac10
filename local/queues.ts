/**
 * SQS and its Lambda trigger in one process: what waits is in memory, and rebuilt from the record after a restart. An
 * idle queue delivers in the turn in which it was sent to; nothing polls.
 */
import type { BatchResponse, QueueEvent } from '../core/deliveries.ts';
import { PortRefused } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Clock, Ids, Instant, Message, Queues } from '../core/ports.ts';
import { bodyOf } from '../core/queue-refusals.ts';
import type { QueueName, queues as townQueues } from '../core/wiring.ts';
import { type Batch, fifoLine, type Line, type QueuedMessage, standardLine } from './queues/lines.ts';

type QueueWiring = Omit<(typeof townQueues)[QueueName], 'feeds'>;

export type QueueHandler = (event: QueueEvent) => Promise<BatchResponse | undefined> | Promise<void>;

export interface QueuesOptions {
  readonly wiring: Readonly<Record<string, QueueWiring>>;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'ulid'>;
  /** A failed message is delivered again after this. One whose handler never answers: after its visibility timeout. */
  readonly redeliverMs?: number;
  /** Told of every batch whose handler threw, answered nonsense or did not answer in time. */
  readonly onFailure?: (queue: string, error: unknown) => void;
}

interface DeadLetter {
  readonly messageId: string;
  readonly body: string;
  readonly group?: string;
  readonly receives: number;
}

export interface LocalQueues extends Queues {
  /** Feeds the queue to `handler`, from now on; once per queue. */
  consume(queue: string, handler: QueueHandler): void;
  /** No message waits, is delayed, in flight or to be delivered again. Dead letters do not count. */
  idle(): boolean;
  /** Resolves as soon as `idle()`, or when closed. */
  drained(): Promise<void>;
  /** What was given up after `receivesMax` deliveries, oldest first. */
  dead(queue: string): readonly DeadLetter[];
  /** Delivers nothing more; resolves when the handlers under way have answered. */
  close(): Promise<void>;
}

interface Queue {
  readonly name: string;
  readonly wiring: QueueWiring;
  readonly line: Line;
  /** Deduplication ids and when they are forgotten, oldest first. */
  readonly seen: Map<string, Instant>;
  readonly dead: DeadLetter[];
  handler?: QueueHandler;
  inFlight: number;
}

const eventOf = (batch: Batch): QueueEvent => ({
  Records: batch.map(({ messageId, body, group, receives }) => ({
    messageId,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      ...(group === undefined ? {} : { MessageGroupId: group }),
    },
  })),
});

/** The messages to deliver again. Like Lambda: an answer that names a message it was not given fails the whole batch. */
function failedOf(batch: Batch, response: BatchResponse | undefined): Batch {
  const named = new Set(response?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const failed = batch.filter(({ messageId }) => named.has(messageId));
  if (failed.length < named.size) throw new Error('batchItemFailures names a message that was not in the batch');
  return failed;
}

/** True if `dedup` was sent within the last five minutes; remembers it if not. */
function isRepeat({ seen }: Queue, dedup: string, now: Instant): boolean {
  for (const [id, until] of seen) {
    if (until > now) break;
    seen.delete(id);
  }
  if (seen.has(dedup)) return true;
  seen.set(dedup, now + limits.dedupKeptMs);
  return false;
}

export function makeQueues(options: QueuesOptions): LocalQueues {
  const { clock, ids, redeliverMs = limits.localRedeliverMs, onFailure } = options;
  const queues = new Map(
    Object.entries(options.wiring).map(([name, wiring]): [string, Queue] => {
      const line = wiring.type === 'fifo' ? fifoLine(wiring.batchSize) : standardLine(wiring.batchSize);
      return [name, { name, wiring, line, seen: new Map(), dead: [], inFlight: 0 }];
    }),
  );
  const underWay = new Set<Promise<unknown>>();
  const sleeping = new Set<AbortController>();
  let waitingForDrain: (() => void)[] = [];
  let live = 0;
  let closed = false;

  const queueOf = (name: string): Queue => {
    const queue = queues.get(name);
    if (!queue)
      throw new PortRefused('QUEUE_UNKNOWN', `no queue "${name}"; there are ${[...queues.keys()].join(', ')}`);
    return queue;
  };

  /** A pause that `close` ends, and that `controller` may end. */
  async function pause(ms: number, controller = new AbortController()): Promise<void> {
    if (closed) return;
    sleeping.add(controller);
    await clock.sleep(ms, controller.signal);
    sleeping.delete(controller);
  }

  function leave(count: number): void {
    live -= count;
    if (live === 0) releaseWaiting();
  }

  function releaseWaiting(): void {
    for (const resolve of waitingForDrain) resolve();
    waitingForDrain = [];
  }

  /** What the handler left to be delivered again, and whether the visibility timeout has passed already. */
  async function handle(queue: Queue, handler: QueueHandler, batch: Batch): Promise<{ failed: Batch; late: boolean }> {
    const answered = new AbortController();
    const answer = (async () => failedOf(batch, (await handler(eventOf(batch))) || undefined))();
    const ended: Promise<unknown> = Promise.allSettled([answer]).then(() => underWay.delete(ended));
    underWay.add(ended);
    const { visibilitySeconds } = queue.wiring;
    const timeout = pause(visibilitySeconds * 1000, answered).then(() => 'late' as const);
    try {
      const failed = await Promise.race([answer, timeout]);
      if (failed !== 'late') return { failed, late: false };
      if (!closed) onFailure?.(queue.name, new Error(`no answer within ${visibilitySeconds} s`));
      return { failed: batch, late: true };
    } catch (error) {
      onFailure?.(queue.name, error);
      return { failed: batch, late: false };
    } finally {
      // With a reason of its own: the standard one is an error with a stack, at each delivery.
      answered.abort('answered');
    }
  }

  async function deliver(queue: Queue, handler: QueueHandler, batch: Batch): Promise<void> {
    for (const message of batch) message.receives += 1;
    const { failed, late } = await handle(queue, handler, batch);
    queue.inFlight -= 1;
    if (closed) return;
    const isDead = ({ receives }: QueuedMessage) => receives >= queue.wiring.receivesMax;
    queue.dead.push(...failed.filter(isDead).map((message) => ({ ...message })));
    const again = failed.filter((message) => !isDead(message));
    if (again.length > 0 && !late) {
      pump(queue);
      await pause(redeliverMs);
    }
    queue.line.settle(batch, again);
    pump(queue);
    leave(batch.length - again.length);
  }

  function pump(queue: Queue): void {
    const { handler, line, wiring } = queue;
    while (!closed && handler && queue.inFlight < wiring.concurrencyMax) {
      const batch = line.take();
      if (!batch) return;
      queue.inFlight += 1;
      void deliver(queue, handler, batch);
    }
  }

  async function enqueue(queue: Queue, message: QueuedMessage, delayMs: number): Promise<void> {
    live += 1;
    if (delayMs > 0) await pause(delayMs);
    queue.line.add(message);
    queueMicrotask(() => pump(queue));
  }

  return {
    async send(message: Message) {
      const queue = queueOf(message.queue);
      const body = bodyOf(message, queue.wiring.type);
      const { group, dedup, delaySeconds = 0 } = message;
      if (dedup !== undefined && isRepeat(queue, dedup, clock.now())) return;
      const queued = { messageId: ids.ulid(), body, receives: 0, ...(group === undefined ? {} : { group }) };
      void enqueue(queue, queued, delaySeconds * 1000);
    },
    consume(name, handler) {
      const queue = queueOf(name);
      if (queue.handler) throw new Error(`BUG: queue ${name} has a consumer already`);
      queue.handler = handler;
      queueMicrotask(() => pump(queue));
    },
    idle: () => live === 0,
    drained: () =>
      live === 0 || closed ? Promise.resolve() : new Promise((resolve) => void waitingForDrain.push(resolve)),
    dead: (name) => [...queueOf(name).dead],
    async close() {
      closed = true;
      for (const controller of sleeping) controller.abort();
      releaseWaiting();
      await Promise.allSettled(underWay);
    },
  };
}
