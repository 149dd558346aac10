/** Plays seeds on a town with a bug in it until an invariant notices, in a process that can be ended. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Mutant } from './mutant.ts';
import { plant } from './plant.ts';
import type { Played } from './play.ts';

export type Catch = Required<Played>;

/** A town that goes in circles within one step would never say so. */
const seedMaxMs = 15 * 60_000;

/** The first of these seeds that the bundle fails, and how. */
function firstFailure(bundle: string, first: number, last: number): Promise<Catch | undefined> {
  const child = spawn(process.execPath, [bundle, String(first), String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    let next = first;
    let timer: NodeJS.Timeout;
    const end = (found: Catch | undefined): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(found);
    };
    const fail = (breach: string): void => end({ seed: next, caughtBy: 'a simulation ends', breach });
    const wait = (): void => {
      timer = setTimeout(fail, seedMaxMs, `no end after ${seedMaxMs / 60_000} min`);
    };
    wait();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { seed, caughtBy, breach = '' } = JSON.parse(line) as Played;
      clearTimeout(timer);
      next = seed + 1;
      if (caughtBy !== undefined) end({ seed, caughtBy, breach });
      else if (seed >= last) end(undefined);
      else wait();
    });
    child.on('exit', (code) => fail(`the process ended with ${code}`));
  });
}

/** Says of a seed how the town without a bug fails it: what fails anyway proves nothing. */
export type Control = (seed: number) => Promise<Catch | undefined>;

export async function makeControl(): Promise<Control> {
  const bundle = await plant('no mutant');
  const known = new Map<number, Promise<Catch | undefined>>();
  return (seed) => {
    const answer = known.get(seed) ?? firstFailure(bundle, seed, seed);
    known.set(seed, answer);
    return answer;
  };
}

/** Who noticed it, at which seed; nothing if nobody did. */
export async function hunt(mutant: Mutant, seedsMax: number, control: Control): Promise<Catch | undefined> {
  const bundle = await plant(mutant.name, mutant);
  try {
    for (let first = 1; first <= seedsMax; ) {
      const caught = await firstFailure(bundle, first, seedsMax);
      if (!caught || (await control(caught.seed)) === undefined) return caught;
      first = caught.seed + 1;
    }
    return undefined;
  } finally {
    rmSync(bundle, { force: true });
  }
}
