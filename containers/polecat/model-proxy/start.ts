/** The proxy of one attempt, tied to its budget, its heartbeat and its end. */
import type { PolecatJob } from '../../../core/polecats/protocol.ts';
import type { Beats } from '../beats.ts';
import type { Task } from '../task.ts';
import { configuredUpstream } from './configured.ts';
import { ModelProxy } from './proxy.ts';

export const startModels = (task: Task, job: PolecatJob, beats: Beats): Promise<ModelProxy> =>
  ModelProxy.start({
    // A process of its own has the fleet's words in its environment, one of a pool in its task's.
    upstream: configuredUpstream({ ...process.env, ...task.environment }),
    budgetUsd: job.budgetUsd,
    // What was spent is on the record before the harness can be lost with it.
    tell: () => beats.tell(),
    onSpent: (detail) => task.interrupt.raise({ why: 'budget', detail }),
  });
