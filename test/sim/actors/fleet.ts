/** Tasks in virtual time: launched once for each token, started after a while, ended, lost and in the end forgotten, as ECS does it. */

import { PortRefused } from '../../../core/errors.ts';
import { tokenOf } from '../../../core/hash.ts';
import type { Job, Subject } from '../../../core/polecats/protocol.ts';
import { harnessEnv } from '../../../core/polecats/protocol.ts';
import type { Instant, LaunchRequest, TaskState } from '../../../core/ports.ts';
import { Actor, never } from '../kernel/actor.ts';
import type { SimFleet, Stage } from '../kernel/stage.ts';
import { runGate } from './gate.ts';
import { runPolecat } from './polecat.ts';
import { claimPatienceMs, Interrupt, post, type Task, TownRefused, TownUnreachable } from './task.ts';

const startMaxMs = 60_000;
/** Between SIGTERM and SIGKILL. */
const graceMs = 30_000;
const newsMaxMs = 60_000;
const forgottenAfterMs = 60 * 60_000;
/** ECS: 100 tasks a description. */
const tasksPerListMax = 100;

interface Running extends Task {
  readonly taskId: string;
  started: boolean;
  end?: { readonly at: Instant; readonly exitCode?: number; readonly detail: string; readonly hostLost?: true };
}

export function makeFleet(stage: Stage): SimFleet {
  const { scheduler, faults } = stage;
  const tasks = new Map<string, Running>();
  const spendings: { subject: Subject; usd: number }[] = [];
  const listeners: ((subject: Subject) => void)[] = [];

  /** The news of it takes its time. */
  function ended(task: Running, how: Omit<NonNullable<Running['end']>, 'at'>): void {
    if (task.end) return;
    task.end = { at: scheduler.now, ...how };
    stage.tell(task.actor.name, how.detail);
    const herald = new Actor(`news of ${task.actor.name}`);
    void scheduler.park(herald, 'task stopped', task.random.between(0, newsMaxMs)).then(() => {
      for (const listener of listeners) listener(task.subject);
    });
  }

  function kill(task: Running, how: Omit<NonNullable<Running['end']>, 'at'>): void {
    if (!task.deaf) task.actor.crash();
    ended(task, how);
  }

  function makeTask(taskId: string, { environment }: LaunchRequest): Running {
    const subject = JSON.parse(environment[harnessEnv.subject] ?? '') as Subject;
    const name =
      subject.kind === 'polecat'
        ? `${subject.bead}@${subject.attempt}`
        : `gate ${subject.candidate}/${subject.gateRun}`;
    /** The deaf die too: what they do not hear is that somebody else wants them to. */
    const die = (how: Omit<NonNullable<Running['end']>, 'at'>): Promise<never> => {
      task.actor.crash();
      ended(task, how);
      return never();
    };
    const task: Running = {
      stage,
      taskId,
      subject,
      actor: new Actor(name),
      token: environment[harnessEnv.token],
      random: stage.random(`task ${taskId}`),
      interrupt: new Interrupt(),
      started: false,
      deaf: false,
      onSpent: (usd) => void spendings.push({ subject, usd }),
      async moment(what) {
        if (!faults.strikes('polecat_death', `${name} ${what}`)) return;
        const hostLost = faults.random.chance(0.3) ? ({ hostLost: true } as const) : {};
        await die({ detail: `gone when it had ${what}`, ...hostLost });
      },
      die: () => die({ exitCode: 137, detail: 'its process died' }),
      vanish() {
        task.actor.crash();
        return never();
      },
    };
    return task;
  }

  async function run(task: Running): Promise<void> {
    await scheduler.sleep(task.actor, task.random.between(1_000, startMaxMs), task.interrupt.signal);
    task.started = true;
    const exit = await live(task);
    ended(task, exit);
  }

  return {
    async launch(request) {
      const taskId = tokenOf(request.clientToken).slice(0, 32);
      if (!tasks.has(taskId)) {
        const task = makeTask(taskId, request);
        tasks.set(taskId, task);
        void scheduler.run(task.actor, () => run(task));
      }
      return { ok: true, taskId };
    },
    async stop(taskId, reason) {
      const task = tasks.get(taskId);
      if (!task || task.end) return;
      stage.tell(task.actor.name, `is told to stop: ${reason}`);
      task.interrupt.raise('terminated');
      const executioner = new Actor(`end of ${task.actor.name}`);
      void scheduler.park(executioner, 'SIGKILL', graceMs).then(() => kill(task, { exitCode: 137, detail: reason }));
    },
    async list(taskIds) {
      if (taskIds.length === 0 || taskIds.length > tasksPerListMax)
        throw new PortRefused('TASKS_OUT_OF_RANGE', `${taskIds.length} tasks asked for`);
      return taskIds.map((taskId) => stateOf(taskId, tasks.get(taskId), scheduler.now));
    },
    onStopped: (listener) => void listeners.push(listener),
    killOrphans() {
      for (const task of tasks.values()) {
        task.actor.crash();
        task.end ??= { at: scheduler.now, detail: 'the town that launched it is gone' };
      }
    },
    spendings,
    running: () => [...tasks.values()].filter(({ end }) => end === undefined),
  };
}

function stateOf(taskId: string, task: Running | undefined, now: Instant): TaskState {
  if (!task || (task.end && now - task.end.at > forgottenAfterMs)) return { taskId, state: 'absent' };
  if (!task.end) return { taskId, state: task.started ? 'running' : 'starting' };
  const { at: _, ...end } = task.end;
  return { taskId, state: 'stopped', ...end };
}

/** From claim to report; what it exits with. */
async function live(task: Task): Promise<{ exitCode: number; detail: string }> {
  const { subject } = task;
  try {
    const job = (await post(task, 'claim', { subject }, () => claimPatienceMs)) as unknown as
      | Job
      | { superseded: true };
    if ('superseded' in job) return { exitCode: 0, detail: 'superseded before it was claimed' };
    await task.moment('claimed');
    const detail = job.kind === 'polecat' ? await runPolecat(task, job) : await runGate(task, job);
    return { exitCode: 0, detail };
  } catch (error) {
    if (error instanceof TownRefused || error instanceof TownUnreachable) return { exitCode: 1, detail: error.message };
    throw error;
  }
}
