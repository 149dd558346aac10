import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(120_000);

const dir = mkdtempSync(join(tmpdir(), 'gastown-stopped-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

const onLinux = process.platform === 'linux' ? test : test.skip;
const withScript = hasScript() ? onLinux : test.skip;

function hasScript(): boolean {
  try {
    return execFileSync('/bin/sh', ['-c', 'script --version'], { encoding: 'utf8', stdio: 'pipe' }).includes(
      'util-linux',
    );
  } catch {
    return false;
  }
}

/** The demo in a directory of its own, as `command` starts it. */
function demo(command: readonly [string, ...string[]]) {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const until = async (text: string): Promise<void> => {
    while (!output.includes(text) && child.exitCode === null) await sleep(20);
  };
  return { child, ended, until, printed: () => output };
}

/** Processes whose command line names this directory, and that are no zombies. */
const harnessesIn = (state: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^[1-9]/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return command.includes(`${state}/`) && command.includes('--pool');
      } catch {
        return false;
      }
    })
    .map(Number);

async function allGone(state: string): Promise<void> {
  while (harnessesIn(state).length > 0) await sleep(50);
}

describe('a demo that is ended from outside', () => {
  onLinux('killed with no chance to say a word, it leaves no harness behind, idle or at work', async () => {
    const state = join(dir, 'killed');
    const { until, ended } = demo([process.execPath, '--import', 'tsx', 'bin/demo.ts', '--dir', state]);
    await until('working');
    expect(harnessesIn(state).length).toBeGreaterThan(1);
    const { pid } = JSON.parse(readFileSync(join(state, 'town', 'town.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await ended;
    await allGone(state);
  });

  // As people start it: tsx's own command kills a child that does not answer a signal within 60 ms.
  withScript('by Ctrl-C in a terminal, with the live tree on it, it says so and where things are', async () => {
    const state = join(dir, 'typed');
    const line = `stty cols 100 rows 40; exec npm run --silent demo -- --dir "${state}"`;
    const live = ['env', '-u', 'CI', '-u', 'NO_COLOR', 'TERM=xterm'] as const;
    const { child, until, ended, printed } = demo([...live, 'script', '-qec', line, '/dev/null']);
    await until('working');
    child.stdin.write('\x03');
    expect(await ended).toBe(130);
    expect(printed()).toContain('━');
    expect(printed()).toMatch(/What there is of it: .*typed[\s\S]*INTERRUPTED: Stopped by Ctrl-C\./);
    await allGone(state);
  });
});
