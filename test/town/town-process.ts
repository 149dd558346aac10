/** The real `bin/start.ts` in a process of its own, to be killed. Bundled once, so that a start costs little. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type ApiClient, makeClient } from './api-client.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A bundled module still finds the files that lay beside its source. */
const keepOwnUrl: Plugin = {
  name: 'keep-own-url',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    }),
};

/** Returns the bundle, which must lie below the project for Node to find its packages. */
export async function bundleTown(): Promise<{ file: string; remove(): void }> {
  const dir = join(root, 'node_modules', '.cache', `town-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'start.mjs');
  await build({
    entryPoints: [join(root, 'bin/start.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['esbuild', 'classic-level'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [keepOwnUrl],
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface TownProcess {
  readonly child: ChildProcess;
  /** Everything it printed so far. */
  said(): string;
  /** Resolves when the API answers; rejects if the process ends before, or says nothing for a minute. */
  up(): Promise<ApiClient>;
  kill(): Promise<void>;
  /** As the end of a machine: with everything that it started, git in the middle of a write. */
  crash(): Promise<void>;
  /** As Ctrl-C does it. */
  stop(): Promise<number | null>;
}

const upWithinMs = 60_000;

/** `setUp`: commands of the shell that becomes the town. */
export function spawnTown(bundle: string, dir: string, setUp = ''): TownProcess {
  const town = [process.execPath, bundle, '--dir', dir, '--port', '0', '--no-sync'];
  const child = spawn('sh', ['-c', `${setUp} exec "$@"`, 'sh', ...town], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const hear = (chunk: Buffer): void => {
    printed += chunk.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const exited = once(child, 'exit');
  return {
    child,
    said: () => printed,
    async up() {
      for (const deadline = Date.now() + upWithinMs; Date.now() < deadline; await pause(10)) {
        const url = /Gas Town is up at (\S+),/.exec(printed)?.[1];
        if (url) return makeClient(url, readFileSync(join(dir, 'token'), 'utf8').trim());
        if (child.exitCode !== null || child.signalCode !== null) break;
      }
      throw new Error(`the town did not come up (${child.exitCode ?? child.signalCode ?? 'running'}):\n${printed}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async crash() {
      const others = processesAt(dir).filter(({ pid }) => pid !== child.pid);
      child.kill('SIGKILL');
      for (const { pid } of others) killIfThere(pid);
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Found {
  readonly pid: number;
  readonly command: string;
}

/** Processes that have anything to do with the directory: in their arguments, environment or working directory. Linux only. */
function processesAt(dir: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const seen = `${command}\n${readFileSync(`/proc/${pid}/environ`, 'utf8')}\n${readlinkSync(`/proc/${pid}/cwd`)}`;
        return seen.includes(dir) ? [{ pid: Number(pid), command }] : [];
      } catch {
        return [];
      }
    });
}

const goneSoonMs = 5000;

/** What is left a moment after a town has ended: a process that ends when its town's pipe closes needs that long to see it. */
export async function processesLeftAt(dir: string): Promise<Found[]> {
  for (const deadline = Date.now() + goneSoonMs; ; await pause(50)) {
    const found = processesAt(dir);
    if (found.length === 0 || Date.now() > deadline) return found;
  }
}
