/** The Python tools of requirements.txt, in a virtual environment that is made once and kept in the user's cache. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const requirements = path.join(import.meta.dirname, 'requirements.txt');

/** Directory of the tools' executables. Throws if Python, its `venv` module or its package registry is not there. */
export function installTools(): string {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const dir = path.join(cache, 'gastown', `emulator-${digest}`);
  const bin = path.join(dir, 'bin');
  const complete = path.join(dir, 'complete');
  if (existsSync(complete)) return bin;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(path.dirname(dir), { recursive: true });
  execFileSync('python3', ['-m', 'venv', dir], { stdio: 'inherit' });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  execFileSync(path.join(bin, 'python'), pip, { stdio: 'inherit' });
  mkdirSync(`${complete}.making`);
  renameSync(`${complete}.making`, complete);
  return bin;
}
