/** A process that plays seeds, one message each, and answers with what came of them. */
import type { Cut } from './kernel/cut.ts';
import type { Outcome } from './kernel/simulate.ts';
import { play } from './play.ts';

export interface Job {
  readonly seed: number;
  readonly cut?: Cut | undefined;
  /** Play it twice, and compare. */
  readonly twice?: boolean;
}

export type Played = Outcome & { readonly job: Job };

async function playJob(job: Job): Promise<Outcome> {
  const outcome = await play(job.seed, job.cut);
  if (!job.twice) return outcome;
  const again = await play(job.seed, job.cut);
  if (again.hash === outcome.hash) return outcome;
  const breach = `${outcome.hash} and ${again.hash}, ${outcome.steps} and ${again.steps} steps`;
  return { ...outcome, violation: { invariant: 'a seed plays alike each time', breach, step: 0 } };
}

process.on('message', (job: Job) => {
  void playJob(job).then((outcome) => process.send?.({ ...outcome, job } satisfies Played));
});
