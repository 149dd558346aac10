import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { readOptions } from '../../bin/demo/options.ts';
import { cloneBare } from '../../bin/demo/rig.ts';
import { runDemo } from './run-demo.ts';

// A whole town lives and dies in each of these: on a busy machine that takes its time.
jest.setTimeout(300_000);

const dir = mkdtempSync(join(tmpdir(), 'gastown-demo-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Its temporary directories are this test's own, and no key of whoever runs it is asked for money. */
const demo = (args: readonly string[], onStderr?: Parameters<typeof runDemo>[2]) =>
  runDemo(args, { TMPDIR: dir, ANTHROPIC_API_KEY: undefined }, onStderr);

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();

/** This project as a repository: the checkout itself, or, where it came without one, its files in a commit. */
function ownRepository(): string {
  if (existsSync('.git')) return resolve('.');
  const copy = join(dir, 'own');
  for (const name of ['core', 'docs', 'git', 'README.md', 'package.json']) {
    if (existsSync(name)) cpSync(name, join(copy, name), { recursive: true });
  }
  git('init', '--quiet', copy);
  git('-C', copy, 'add', '--all');
  git('-C', copy, '-c', 'user.name=a', '-c', 'user.email=a@b.invalid', 'commit', '--quiet', '--message=own');
  return copy;
}

describe('the demo', () => {
  test('lands every bead, heals the one that fails, proves main green, and says so in one line', async () => {
    const { status, stdout, stderr } = await demo(['--json']);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\{.*\}\n$/);
    const figures = JSON.parse(stdout) as Record<string, number>;
    expect(figures).toEqual({
      beads: 8,
      landed: 8,
      failed: 0,
      retries: expect.any(Number),
      mainGreen: true,
      main: expect.stringMatching(/^[0-9a-f]{40}$/),
      seconds: expect.any(Number),
      convoySeconds: expect.any(Number),
      overheadMsP50: expect.any(Number),
      rssMb: expect.any(Number),
      firstWorkingMs: expect.any(Number),
      agent: 'shell',
      model: 'none',
      costUsd: 0,
    });
    expect(figures.firstWorkingMs).toBeGreaterThan(0);
    expect(figures.firstWorkingMs).toBeLessThan(1000 * (figures.convoySeconds ?? 0));
    expect(figures.retries).toBeGreaterThanOrEqual(1);
    expect(figures.overheadMsP50).toBeGreaterThan(0);
    expect(stderr).toMatch(/frost-alarm +attempt 1 failed, tries again: [\s\S]*?try\s+again/);
    // Nobody looks at what is left of a run that a program asked for.
    expect(readdirSync(dir).filter((name) => name.startsWith('gastown-demo-'))).toEqual([]);
  });

  test("lands a convoy of at least five beads on a clone of this project's own repository, and leaves that alone", async () => {
    const source = ownRepository();
    const refs = () => git('-C', source, 'for-each-ref', 'refs/heads/polecat', 'refs/gastown');
    const before = refs();
    const kept = join(dir, 'kept');
    const args = ['--json', '--repo', source, '--intent', 'examples/housekeeping.md', '--dir', kept];
    const { status, stdout, stderr } = await demo(args);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { beads, landed, main } = JSON.parse(stdout) as { beads: number; landed: number; main: string };
    expect(beads).toBeGreaterThanOrEqual(5);
    expect(landed).toBe(beads);
    const bare = join(kept, readdirSync(kept).find((name) => name.endsWith('.git')) ?? '');
    expect(git('-C', bare, 'show', `${main}:docs/gastown-demo/README.md`)).toContain('[Newest commits](history.md)');
    expect(git('-C', bare, 'log', '--format=%(trailers:key=Bead,valueonly)', `-${beads}`, main)).toMatch(/-1$/);
    expect(refs()).toBe(before);
  });

  test('stopped by Ctrl-C in mid-work it ends the town, says where things are, and is no success', async () => {
    let stopped = false;
    const { status, stdout, stderr } = await demo(['--json'], (text, stop) => {
      if (stopped || !text.includes('forecast')) return;
      stopped = true;
      stop();
    });
    expect(status).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/What there is of it: .*gastown-demo-[\s\S]*INTERRUPTED/);
  });

  test('a gate that always fails lands nothing, and the demo says why nobody but a human can go on', async () => {
    const { status, stdout } = await demo(['--plain', '--gate', 'echo no luck; false']);
    expect(status).toBe(1);
    expect(stdout).toContain('0 of 8 beads landed');
    expect(stdout).toContain('Nothing landed: main is as it was.');
    expect(stdout).toContain('main itself fails');
    const words = stdout.split('\n').filter((line) => !/npm |\/|git clone/.test(line));
    expect(words.filter((line) => line.length > 80)).toEqual([]);
  });

  test('on a repository of one commit, with a gate that cannot run, the JSON and stderr say why nothing landed', async () => {
    const source = join(dir, 'single');
    git('init', '--quiet', '--initial-branch=main', source);
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@b.invalid'];
    git('-C', source, ...author, 'commit', '--quiet', '--allow-empty', '--message=only');
    const args = ['--json', '--repo', source, '--gate', 'nosuch thing', '--dir', join(dir, 'unlanded')];
    const { status, stdout, stderr } = await demo(args);
    expect(status).toBe(1);
    const said = JSON.parse(stdout) as { because: string };
    expect(said).toMatchObject({ landed: 0, mainGreen: null, main: git('-C', source, 'rev-parse', 'HEAD') });
    expect(said.because).toMatch(/nosuch|gate|main itself/);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(said.because.replaceAll(/\s+/g, ' ').trim());
  });

  test('an option that there is not: exit code 2, the sentence, and how it is used', async () => {
    const { status, stdout, stderr } = await demo(['--bogus']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^USAGE: Unknown option '--bogus'\.\n\nnpm run demo -- \[options\]/);
  });
});

