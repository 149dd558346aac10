/** The demo as `npm run demo -- …` starts it, in a process of its own. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `environment` is added to this process's; a variable without a value is taken out. */
export function runDemo(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
  onStderr: (text: string, stop: () => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/demo.ts', ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    onStderr(stderr, () => child.kill('SIGINT'));
  });
  return new Promise<Ended>((done, failed) => {
    child.once('error', failed);
    child.once('close', (status) => done({ status, stdout, stderr }));
  });
}
