/** Seeds of cells on all cores: worker processes, each given its next when it has answered. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Cell } from './cells.ts';
import { simulate } from './engine.ts';
import { type Figures, figuresOf } from './measure.ts';
import { oracleScenario } from './policies/oracle.ts';
import { makePolicy } from './policies.ts';

interface Job {
  readonly cell: Cell;
  readonly seed: number;
}

function runSeed({ cell, seed }: Job): Figures {
  const scenario = { ...cell.scenario, seed };
  const met = cell.policy === 'oracle' ? oracleScenario(scenario) : scenario;
  return figuresOf(
    met,
    simulate(met, (of) => makePolicy(cell.policy, of)),
  );
}

/** Answers jobs until its parent is done with it. */
export function serveJobs(): void {
  process.on('message', (job: Job) => process.send?.(runSeed(job)));
}

/** Figures of every seed of every cell, in the order of the cells. `entry` serves jobs when its argument is `--worker`. */
export async function runCells(
  cells: readonly Cell[],
  entry: string,
  progress: (done: number, of: number) => void,
): Promise<Figures[][]> {
  const figures: Figures[][] = cells.map(() => []);
  const jobs = cells.flatMap((cell, at) => Array.from({ length: cell.seeds }, (_, i) => ({ at, cell, seed: i + 1 })));
  let next = 0;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = fork(entry, ['--worker'], { serialization: 'advanced' });
      let job: (typeof jobs)[number] | undefined;
      const give = (): void => {
        job = jobs[next];
        next += 1;
        if (job) worker.send({ cell: job.cell, seed: job.seed });
        else worker.disconnect();
      };
      worker.on('message', (answer: Figures) => {
        if (job) (figures[job.at] ?? [])[job.seed - 1] = answer;
        done += 1;
        progress(done, jobs.length);
        give();
      });
      worker.on('exit', (code) => {
        if (job) reject(new Error(`a worker ended with ${code} on ${JSON.stringify(job)}`));
        else resolve();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  return figures;
}
