/** Real bare repositories, and the real harness as a process against a scripted town. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleHarness } from '../../../containers/polecat/bundle.ts';
import type { GateJob, PolecatJob, Report, Subject, Verdict } from '../../../core/polecats/protocol.ts';
import { ScriptedTown } from './scripted-town.ts';

const identity = ['-c', 'user.name=Rig', '-c', 'user.email=rig@example.com'];

export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', [...identity, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  }).trim();

export interface Rig {
  readonly url: string;
  readonly main: string;
  /** The commit of a branch on the remote; empty if it has none. */
  readonly tip: (branch: string) => string;
  readonly show: (branch: string, path: string) => string;
}

export class Yard {
  readonly dir = mkdtempSync(join(tmpdir(), 'gastown-harness-'));
  readonly town = new ScriptedTown();
  api = '';
  #harness = '';
  readonly #started: ChildProcess[] = [];

  async open(): Promise<void> {
    this.#harness = await bundleHarness(join(this.dir, 'harness'));
    this.api = await this.town.listen();
  }

  async close(): Promise<void> {
    for (const child of this.#started) child.kill('SIGKILL');
    await this.town.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  get harness(): string {
    return this.#harness;
  }

  /** A bare repository with a `main` of two commits. */
  makeRig(name: string, files: Readonly<Record<string, string>> = {}): Rig {
    const url = join(this.dir, `${name}.git`);
    const work = join(this.dir, `${name}-work`);
    git(this.dir, 'init', '--quiet', '--bare', '--initial-branch=main', url);
    git(this.dir, 'init', '--quiet', '--initial-branch=main', work);
    for (const [path, content] of Object.entries({ 'README.md': '# A rig\n', 'src/one.txt': '1\n', ...files })) {
      mkdirSync(join(work, path, '..'), { recursive: true });
      writeFileSync(join(work, path), content);
    }
    git(work, 'commit', '--quiet', '--allow-empty', '--message=Begin');
    git(work, 'add', '--all');
    git(work, 'commit', '--quiet', '--message=Lay the ground');
    git(work, 'push', '--quiet', url, 'main');
    return {
      url,
      main: git(work, 'rev-parse', 'HEAD'),
      tip: (branch) => git(url, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`),
      show: (branch, path) => git(url, 'show', `${branch}:${path}`),
    };
  }

  /** Of that name in the boxes of tasks that are at work. */
  filesNamed(name: string): string[] {
    const tasks = readdirSync(this.dir).filter((task) => task.startsWith('polecat-'));
    return tasks.map((task) => join(this.dir, task, 'box/work', name)).filter((file) => existsSync(file));
  }

  /** Starts the harness on a subject; `env` is added to its environment. */
  start(subject: Subject, env: Readonly<Record<string, string>> = {}, taskDir = this.dir): Running {
    const child = spawn(process.execPath, [this.#harness], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.dir,
        GASTOWN_API: this.api,
        GASTOWN_TOKEN: this.town.token,
        GASTOWN_SUBJECT: JSON.stringify(subject),
        GASTOWN_TASK_DIR: taskDir,
        ...env,
      },
    });
    this.#started.push(child);
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString('utf8');
    });
    const ended = new Promise<{ exitCode: number | null; said: string }>((resolve) => {
      child.on('close', (exitCode) => resolve({ exitCode, said }));
    });
    return { child, ended };
  }

  async polecat(job: PolecatJob, env: Readonly<Record<string, string>> = {}): Promise<Report> {
    this.town.job = job;
    const { exitCode, said } = await this.start({ kind: 'polecat', bead: job.bead, attempt: job.attempt }, env).ended;
    const report = this.town.reports.pop();
    if (!report) throw new Error(`no report; the harness ended with ${exitCode}: ${said}`);
    return report;
  }

  async gate(job: GateJob): Promise<Verdict> {
    this.town.job = job;
    const { exitCode, said } = await this.start(gateSubject).ended;
    const verdict = this.town.verdicts.pop();
    if (!verdict) throw new Error(`no verdict; the harness ended with ${exitCode}: ${said}`);
    return verdict;
  }
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ exitCode: number | null; said: string }>;
}

export const gateSubject: Subject = { kind: 'gate', rig: 'greenhouse', target: 'main', candidate: 'c1', gateRun: 1 };

let beads = 0;

/** A job whose agent runs `script`. */
export function jobFor(rig: Rig, script: string, more: Partial<PolecatJob> = {}): PolecatJob {
  beads += 1;
  const bead = `gh-000000-${beads}`;
  return {
    kind: 'polecat',
    bead,
    attempt: 1,
    polecat: 'Toast',
    rig: 'green',
    remoteUrl: rig.url,
    branch: `polecat/Toast/${bead}@1`,
    startFrom: 'main',
    target: 'main',
    author: { name: 'Toast', email: 'toast@gastown.invalid' },
    commitMessage: `Do the work of ${bead}`,
    agent: ['sh', '{script}'],
    prompt: 'Do the work.',
    script,
    timeoutMs: 60_000,
    beatEveryMs: 30_000,
    allowsNoChange: false,
    budgetUsd: 0,
    ...more,
  };
}

export const gateJob = (rig: Rig, commands: readonly string[], more: Partial<GateJob> = {}): GateJob => ({
  kind: 'gate',
  remoteUrl: rig.url,
  ref: 'refs/heads/main',
  commit: rig.main,
  gates: commands.map((command, i) => ({ name: `gate-${i}`, command, timeoutMs: 60_000 })),
  beatEveryMs: 30_000,
  ...more,
});

/** Waits for something that another process brings about. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 1500; tries += 1) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not come about in 30 s`);
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie has ended; nobody has collected it yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export const readPid = (path: string): number | undefined => {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
};
