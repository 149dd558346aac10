/** What a town on this machine needs, each checked by trying it. */
import { execFile } from 'node:child_process';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Finding, fail, ok } from './finding.ts';

const freeBytesMin = 1024 ** 3;
const gitMin = [2, 39] as const;
const nodeMin = [20, 19] as const;

const atLeast = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
};

export const node = (): Finding =>
  atLeast(process.versions.node, nodeMin)
    ? ok('node', process.versions.node)
    : fail('node', process.versions.node, `Install Node ${nodeMin.join('.')} or newer.`);

export async function git(): Promise<Finding> {
  const found = await promisify(execFile)('git', ['--version']).then(
    ({ stdout }) => stdout.trim(),
    (error: Error) => error.message,
  );
  const version = /(\d+\.\d+)/.exec(found)?.[1] ?? '';
  return atLeast(version, gitMin) ? ok('git', found) : fail('git', found, `Install git ${gitMin.join('.')} or newer.`);
}

/** The state directory may not be there yet: its nearest parent is asked. */
export async function disk(stateDir: string): Promise<Finding> {
  let dir = stateDir;
  while (dir !== dirname(dir) && !(await stat(dir).catch(() => undefined))) dir = dirname(dir);
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${dir}`;
  return free >= freeBytesMin
    ? ok('disk', found)
    : fail('disk', found, 'Free 1 GiB, or keep the state elsewhere with --dir.');
}
