/** Runs the agent's command on the work tree, with the files and the environment that it may see. */

import { join } from 'node:path';
import type { PolecatJob } from '../../core/polecats/protocol.ts';
import { commandOf, mustFind } from './command.ts';
import { TaskFailure } from './failure.ts';
import { gtScript } from './gt.ts';
import { nudgeFile } from './nudges.ts';
import { type Ended, runGroup } from './processes.ts';
import { place, type Sandbox } from './sandbox.ts';
import type { Task } from './task.ts';

export type AgentRun = Ended;

/** Fargate and the laptop's fleet give a task ten seconds and more: half for the agent, half for the push. */
const graceMs = 4000;

export function runAgent(
  task: Task,
  job: PolecatJob,
  box: Sandbox,
  onOutput: (bytes: Buffer) => void,
): Promise<AgentRun> {
  if (job.script === null && job.agent.some((arg) => arg.includes('{script}'))) {
    throw new TaskFailure(
      'harness_failed',
      'the agent runs {script}, but the bead has no sh block; give it one, or another agent.command',
    );
  }
  const command = commandOf(job, process.env);
  const prompt = place(box, 'prompt.md', job.prompt, 0o644);
  const script = place(box, 'script.sh', job.script ?? '', 0o755);
  place(box, 'home/.gitconfig', gitConfig(job), 0o644);
  place(box, 'bin/gt', gtScript(process.execPath, process.argv[1] ?? ''), 0o755);
  const env: Record<string, string> = {
    ...box.env,
    PATH: `${join(box.box, 'bin')}:${box.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
    GASTOWN_BEAD: job.bead,
    GASTOWN_ATTEMPT: String(job.attempt),
    GASTOWN_POLECAT: job.polecat,
    GASTOWN_BRANCH: job.branch,
    GASTOWN_TARGET: job.target,
    GASTOWN_PROMPT_FILE: prompt,
    GASTOWN_DONE_FILE: join(box.box, 'done.json'),
    GASTOWN_NUDGE_FILE: nudgeFile(box),
    GASTOWN_ALLOWS_NO_CHANGE: job.allowsNoChange ? '1' : '0',
    ...command.env,
  };
  mustFind(command, env.PATH ?? '', box.work);
  const fill = (arg: string): string => arg.replaceAll('{prompt}', prompt).replaceAll('{script}', script);
  return runGroup(
    {
      argv: command.argv.map(fill),
      cwd: box.work,
      env,
      user: box.user,
      timeoutMs: job.timeoutMs,
      graceMs,
      mark: box.mark,
      onOutput,
      ...(command.readsPrompt ? { stdin: prompt } : {}),
    },
    task.interrupt,
  );
}

/** The agent's own commits are the polecat's too. */
function gitConfig({ author }: PolecatJob): string {
  const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/[\n\0]/g, ' ')}"`;
  return [
    `[user]\n\tname = ${quote(author.name)}\n\temail = ${quote(author.email)}`,
    '[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n',
  ].join('\n');
}
