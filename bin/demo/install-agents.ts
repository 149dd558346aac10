/** The agents that containers/polecat/package.json pins, installed once by its lock file and kept in the user's cache. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../gt/refusal.ts';
import { run } from './process.ts';

const pinned = fileURLToPath(new URL('../../containers/polecat', import.meta.url));

/** As containers/polecat/package.json spells it. */
export function pinnedVersion(name: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return dependencies[name] ?? '';
}

/** Directory of their executables. `onFetch` is told before npm is asked. Throws AGENTS_NOT_INSTALLED. */
export async function installAgents(onFetch: (dir: string) => void = () => undefined): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gastown');
  const lock = readFileSync(join(pinned, 'package-lock.json'));
  const dir = join(cache, `agents-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
  const bin = join(dir, 'node_modules/.bin');
  if (existsSync(dir)) return bin;
  onFetch(dir);
  try {
    mkdirSync(cache, { recursive: true });
    await fetchInto(dir);
  } catch (error) {
    throw new Refusal(
      'AGENTS_NOT_INSTALLED',
      `npm ci, by the lock file of containers/polecat, did not bring the agents to ${dir}: ${(error as Error).message}`,
      'See that npm ping answers and that the directory can be written (XDG_CACHE_HOME names another), and try again.',
    );
  }
  return bin;
}

/** Beside its place first: what is there is whole, and two that fetch at once do not meet. */
async function fetchInto(dir: string): Promise<void> {
  const making = mkdtempSync(`${dir}.`);
  try {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(pinned, name), join(making, name));
    const { status, stderr } = await run(['npm', 'ci', '--no-audit', '--no-fund'], { cwd: making });
    if (status !== 0) throw new Error(lastWords(stderr) || `it ended with status ${status}.`);
    if (!existsSync(dir)) renameSync(making, dir);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** What npm says of an error; below it stands only where its log is. */
const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line)?.[1] ?? [])
    .filter((line) => !/complete log of this run|^code /.test(line))
    .slice(0, 2)
    .join(' ');
