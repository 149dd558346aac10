/** A polecat's life: clone, run the agent, keep what it left, push, verify. Returns the report to send. */
import { join } from 'node:path';
import type { PolecatJob, Report } from '../../core/polecats/protocol.ts';
import { type AgentRun, runAgent } from './agent.ts';
import { Beats } from './beats.ts';
import { type Clone, makeClone } from './clone.ts';
import { endUser } from './confine.ts';
import { accessTo } from './credential.ts';
import { type Done, questionChars } from './done.ts';
import { clipEnd, detailChars, type FailedReport, NeedsHuman, TaskFailure, textOf } from './failure.ts';
import { type DoneFile, readDone } from './gt.ts';
import { describe } from './interrupt.ts';
import { AgentLog } from './log.ts';
import type { ModelProxy } from './model-proxy/proxy.ts';
import { startModels } from './model-proxy/start.ts';
import { Nudges } from './nudges.ts';
import { commitWork, isEmpty, push, type Work } from './publish.ts';
import type { Sandbox } from './sandbox.ts';
import { followFormula, type Hands, type Kept } from './steps.ts';
import type { Task } from './task.ts';

/** What every report says, beside how it ended. */
type Ended = Pick<FailedReport, 'subject' | 'costUsd' | 'agentMs' | 'log' | 'tail' | 'head'>;

/** `undefined`: superseded, so nobody is to be told. */
export async function runPolecat(task: Task, job: PolecatJob, box: Sandbox): Promise<Report | undefined> {
  const log = new AgentLog(task.town);
  let models: ModelProxy | undefined;
  const nudges = new Nudges(box);
  const beats = new Beats({
    town: task.town,
    subject: task.subject,
    interrupt: task.interrupt,
    everyMs: job.beatEveryMs,
    pulse: () => ({
      outputBytes: log.output.totalBytes,
      tail: log.output.lastText(),
      logChunks: [...log.chunks],
      costUsd: models?.spentUsd ?? 0,
      heldUsd: models?.heldUsd ?? 0,
    }),
    onDue: () => log.flush(),
    onAnswer: (answer) => nudges.hear(answer),
  });
  const life: Life = { task, job, box, log, beats, nudges };
  let agentMs = 0;
  let outcome: Outcome;
  try {
    const clone = await makeClone(
      box,
      {
        url: job.remoteUrl,
        access: accessTo(task, job.remoteUrl),
        start: job.startFrom,
        target: job.target,
        ...(job.targetBase === undefined ? {} : { targetBase: job.targetBase }),
        branch: job.branch,
        ...(job.merge === undefined ? {} : { merge: job.merge }),
      },
      task.interrupt,
    );
    models = await startModels(task, job, beats);
    const equipped = { ...box, env: { ...box.env, ...models.environment } };
    const run = async (one: PolecatJob, step: string): Promise<AgentRun | undefined> => {
      const ended = await runUnlessInterrupted({ ...life, job: one, box: equipped }, step);
      agentMs += ended?.ms ?? 0;
      return ended;
    };
    const publish = publisher(life, clone);
    const hands: Hands = {
      ...life,
      clone,
      run: (prompt, timeoutMs, step) => run({ ...job, prompt, timeoutMs }, step),
      keep: (ended) => keepWork(life, clone, ended),
      publish,
    };
    const followed = job.formula ? await followFormula(hands, job.formula) : undefined;
    const ended = followed ? undefined : await run(job, 'agent');
    await models.close();
    if (task.interrupt.superseded) return undefined;
    beats.enter('pushing', job.branch);
    const sent = log.finish();
    const kept = followed ?? (await keepWork(life, clone, ended));
    await publish(kept.work, kept.outcome.status === 'completed');
    outcome = kept.outcome;
    await sent;
  } catch (error) {
    outcome =
      error instanceof NeedsHuman
        ? { status: 'escalated', question: clipEnd(textOf(error), questionChars), severity: 'medium' }
        : failed(
            error instanceof TaskFailure ? error.failure : 'harness_failed',
            error instanceof TaskFailure ? error.detail : textOf(error),
          );
  } finally {
    await models?.close();
    await beats.stop();
  }
  if (task.interrupt.superseded) return undefined;
  const logChunks = await log.finish();
  const costUsd = models?.spentUsd ?? 0;
  const ended: Ended = { subject: task.subject, costUsd, agentMs, log: logChunks, tail: log.output.lastText() };
  return { ...ended, ...outcome } as Report;
}

interface Life {
  readonly task: Task;
  readonly job: PolecatJob;
  readonly box: Sandbox;
  readonly log: AgentLog;
  readonly beats: Beats;
  readonly nudges: Nudges;
}

/** A report without what all reports share. */
export type Outcome = Unshared<Report>;
type Unshared<R> = R extends Report ? Omit<R, Exclude<keyof Ended, 'head'>> : never;

