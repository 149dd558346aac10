/** Plays many seeds, in as many processes as there are processors. */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { bundleSim } from './bundle.ts';
import type { Job, Played } from './worker.ts';

const workerEntry = new URL('worker.ts', import.meta.url);
/** A step that never ends would never be noticed from within. */
const hangsAfterMs = 120_000;

/** `onPlayed` hears of each, in the order in which they end. */
export async function playAll(
  jobs: Iterable<Job>,
  processes: number,
  onPlayed: (played: Played) => void,
): Promise<void> {
  const waiting = jobs[Symbol.iterator]();
  const file = await bundleSim(workerEntry);
  await Promise.all(Array.from({ length: processes }, () => oneWorker(file, waiting, onPlayed)));
  rmSync(file, { force: true });
}

async function oneWorker(file: string, waiting: Iterator<Job>, onPlayed: (played: Played) => void): Promise<void> {
  let worker: ChildProcess | undefined;
  for (let next = waiting.next(); !next.done; next = waiting.next()) {
    worker ??= fork(file, { execArgv: [] });
    const played = await playIn(worker, next.value);
    onPlayed(played);
    if (!worker.connected || played.violation?.invariant === broken) {
      worker.kill('SIGKILL');
      worker = undefined;
    }
  }
  worker?.disconnect();
}

const broken = 'the simulator goes on';

function playIn(worker: ChildProcess, job: Job): Promise<Played> {
  return new Promise((resolve) => {
    const done = (played: Played): void => {
      clearTimeout(timer);
      worker.off('message', done);
      worker.off('exit', died);
      resolve(played);
    };
    const fail = (breach: string): void => {
      const nothing = { seed: job.seed, steps: 0, faults: 0, faultsBy: {}, virtualMs: 0, hash: '' };
      done({ ...nothing, job, violation: { invariant: broken, breach, step: 0 } });
    };
    const died = (code: number | null): void => fail(`the process that played it ended with ${code}`);
    const timer = setTimeout(() => fail(`no end after ${hangsAfterMs / 1000} s`), hangsAfterMs);
    worker.on('message', done);
    worker.on('exit', died);
    worker.send(job);
  });
}
