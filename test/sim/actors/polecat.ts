/** A polecat's life after its claim: clone, work, push, read back, report; and every way in which that goes wrong. */

import { roundedUsd } from '../../../core/costs/rounded.ts';
import type { PolecatJob, Report } from '../../../core/polecats/protocol.ts';
import type { Oid } from '../../../core/ports.ts';
import type { Commit } from '../git/objects.ts';
import type { Origin } from '../git/origin.ts';
import { write } from '../git/origin.ts';
import type { BeadPlan, PolecatManner } from '../kernel/scenario.ts';
import { find, nowhere, pushNew } from './clone.ts';
import { stopAtGate } from './gates.ts';
import { resolve } from './resolver.ts';
import { Beats, moments, post, reportPatienceMs, type Task } from './task.ts';
import { draft, drivel } from './work.ts';

const minutes = 60_000;
/** Told to end, it has seconds left. */
const lastWordsMs = 3_000;

/** What every report says is left out. */
type Outcome = Report extends infer R
  ? R extends Report
    ? Omit<R, 'subject' | 'costUsd' | 'agentMs' | 'log' | 'tail'>
    : never
  : never;

interface Life {
  readonly task: Task;
  readonly job: PolecatJob;
  readonly plan: BeadPlan;
  readonly manner: PolecatManner;
  readonly origin: Origin;
}

export async function runPolecat(task: Task, job: PolecatJob): Promise<string> {
  const plan = planOf(task, job);
  const manner = plan.manners[Math.min(job.attempt, plan.manners.length) - 1] ?? 'good';
  const life: Life = { task, job, plan, manner, origin: task.stage.git.origin(job.remoteUrl) };
  task.stage.tell(task.actor.name, `${job.polecat} is ${manner}${job.merge ? ', and resolves a conflict' : ''}`);
  if (manner === 'lying_late') task.deaf = true;
  const beats = new Beats(task);
  const outcome = await workAndPush(life, beats);
  await beats.stop();
  if (task.interrupt.why === 'superseded' && !task.deaf) return 'superseded';
  const answer = await report(life, outcome, beats.spentUsd);
  await task.moment('reported');
  await afterwards(life, outcome, beats.spentUsd);
  return answer;
}

/** The bead's title, which its commits and its resolvers bear, says which it is. */
function planOf({ stage }: Task, job: PolecatJob): BeadPlan {
  const name = /\bDo (\S+)/.exec(job.commitMessage)?.[1];
  const plan = stage.scenario.convoys.flatMap(({ beads }) => beads).find((bead) => bead.name === name);
  return plan ?? { name: name ?? job.bead, needs: [], priority: 2, manners: ['good'], writes: [`other/${job.bead}`] };
}

async function workAndPush(life: Life, beats: Beats): Promise<Outcome> {
  const { task, job, manner, origin } = life;
  const { stage, actor, random } = task;
  const dies = manner === 'crashing' ? random.pick(moments.slice(0, -1)) : undefined;
  const passed = async (moment: (typeof moments)[number]): Promise<void> => {
    if (manner === 'silent' && random.chance(0.5)) beats.silent = true;
    if (moment === dies) await task.die();
    await task.moment(moment);
  };
  await passed('claimed');
  if (stage.faults.strikes('unreachable_remote', actor.name)) return failed('harness_failed', 'cannot fetch');
  const [start, target] = await stage.scheduler.call(actor, 'clone', () => [
    find(origin, job.startFrom),
    find(origin, job.target),
  ]);
  if (!start || !target) return failed('harness_failed', `cannot fetch ${start ? job.target : job.startFrom}`);
  await passed('cloned');
  beats.enter('working', 'agent');
  if (manner === 'hung') beats.idle = true;
  if (manner === 'silent' || manner === 'lying_late') beats.silent = true;
  const [endedBy] = await Promise.all([work(life), useModel(life, beats)]);
  if (task.interrupt.why === 'superseded' && !task.deaf) return failed('infrastructure', 'superseded');
  await passed('worked');
  beats.enter('pushing', job.branch);
  const left = leftBehind(life, endedBy, start, target);
  const pushed = left && (await stage.scheduler.call(actor, 'push', () => pushNew(origin, job.branch, left)));
  await passed('pushed');
  if (pushed && pushed !== 'yes') return failed('harness_failed', `the remote did not take ${job.branch}`);
  return outcomeOf(life, endedBy, left?.oid);
}

type EndedBy = 'itself' | 'timeout' | 'interrupt';

async function work({ task, job, manner }: Life): Promise<EndedBy> {
  const { stage, actor, random, interrupt } = task;
  const longest = {
    hung: Number.POSITIVE_INFINITY,
    slow: 70 * minutes,
    lying_late: 30 * minutes,
    silent: 15 * minutes,
  };
  const needsMs =
    manner in longest
      ? longest[manner as keyof typeof longest] * (0.3 + 0.7 * random.next())
      : random.between(10_000, 6 * minutes);
  const ms = Math.round(Math.min(needsMs, job.timeoutMs));
  await stage.scheduler.sleep(actor, ms, task.deaf ? undefined : interrupt.signal);
  if (interrupt.why && !task.deaf) return 'interrupt';
  return needsMs > job.timeoutMs ? 'timeout' : 'itself';
}