const failed = (cause: FailedReport['cause'], detail: string, head?: string): Outcome => ({
  status: 'failed',
  cause,
  detail: clipEnd(detail, detailChars),
  ...(head === undefined ? {} : { head }),
});

async function runUnlessInterrupted(
  { task, job, box, log, beats, nudges }: Life,
  step: string,
): Promise<AgentRun | undefined> {
  if (task.interrupt.current) return undefined;
  beats.enter('working', step);
  const forget = nudges.remindOfTime(job.timeoutMs);
  return runAgent(task, job, box, (bytes) => log.write(bytes)).finally(forget);
}

/** Commits what the agent left, and says how its run ended. */
async function keepWork(life: Life, clone: Clone, run: AgentRun | undefined): Promise<Kept> {
  const { job, box } = life;
  const done = readDone(join(box.box, 'done.json'));
  // Its repository's settings run programs as its user: none of them may be there when the harness goes on.
  const work = await commitWork(box, clone, job).finally(() => box.user && endUser(box.user));
  return { work, outcome: await judge(life, clone, run, work, done) };
}

/** Pushes what is new; finished work that an earlier attempt left is pushed too, under this attempt's name. */
function publisher({ job, box }: Life, clone: Clone): (work: Work, finished?: boolean) => Promise<void> {
  let pushed: string | undefined;
  return async ({ head }, finished = false) => {
    if (head === (pushed ?? (finished ? undefined : clone.start))) return;
    await push(box, clone, job.branch, head, pushed);
    pushed = head;
  };
}

async function judge(
  { task, job, box, log }: Life,
  clone: Clone,
  run: AgentRun | undefined,
  work: Work,
  done: DoneFile,
): Promise<Outcome> {
  if (!work.descends) {
    const where = `what there is, ${work.head}, is on ${job.branch} for the record`;
    return failed(
      'agent_failed',
      `the agent rewrote history: its commit does not descend from ${clone.start}; ${where}`,
    );
  }
  const head = work.head === clone.start ? undefined : work.head;
  // Its time ran out after it had handed on: that is what handing on is for.
  const handedOn = run?.endedBy === 'timeout' && 'said' in done && done.said?.status === 'handoff';
  const fault = handedOn ? undefined : faultOf(run, task, log.output.lastText());
  if (fault) return failed(fault.cause, fault.detail, head);
  if ('fault' in done) return failed('agent_failed', done.fault, head);
  return outcomeOf(done.said, job, work, head, await isEmpty(box, clone, work));
}

/** Why the agent's run was not a success, however much it left. */
function faultOf(
  run: AgentRun | undefined,
  task: Task,
  tail: string,
): Pick<FailedReport, 'cause' | 'detail'> | undefined {
  const interruption = task.interrupt.current;
  // Its calls were refused: what an agent makes of that is not a fault of the agent's.
  if (interruption?.why === 'budget' && (run?.endedBy === 'interrupt' || run?.exitCode !== 0))
    return { cause: 'budget', detail: describe(interruption) };
  if (!run || (run.endedBy === 'interrupt' && interruption)) {
    return { cause: 'infrastructure', detail: interruption ? describe(interruption) : 'the agent did not run' };
  }
  if (run.endedBy === 'timeout') {
    return {
      cause: 'timeout',
      detail: `the agent was stopped after ${Math.round(run.ms / 1000)} s, its limit; what it left was pushed${lastLines(tail)}`,
    };
  }
  if (run.exitCode === 0) return undefined;
  const how = run.signal ? `was killed by ${run.signal}` : `ended with status ${run.exitCode}`;
  return { cause: 'agent_failed', detail: `the agent ${how}${lastLines(tail) || ' and printed nothing'}` };
}

/** What the next attempt is told of how far this one came. */
function lastLines(tail: string): string {
  const lines = tail.trimEnd().split('\n').slice(-12).join('\n');
  return lines ? `; its last lines:\n${lines.slice(-1500)}` : '';
}

function outcomeOf(
  told: Done | undefined,
  job: PolecatJob,
  work: Work,
  head: string | undefined,
  empty: boolean,
): Outcome {
  const said = told ?? { status: 'completed', note: '' };
  const pushed = head === undefined ? {} : { head };
  switch (said.status) {
    case 'handoff':
    case 'phase_complete':
    case 'deferred':
    case 'escalated':
      return { ...said, ...pushed };
    case 'no_change':
      if (job.allowsNoChange) return { ...said, ...pushed };
      return failed('empty_result', 'the agent said no_change, but this bead must change something', head);
    case 'completed':
      // Finished by an earlier attempt and only not reported: that attempt's commit is the work.
      if (!empty) return { status: 'completed', head: work.head };
      if (job.allowsNoChange) return { status: 'no_change', note: said.note, ...pushed };
      return failed('empty_result', 'the agent ended well, but changed nothing', head);
  }
}
