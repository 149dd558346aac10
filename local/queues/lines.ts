/** Who stands in line, and which messages may go next: all of SQS's order and exclusion is here. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** FIFO queues only. */
  readonly group?: string;
  receives: number;
}

export type Batch = readonly QueuedMessage[];

export interface Line {
  /** At the end of the line. */
  add(message: QueuedMessage): void;
  /** The next messages that may be delivered together, at least one; `undefined` if none may go now. */
  take(): Batch | undefined;
  /** What was taken is done with; `again`, a part of it, stands in line again. */
  settle(batch: Batch, again: Batch): void;
}

export function standardLine(batchSize: number): Line {
  const ready: QueuedMessage[] = [];
  return {
    add: (message) => void ready.push(message),
    take: () => (ready.length > 0 ? ready.splice(0, batchSize) : undefined),
    settle: (_, again) => void ready.push(...again),
  };
}

/** A batch is of one group, in order; a group with a batch in flight waits; groups take turns. */
export function fifoLine(batchSize: number): Line {
  const groups = new Map<string, QueuedMessage[]>();
  const inFlight = new Set<string>();
  /** Groups that may go, in the order in which they began to wait. */
  const turns = new Set<string>();
  const messagesOf = (group: string): QueuedMessage[] => {
    const messages = groups.get(group) ?? [];
    groups.set(group, messages);
    return messages;
  };
  return {
    add(message) {
      const group = message.group ?? '';
      messagesOf(group).push(message);
      if (!inFlight.has(group)) turns.add(group);
    },
    take() {
      const [group] = turns;
      if (group === undefined) return undefined;
      turns.delete(group);
      inFlight.add(group);
      return messagesOf(group).splice(0, batchSize);
    },
    settle(batch, again) {
      const group = batch[0]?.group ?? '';
      const messages = messagesOf(group);
      messages.unshift(...again);
      inFlight.delete(group);
      if (messages.length > 0) turns.add(group);
      else groups.delete(group);
    },
  };
}
