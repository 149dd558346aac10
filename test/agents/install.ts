/** The agents that containers/polecat/package.json pins, installed once and kept in the user's cache, outside the tree. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const pinned = path.resolve(import.meta.dirname, '../../containers/polecat');

/** Directory of the agents' executables. Throws if npm's registry is not reached. */
export function installAgents(): string {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  const lock = readFileSync(path.join(pinned, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const dir = path.join(cache, 'gastown', `agents-${digest}`);
  const bin = path.join(dir, 'node_modules/.bin');
  if (existsSync(dir)) return bin;
  const making = `${dir}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(path.join(pinned, name), path.join(making, name));
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: making, stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(making, dir);
  return bin;
}
