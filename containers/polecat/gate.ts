/** A gate task: the rig's commands on a clean checkout of exactly one commit. Whatever is not a clear pass is not a pass. */
import { constants } from 'node:os';
import { limits } from '../../core/limits.ts';
import type { GateJob, Verdict } from '../../core/polecats/protocol.ts';
import { Beats } from './beats.ts';
import { makeClone } from './clone.ts';
import { accessTo } from './credential.ts';
import { clipEnd, detailChars, TaskFailure, textOf } from './failure.ts';
import { isOid, mustGit } from './git.ts';
import { describe, type Interrupt } from './interrupt.ts';
import { Output } from './output.ts';
import { type Ended, runGroup } from './processes.ts';
import type { Sandbox } from './sandbox.ts';
import type { Task } from './task.ts';

type GateResult = Verdict['gates'][number];
type Gate = GateJob['gates'][number];
type Judged = Pick<Verdict, 'result' | 'gates'>;

const graceMs = 4000;
const evidencePatienceMs = 30_000;
/** Room for the line that says how much was dropped. */
const keptBytes = limits.evidenceBytesMax - 1024;

/** `undefined`: superseded, so nobody is to be told. */
export async function runGate(task: Task, job: GateJob, box: Sandbox): Promise<Verdict | undefined> {
  const output = new Output({
    headBytes: keptBytes / 2,
    tailBytes: keptBytes / 2,
    blockBytes: keptBytes / 2,
    lastBytes: limits.logTailBytes,
  });
  const beats = new Beats({
    town: task.town,
    subject: task.subject,
    interrupt: task.interrupt,
    everyMs: job.beatEveryMs,
    pulse: () => ({ outputBytes: output.totalBytes, tail: output.lastText(), logChunks: [], costUsd: 0 }),
  });
  let judged: Judged;
  try {
    judged = await judge(task, job, box, beats, output);
  } catch (error) {
    judged = infra('harness', error instanceof TaskFailure ? error.detail : textOf(error));
  } finally {
    await beats.stop();
  }
  if (task.interrupt.superseded) return undefined;
  const evidence = await sendEvidence(task, output);
  return { subject: task.subject, commit: job.commit, ...judged, ...(evidence === undefined ? {} : { evidence }) };
}

async function judge(task: Task, job: GateJob, box: Sandbox, beats: Beats, output: Output): Promise<Judged> {
  if (job.gates.length === 0)
    return infra('gates', 'this rig has no gate, and no gate is not a pass; add one with gt rig config');
  await checkOut(task, job, box);
  const gates: GateResult[] = [];
  for (const gate of job.gates) {
    if (task.interrupt.current)
      return { result: 'infra', gates: [...gates, notRun(gate.name, describe(task.interrupt.current))] };
    beats.enter('checking', gate.name);
    output.write(Buffer.from(`$ ${gate.command}\n`));
    const ended = await runGroup(
      {
        argv: ['/bin/sh', '-c', gate.command],
        cwd: box.work,
        env: { ...box.env, CI: 'true' },
        user: box.user,
        timeoutMs: gate.timeoutMs,
        graceMs,
        mark: box.mark,
        onOutput: (bytes) => output.write(bytes),
      },
      task.interrupt,
    );
    const { result, detail } = judgeOne(gate, ended, task.interrupt);
    gates.push({ name: gate.name, exitCode: ended.exitCode, ms: ended.ms, detail: clipEnd(detail, detailChars) });
    output.write(Buffer.from(`[gastown: ${gate.name}: ${result}${detail ? `, ${detail}` : ''}]\n`));
    if (result !== 'passed') return { result, gates };
  }
  return { result: 'passed', gates };
}

async function checkOut(task: Task, job: GateJob, box: Sandbox): Promise<void> {
  if (!isOid(job.commit)) throw new TaskFailure('harness_failed', `${JSON.stringify(job.commit)} is not a commit's id`);
  const clone = await makeClone(
    box,
    {
      url: job.remoteUrl,
      access: accessTo(task, job.remoteUrl),
      start: job.ref,
      target: undefined,
      branch: undefined,
      commit: job.commit,
    },
    task.interrupt,
  );
  if (clone.start !== job.commit) {
    const held = ['merge-base', '--is-ancestor', job.commit, clone.start];
    await mustGit(held, { cwd: box.own }, `${job.ref} is at ${clone.start} and does not hold ${job.commit}`);
  }
  const head = (
    await mustGit(['rev-parse', 'HEAD'], { cwd: box.work, user: box.user }, 'cannot read the checkout')
  ).trim();
  if (head !== job.commit) throw new TaskFailure('harness_failed', `the checkout is at ${head}, not at ${job.commit}`);
}

/** Signals that come from outside: no program sends them to itself. */
const outsideSignals = ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

function judgeOne(gate: Gate, ended: Ended, interrupt: Interrupt): { result: Verdict['result']; detail: string } {
  if (ended.endedBy === 'timeout') return { result: 'infra', detail: `stopped after ${gate.timeoutMs} ms, its limit` };
  if (ended.endedBy === 'interrupt' && interrupt.current)
    return { result: 'infra', detail: describe(interrupt.current) };
  const { exitCode, signal } = ended;
  // A shell reports a signal that ended its command as 128 + its number.
  const outside = outsideSignals.find((name) => name === signal || exitCode === 128 + constants.signals[name]);
  if (outside) return { result: 'infra', detail: `killed from outside by ${outside} (out of memory?)` };
  if (signal) return { result: 'failed', detail: `crashed: ${signal}` };
  if (exitCode === 127) return { result: 'failed', detail: `a command was not found (status 127): ${gate.command}` };
  if (exitCode === 126)
    return { result: 'failed', detail: `a command is not executable (status 126): ${gate.command}` };
  return exitCode === 0
    ? { result: 'passed', detail: '' }
    : { result: 'failed', detail: `ended with status ${exitCode}` };
}

const notRun = (name: string, detail: string): GateResult => ({
  name,
  exitCode: null,
  ms: 0,
  detail: clipEnd(detail, detailChars),
});
const infra = (name: string, detail: string): Judged => ({ result: 'infra', gates: [notRun(name, detail)] });

async function sendEvidence(task: Task, output: Output): Promise<string | undefined> {
  output.seal();
  const bytes = Buffer.concat([...output.blocks, output.rest()]);
  if (bytes.byteLength === 0) return undefined;
  try {
    return await task.town.putBlob(bytes, { patienceMs: evidencePatienceMs });
  } catch (error) {
    process.stderr.write(`evidence not sent: ${textOf(error)}\n`);
    return undefined;
  }
}
