/** The convoy as the API shows it, asked for again and again until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { convoyDetailSchema, queueSchema } from '../../lambdas/api/views.ts';
import type { Client } from '../gt/client.ts';

export type ConvoyView = z.output<typeof convoyDetailSchema>;
export type BeadView = ConvoyView['beads'][number];
type QueueView = z.output<typeof queueSchema>;

export interface Snapshot {
  readonly convoy: ConvoyView;
  readonly queue: QueueView;
  readonly at: number;
}

/** Draws snapshots; `end` is called once, whatever happened. */
export interface View {
  show(snapshot: Snapshot): void;
  end(): Promise<void>;
}

const pollEveryMs = 150;
const ended: ReadonlySet<string> = new Set(['landed', 'stalled', 'cancelled']);

/** Why only a human could go on, and a demo has none: `undefined` while anything can still happen by itself. */
export function stuckBecause({ convoy, queue }: Snapshot): string | undefined {
  if (queue.paused) return `The merge queue is paused: ${queue.paused.because}`;
  const asking = convoy.beads.find(({ status }) => status === 'escalated');
  const others = convoy.beads.some((bead) => moves.has(bead.status) && bead.blockedBy.length === 0);
  return asking && !others ? `${asking.name} asks a human: ${asking.title}` : undefined;
}

const moves: ReadonlySet<string> = new Set(['open', 'deferred', 'hooked', 'in_progress', 'submitted']);

/** Resolves with the last snapshot: the convoy has ended, or is stuck. Rejects with the signal's reason. */
export async function watch(
  town: Client,
  { id, rig }: Pick<ConvoyView, 'id' | 'rig'>,
  view: View,
  signal: AbortSignal,
): Promise<Snapshot> {
  for (;;) {
    signal.throwIfAborted();
    const [convoy, queue] = await Promise.all([
      town.get<ConvoyView>(`convoys/${id}`),
      town.get<QueueView>(`rigs/${rig}/queue`),
    ]);
    const snapshot = { convoy, queue, at: Date.now() };
    view.show(snapshot);
    if (ended.has(convoy.status) || stuckBecause(snapshot) !== undefined) return snapshot;
    await sleep(pollEveryMs, undefined, { signal });
  }
}
