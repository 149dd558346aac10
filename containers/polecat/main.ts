/**
 * The harness: one file, started in one of three ways.
 *   (environment of a task)   run that task, and exit                 a container, or a process of its own
 *   --pool                    run the tasks that come on stdin        a laptop, where starting Node costs more than the work
 *   gt …                      `gt` inside the sandbox
 */
import { createInterface } from 'node:readline';
import { runGt } from './gt.ts';
import { Interrupt } from './interrupt.ts';
import { runTask, type TaskEnd } from './task.ts';

/** What the fleet writes to a waiting harness, one line a task, and what it gets back. */
export interface PoolTask {
  readonly taskId: string;
  readonly environment: Readonly<Record<string, string>>;
}
export interface PoolEnd extends TaskEnd {
  readonly taskId: string;
}

let interrupt = new Interrupt();
let terminated = false;
let idle = false;
process.on('SIGTERM', () => {
  terminated = true;
  if (idle) process.exit(0);
  interrupt.raise({ why: 'terminated' });
});

/** A moment for an agent that was just killed to be collected, and its sandbox removed; then nothing is waited for. */
const orphanEndsAfterMs = 2_000;

/** Its town is gone: there is nobody to tell, and nobody who would end a harness that keeps trying to. */
function orphaned(): void {
  if (idle) process.exit(0);
  interrupt.raise({ why: 'superseded' });
  setTimeout(() => process.exit(1), orphanEndsAfterMs);
}

async function runPool(): Promise<void> {
  idle = true;
  // Heard in mid-task too: a town that was killed sends no signal, and its pipes close.
  for (const event of ['end', 'error']) process.stdin.once(event, orphaned);
  process.stdout.once('error', orphaned);
  for await (const line of createInterface({ input: process.stdin })) {
    idle = false;
    const { taskId, environment } = JSON.parse(line) as PoolTask;
    interrupt = new Interrupt();
    const end = await runTask(environment, interrupt);
    process.stdout.write(`${JSON.stringify({ taskId, ...end } satisfies PoolEnd)}\n`);
    if (terminated) return;
    idle = true;
  }
}

async function runOne(): Promise<number> {
  const { exitCode, detail } = await runTask(process.env, interrupt);
  process.stderr.write(`${detail}\n`);
  return exitCode;
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'gt') process.exitCode = runGt(rest, process.env);
else if (mode === '--pool') void runPool().then(() => process.exit(0));
else void runOne().then((exitCode) => process.exit(exitCode));
