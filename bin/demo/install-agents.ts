/** The agents that containers/polecat/package.json pins, installed once and kept in the user's cache. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Preset, presets } from '../../core/polecats/presets.ts';
import { Refusal } from '../gt/refusal.ts';
import { run } from './process.ts';

const pinned = fileURLToPath(new URL('../../containers/polecat', import.meta.url));

interface Manifest {
  /** In the image, and locked. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Brought by whoever wants them. */
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8')) as Manifest;

/** As containers/polecat/package.json spells it. */
export const pinnedVersion = (name: string): string =>
  manifest.dependencies[name] ?? manifest.peerDependencies[name] ?? '';

/** Directory of the executables that the image has too. `onFetch` is told before npm is asked. Throws AGENTS_NOT_INSTALLED. */
export async function installAgents(onFetch: (dir: string) => void = () => undefined): Promise<string> {
  const lock = readFileSync(join(pinned, 'package-lock.json'));
  const dir = cached(`agents-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
  if (!existsSync(dir)) {
    onFetch(dir);
    await fetchInto(dir, 'npm ci, by the lock file of containers/polecat,', async (making) => {
      for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(pinned, name), join(making, name));
      await npm(making, 'ci');
      for (const { from, argv } of Object.values(presets))
        if (from in manifest.dependencies) await start(making, argv[0] ?? '');
    });
  }
  return join(dir, bin);
}

/** Directory of the executable of one that no image has. Throws AGENTS_NOT_INSTALLED. */
export async function installAgent({ from, argv: [program = ''] }: Preset): Promise<string> {
  const spec = `${from}@${pinnedVersion(from)}`;
  const dir = cached(spec.replace('/', '-'));
  if (!existsSync(dir)) {
    await fetchInto(dir, `npm install ${spec}`, async (making) => {
      const { allowScripts } = manifest;
      writeFileSync(join(making, 'package.json'), JSON.stringify({ private: true, allowScripts }));
      // Older releases of npm run every script, whatever allowScripts says.
      await npm(making, 'install', '--ignore-scripts', spec);
      if (allowScripts[from]) await npm(making, 'rebuild', from);
      await start(making, program);
    });
  }
  return join(dir, bin);
}

const bin = 'node_modules/.bin';
const cached = (name: string): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gastown', name);

/** Beside its place first: what is there is whole, and two that fetch at once do not meet. */
async function fetchInto(dir: string, what: string, fetch: (making: string) => Promise<void>): Promise<void> {
  try {
    mkdirSync(dirname(dir), { recursive: true });
    const making = mkdtempSync(`${dir}.`);
    try {
      await fetch(making);
      if (!existsSync(dir)) renameSync(making, dir);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  } catch (error) {
    throw new Refusal(
      'AGENTS_NOT_INSTALLED',
      `${what} did not bring the agents to ${dir}: ${(error as Error).message}`,
      'See that npm ping answers and that the directory can be written (XDG_CACHE_HOME names another), and try again.',
    );
  }
}

/** Most programs are optional packages, one for each platform, and npm is content without them. */
async function start(making: string, program: string): Promise<void> {
  const { status } = await run([join(making, bin, program), '--version'], { env: { HOME: making } });
  if (status !== 0) throw new Error(`${program} does not start; see that there is one for ${platform}-${arch}.`);
}

async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await run(['npm', ...args, '--no-audit', '--no-fund'], { cwd });
  if (status !== 0) throw new Error(lastWords(stderr) || `it ended with status ${status}.`);
}

/** What npm says of an error; below it stands only where its log is. */
const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line)?.[1] ?? [])
    .filter((line) => !/complete log of this run|^code /.test(line))
    .slice(0, 2)
    .join(' ');