/** A call now and then, each at most of what is left; what it cost is known after it. */
async function useModel({ task, job }: Life, beats: Beats): Promise<void> {
  const { stage, actor, interrupt } = task;
  const random = stage.random(`money of ${actor.name}`);
  for (let calls = job.budgetUsd > 0 ? random.between(0, 3) : 0; calls > 0 && !interrupt.why; calls -= 1) {
    const most = roundedUsd((job.budgetUsd - beats.spentUsd) * random.pick([0.05, 0.3, 1]));
    await beats.spend(most, roundedUsd(most * random.pick([0.1, 0.5, 1])));
  }
}

/** The commit that there is to push, if there is one. */
function leftBehind(
  { task, job, plan, manner }: Life,
  endedBy: EndedBy,
  start: Commit,
  target: Commit,
): Commit | undefined {
  const { random, stage } = task;
  const author = { ...job.author, at: stage.scheduler.now };
  const half =
    endedBy !== 'itself' || manner === 'fails' || manner === 'phased' || manner === 'deferring' || manner === 'asking';
  if (manner === 'empty' || (half && random.chance(0.5))) return undefined;
  const message = job.commitMessage;
  const base = job.merge === undefined ? undefined : find(stage.git.origin(job.remoteUrl), job.merge);
  if (base && !half) return resolve({ random, plan, attempt: job.attempt, start, base, author, message });
  const quality = half || manner === 'bad' ? 'bad' : 'good';
  return write({
    parents: [start],
    files: draft({ plan, attempt: job.attempt, quality, target: target.tree }),
    author,
    message,
  });
}

function outcomeOf({ task, job, manner }: Life, endedBy: EndedBy, head: Oid | undefined): Outcome {
  const { random } = task;
  const pushed = head === undefined ? {} : { head };
  if (endedBy === 'interrupt') return failed('infrastructure', 'stopped by the town', head);
  if (endedBy === 'timeout') return failed('timeout', 'the agent was stopped at its limit', head);
  const note = manner;
  switch (manner) {
    case 'fails':
      return failed('agent_failed', 'the agent ended with status 1', head);
    case 'phased': {
      const gate = stopAtGate(task, job, head);
      if (gate) return { status: 'phase_complete', ...gate, note, ...pushed };
      return random.chance(0.7)
        ? { status: 'phase_complete', gate: 'timer', minutes: random.between(0, 10), note, ...pushed }
        : { status: 'phase_complete', gate: 'human', note, ...pushed };
    }
    case 'deferring':
      return random.chance(0.3)
        ? { status: 'handoff', note, ...pushed }
        : { status: 'deferred', minutes: random.between(1, 20), note, ...pushed };
    case 'asking':
      return { status: 'escalated', question: 'Which of the two?', severity: 'medium', ...pushed };
    case 'lying_sha':
      return { status: 'completed', head: nowhere(random) };
    default:
      if (head !== undefined) return { status: 'completed', head };
      if (job.allowsNoChange) return { status: 'no_change', note };
      return failed('empty_result', 'the agent ended well, but changed nothing');
  }
}

const failed = (cause: Extract<Report, { status: 'failed' }>['cause'], detail: string, head?: Oid): Outcome => ({
  status: 'failed',
  cause,
  detail,
  ...(head === undefined ? {} : { head }),
});

async function report({ task, job }: Life, outcome: Outcome, costUsd: number): Promise<string> {
  const { subject, interrupt } = task;
  const told = { subject, costUsd, agentMs: 1000, log: [], tail: `of ${job.polecat}\n`, ...outcome };
  const patienceMs = (): number => (interrupt.why === 'terminated' ? lastWordsMs : reportPatienceMs);
  const answer = await post(task, 'report', told, patienceMs);
  return 'superseded' in answer ? 'superseded' : outcome.status;
}

/** Nobody waits for it any more, and it is not done yet. */
async function afterwards(life: Life, outcome: Outcome, costUsd: number): Promise<void> {
  const { task, job, plan, manner, origin } = life;
  const { stage, actor, random } = task;
  if (manner === 'lying_twice')
    await report(life, random.chance(0.5) ? outcome : failed('agent_failed', 'on second thoughts'), costUsd);
  if (manner !== 'pushing_late' || outcome.status !== 'completed') return;
  await stage.scheduler.sleep(actor, random.between(0, 5 * minutes));
  await stage.scheduler.call(actor, 'push again', () => {
    const ref = `refs/heads/${job.branch}`;
    const head = origin.at(ref);
    const author = { ...job.author, at: stage.scheduler.now };
    const from = random.chance(0.7) ? head : head?.parents[0];
    const to = from && write({ parents: [from], files: drivel(plan, random), author, message: job.commitMessage });
    // Moved on, rewritten, or gone.
    if (head) origin.push({ ref, to: random.chance(0.8) ? to : undefined, lease: 'any' });
  });
}