describe('bad input to the demo: the sentence, exit code 1, nothing on stdout and nothing left behind', () => {
  const faulty = join(dir, 'faulty.md');
  writeFileSync(faulty, '# Faulty\n\n- [ ] a: A\n  neds: b\n');
  git('init', '--quiet', join(dir, 'empty'));
  const cases: [string, string[], RegExp][] = [
    ['an intent that is not there', ['--intent', 'nowhere.md'], /^FILE_UNREADABLE: .*nowhere\.md/m],
    [
      'an intent with faults',
      ['--intent', faulty],
      /^PLAN_REFUSED: [\s\S]*line 4: "neds:" is no field\. Did you mean/m,
    ],
    ['a repository without a commit', ['--repo', join(dir, 'empty')], /^REPO_UNREACHABLE: .*no commit yet/m],
    ['a directory with something in it', ['--dir', dir], /^DIR_NOT_EMPTY: /m],
    ['a model without a key', ['--agent', 'claude'], /^MODEL_KEY_MISSING: .* not set\. Set it, or .*--rehearsal\./m],
    ['an agent that the demo does not bring', ['--agent', 'codex'], /^AGENT_UNKNOWN: .*"codex"\. .*docs\/agents\.md/m],
  ];
  test.each(cases)('%s', async (_, args, sentence) => {
    const { status, stdout, stderr } = await demo(['--json', ...args]);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});

test('agents that npm does not bring: what was tried, where to, and what to see to', async () => {
  const unreached = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
  const environment = {
    ...unreached,
    TMPDIR: dir,
    XDG_CACHE_HOME: join(dir, 'cache'),
    npm_config_cache: join(dir, 'npm'),
  };
  const { status, stdout, stderr } = await runDemo(['--rehearsal', '--json'], environment);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^Fetching Claude Code \d+\.\d+\.\d+ from npm, once .*agents-[0-9a-f]{16}$/m);
  expect(stderr).toMatch(/^AGENTS_NOT_INSTALLED: npm ci, .*ECONNREFUSED.* See that npm ping answers/m);
  expect(readdirSync(join(dir, 'cache/gastown'))).toEqual([]);
});

describe('what the demo refuses before it starts anything', () => {
  test('an option that there is not', () => {
    expect(() => readOptions(['--fast'])).toThrow("USAGE: Unknown option '--fast'.");
  });

  test.each([
    ['a rehearsal of another intent', ['--rehearsal', '--intent', 'mine.md'], /^USAGE: --rehearsal has a script for/],
    ['a rehearsal elsewhere', ['--rehearsal', '--repo', '.'], /^USAGE: --rehearsal has a script for/],
    ['an agent elsewhere with nothing to do', ['--agent', 'claude', '--repo', '.'], /^USAGE: .* wants an --intent/],
  ])('%s', (_, args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence);
  });

  test.each([
    ['a path without a repository', '/nowhere/at/all', 'REPO_UNREACHABLE: No repository answers at /nowhere/at/all: '],
    ['a URL that would run a command', 'ext::sh -c date', 'RIG_URL_INVALID: "ext::sh -c date" is not one of'],
    [
      'a short form that git alone understands',
      'git@host:a/b',
      'RIG_URL_INVALID: "git@host:a/b" is a short form; write',
    ],
  ])('%s', async (_, repo, sentence) => {
    const asked = readOptions(['--repo', repo])?.repo ?? '';
    await expect(cloneBare(asked, dir)).rejects.toThrow(sentence);
  });
});

test('a checkout without a branch, as CI makes it, gets one in its clone', async () => {
  const source = join(dir, 'detached');
  git('clone', '--quiet', '--depth=1', `file://${ownRepository()}`, source);
  git('-C', source, 'checkout', '--quiet', '--detach');
  for (const branch of git('-C', source, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n')) {
    if (branch !== '') git('-C', source, 'branch', '--quiet', '-D', branch);
  }
  const { path } = await cloneBare(source, mkdtempSync(join(dir, 'clone-')));
  expect(git('-C', path, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  expect(git('-C', path, 'rev-parse', 'main')).toBe(git('-C', source, 'rev-parse', 'HEAD'));
  expect(git('-C', path, 'remote')).toBe('');
});
