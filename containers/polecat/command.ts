/** The agent's command line: the rig's own, or that of an agent that is known by its name. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { presets } from '../../core/polecats/presets.ts';
import type { PolecatJob } from '../../core/polecats/protocol.ts';
import { NeedsHuman, TaskFailure } from './failure.ts';
import { claudeSettings } from './hook.ts';
import type { TaskEnvironment } from './sandbox.ts';

export interface Command {
  readonly argv: readonly string[];
  /** Beside what every agent gets. */
  readonly env: Readonly<Record<string, string>>;
  /** The prompt is its standard input. */
  readonly readsPrompt: boolean;
  /** What to do when its program is not there. */
  readonly remedy: string;
}

export function commandOf({ rig, agent, preset }: PolecatJob, environment: TaskEnvironment): Command {
  if (!preset) {
    if (!agent[0]) throw new TaskFailure('harness_failed', 'the agent has no command; set agent.command');
    const remedy = `Put it there, or name another: gt rig config ${rig} agent.command "…".`;
    return { argv: agent, env: {}, readsPrompt: false, remedy };
  }
  const { argv, modelOption, env, keys, from, version } = presets[preset.name];
  return {
    argv: [...argv.map(filled), ...(preset.model === undefined ? [] : [modelOption, preset.model])],
    env: { ...env, ...keysOf(keys, environment) },
    readsPrompt: true,
    remedy: `Install it: npm i -g ${from}@${version}. Or name another: gt rig config ${rig} agent.runtime <agent>.`,
  };
}

const filled = (arg: string): string => arg.replaceAll('{settings}', claudeSettings);

/** Absent where the harness has none: the agent then says itself what it lacks. */
const keysOf = (names: readonly string[], environment: TaskEnvironment): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name] ?? '']])),
  );

/** Asks with the program's name and a remedy, where a shell would only end with status 127. */
export function mustFind({ argv, remedy }: Command, path: string, cwd: string): void {
  const name = argv[0] ?? '';
  const places = name.includes('/') ? [cwd] : path.split(delimiter);
  if (places.some((place) => isProgram(resolve(place, name)))) return;
  throw new NeedsHuman(
    [
      `AGENT_NOT_FOUND: there is no program ${name}, and no agent has run.`,
      'It has to be executable (chmod +x), and on the PATH of npm start, or named by its absolute path; on AWS it has to be in the image.',
      `${remedy} If the PATH of the town changes, restart it. Then answer.`,
    ].join('\n'),
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
