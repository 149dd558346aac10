/** Runs git and the rig's own tests for the demo: argv, never a shell line of ours, and nothing inherited that would mislead. */
import { spawn } from 'node:child_process';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A test runner or a git hook above us must not decide where these look, or what they print. */
const misleading =
  /^(GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|PREFIX)|NODE_OPTIONS|NODE_TEST_CONTEXT)$/;

function environment(added: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !misleading.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), GIT_TERMINAL_PROMPT: '0', ...added };
}

export function run(
  argv: readonly [string, ...string[]],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const [command, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: environment(options.env ?? {}),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, stdout, stderr }));
  });
}

/** The output of a git command that has to work. */
export async function git(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const ran = await run(['git', ...args], { env });
  if (ran.status === 0) return ran.stdout.trim();
  throw new Error(lastLine(ran.stderr) || `git ${args[0] ?? ''} ended with status ${ran.status}`);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
