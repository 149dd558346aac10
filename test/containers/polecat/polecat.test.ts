import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { git, isAlive, jobFor, type Rig, readPid, until, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const yard = new Yard();
const { town } = yard;
let rig: Rig;

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
});
afterAll(() => yard.close());
afterEach(() => {
  expect(town.faults).toEqual([]);
  expect(town.reports).toEqual([]);
  // Nothing of a task outlives it.
  expect(readdirSync(yard.dir).filter((name) => name.startsWith('polecat-'))).toEqual([]);
  town.onBeat = () => ({ superseded: false, stop: null, nudge: null });
  town.ack = { accepted: true };
  town.outages = 0;
  town.beats.length = 0;
});

describe('what an agent leaves', () => {
  test('files it did not commit are committed as the polecat, pushed to the new branch, and reported by the remote’s commit', async () => {
    const job = jobFor(rig, 'echo hello > new.txt; rm src/one.txt; echo printed; echo to stderr >&2');
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'new.txt')).toBe('hello');
    expect(git(rig.url, 'ls-tree', '-r', '--name-only', job.branch).split('\n')).toEqual(['README.md', 'new.txt']);
    expect(git(rig.url, 'log', '-1', '--format=%an <%ae> %cn %s %P', job.branch)).toBe(
      `Toast <toast@gastown.invalid> Toast ${job.commitMessage} ${rig.main}`,
    );
    expect(town.logOf(report)).toBe('printed\nto stderr\n');
    expect(report.tail).toBe('printed\nto stderr\n');
    expect(town.beats.map(({ state }) => state)).toEqual(['working', 'pushing']);
  });

  test('commits of its own are pushed as they are, and what it left beside them in one more', async () => {
    const job = jobFor(rig, 'echo a > a; git add a; git commit -qm "Mine"; echo b > b');
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(git(rig.url, 'log', '--format=%s %an', `${rig.main}..${job.branch}`).split('\n')).toEqual([
      `${job.commitMessage} Toast`,
      'Mine Toast',
    ]);
  });

  test('a work tree that it committed whole gets no commit more', async () => {
    const job = jobFor(rig, 'echo a > a; git add a; git commit -qm "Mine"');
    await yard.polecat(job);
    expect(git(rig.url, 'rev-list', '--count', `${rig.main}..${job.branch}`)).toBe('1');
  });

  test('a status other than 0 fails the attempt with its last lines, and still pushes the work', async () => {
    const job = jobFor(rig, 'echo half > half.txt; echo it broke; exit 3');
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'failed', cause: 'agent_failed', head: rig.tip(job.branch) });
    expect(report).toHaveProperty('detail', 'the agent ended with status 3; its last lines:\nit broke');
    expect(rig.show(job.branch, 'half.txt')).toBe('half');
  });

  test('a command that does not exist is for a human to mend: the next attempt would not find it either', async () => {
    const report = await yard.polecat(jobFor(rig, '', { agent: ['no-such-agent', '{prompt}'] }));
    expect(report).toMatchObject({ status: 'escalated', question: expect.stringContaining('no-such-agent') });
  });

  test('an agent that hangs is stopped at its limit, with all it started, and its work is pushed', async () => {
    const pidFile = join(yard.dir, 'hang.pid');
    const script = `echo begun > begun.txt; trap '' TERM; sleep 600 & echo $! > ${pidFile}; wait; sleep 600`;
    const job = jobFor(rig, script, { timeoutMs: 300 });
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'failed', cause: 'timeout', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'begun.txt')).toBe('begun');
    expect(isAlive(readPid(pidFile) ?? 0)).toBe(false);
  });

  test('an agent that commits nothing is an empty result, and no branch is made', async () => {
    const job = jobFor(rig, 'echo all fine');
    expect(await yard.polecat(job)).toMatchObject({ status: 'failed', cause: 'empty_result' });
    expect(rig.tip(job.branch)).toBe('');
  });

  test('an empty commit is an empty result too', async () => {
    const job = jobFor(rig, 'git commit -q --allow-empty -m "Look busy"');
    expect(await yard.polecat(job)).toMatchObject({ status: 'failed', cause: 'empty_result' });
  });

  test('nothing to change is no failure where the bead’s type allows it', async () => {
    const report = await yard.polecat(jobFor(rig, 'true', { allowsNoChange: true }));
    expect(report).toMatchObject({ status: 'no_change' });
  });

  test('history that was rewritten fails the attempt, and is on the branch for the record only', async () => {
    const script =
      'git checkout -q --orphan other; git commit -qm "From nothing"; git branch -q -f main 2>/dev/null; true';
    const job = jobFor(rig, script);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'agent_failed',
      detail: expect.stringContaining('rewrote history'),
    });
    expect(report.head).toBeUndefined();
    expect(git(rig.url, 'rev-list', '--count', job.branch)).toBe('1');
  });

  test('a repository that the agent destroyed does not lose its files', async () => {
    const job = jobFor(rig, 'echo kept > kept.txt; rm -rf .git');
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'kept.txt')).toBe('kept');
  });

  test.each([
    'echo nonsense > .git/HEAD',
    'rm -rf .git; ln -s /etc .git',
    'rm -rf .git; echo x > .git',
    'rm -rf .git/objects',
    'mkdir -p .git/index.lock/deep',
    'git init -q sub; rm -rf .git',
  ])('nor does one that it broke: %s', async (script) => {
    const job = jobFor(rig, `echo kept > kept.txt; rm src/one.txt; ${script}`);
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(git(rig.url, 'ls-tree', '-r', '--name-only', job.branch)).toBe('README.md\nkept.txt');
  });

  test('a lock of a git command that was killed does not keep the work from being committed', async () => {
    const job = jobFor(rig, 'echo x > x; touch .git/index.lock .git/HEAD.lock');
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed' });
    expect(rig.show(job.branch, 'x')).toBe('x');
  });

  test('hooks and settings that it put into its repository do not run in the harness', async () => {
    const trace = join(yard.dir, 'hooked');
    const hook = `printf '#!/bin/sh\\ntouch ${trace}\\n' > .git/hooks/pre-commit; cp .git/hooks/pre-commit .git/hooks/pre-push`;
    const job = jobFor(
      rig,
      `mkdir -p .git/hooks; ${hook}; chmod +x .git/hooks/*; git config core.hooksPath .git/hooks; git config core.fsmonitor "touch ${trace}"; git config url.file:///nowhere.insteadOf /; git config core.sshCommand "touch ${trace}"; echo y > y`,
    );
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(readdirSync(yard.dir)).not.toContain('hooked');
  });

  test('an attempt goes on from an earlier attempt’s commit, and finished work that was only not reported is not empty', async () => {
    const first = jobFor(rig, 'echo done > done.txt; exit 1');
    const { head } = await yard.polecat(first);
    const again = jobFor(rig, 'test -f done.txt', { startFrom: head ?? '' });
    expect(await yard.polecat(again)).toMatchObject({ status: 'completed', head });
    expect(rig.tip(again.branch)).toBe(head);
  });
});

describe('what an agent gets', () => {
  test('its environment is a short list without the town’s token, and its home is its own', async () => {
    const job = jobFor(rig, 'env > env.txt; test -t 0 && exit 9; cat; pwd > pwd.txt');
    await yard.polecat(job, { AWS_SECRET_ACCESS_KEY: 'secret', NPM_TOKEN: 'secret' });
    const names = rig
      .show(job.branch, 'env.txt')
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'GASTOWN_BEAD', 'GASTOWN_NUDGE_FILE']));
    expect(names.filter((name) => /TOKEN|SECRET|GASTOWN_API|GASTOWN_SUBJECT/.test(name ?? ''))).toEqual([]);
    expect(rig.show(job.branch, 'env.txt')).toContain(
      `HOME=${rig.show(job.branch, 'pwd.txt').replace(/work$/, 'home')}`,
    );
  });

  test('the prompt and the script are files outside the work tree', async () => {
    const job = jobFor(rig, 'unused', {
      agent: ['sh', '-c', 'cat "$1" "$2" > both.txt', 'sh', '{prompt}', '{script}'],
      prompt: 'Say it.\n',
      script: 'echo it\n',
    });
    await yard.polecat(job);
    expect(rig.show(job.branch, 'both.txt')).toBe('Say it.\necho it');
    expect(git(rig.url, 'diff', '--name-only', rig.main, job.branch)).toBe('both.txt');
  });

  test('an agent that runs a script the bead does not have is a fault of the configuration', async () => {
    const report = await yard.polecat(jobFor(rig, '', { script: null }));
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'harness_failed',
      detail: expect.stringContaining('no sh block'),
    });
  });

  test('a nudge reaches a file that it can read, with the next beat', async () => {
    town.onBeat = () => ({ superseded: false, stop: null, nudge: 'are you there?', nudgedAt: 1 });
    const job = jobFor(
      rig,
      'while ! test -s "$GASTOWN_NUDGE_FILE"; do sleep 0.02; done; cat "$GASTOWN_NUDGE_FILE" > nudge.txt',
      { beatEveryMs: 50 },
    );
    await yard.polecat(job);
    expect(rig.show(job.branch, 'nudge.txt')).toBe('are you there?');
  });
});

describe('the remote', () => {
  test('a branch that is there already is never overwritten', async () => {
    const job = jobFor(rig, 'echo z > z');
    git(rig.url, 'update-ref', `refs/heads/${job.branch}`, rig.main);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'harness_failed',
      detail: expect.stringContaining('on the remote already'),
    });
    expect(rig.tip(job.branch)).toBe(rig.main);
  });

  test('a remote that refuses the push fails the attempt with its words', async () => {
    const strict = yard.makeRig('strict');
    writeFileSync(join(strict.url, 'hooks/pre-receive'), '#!/bin/sh\necho no branches on Sundays >&2\nexit 1\n', {
      mode: 0o755,
    });
    const report = await yard.polecat(jobFor(strict, 'echo z > z'));
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'harness_failed',
      detail: expect.stringContaining('no branches on Sundays'),
    });
    expect(report.head).toBeUndefined();
  });

  test('a repository that does not exist fails the attempt, and says which', async () => {
    const report = await yard.polecat(jobFor({ ...rig, url: join(yard.dir, 'nowhere.git') }, 'true'));
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'harness_failed',
      detail: expect.stringContaining('nowhere.git'),
    });
  });

  test.each(['--upload-pack=touch pwned', 'ext::sh -c touch% pwned', '-x', 'a b'])(
    '%j is not taken for a remote',
    async (url) => {
      const report = await yard.polecat(jobFor({ ...rig, url }, 'true'));
      expect(report).toMatchObject({
        status: 'failed',
        cause: 'harness_failed',
        detail: expect.stringContaining('is not a URL'),
      });
    },
  );

  test.each(['--force', 'a..b', 'x.lock', 'a b', 'refs/heads/@{1}'])(
    '%j is not taken for a branch',
    async (startFrom) => {
      const report = await yard.polecat(jobFor(rig, 'true', { startFrom }));
      expect(report).toMatchObject({
        status: 'failed',
        cause: 'harness_failed',
        detail: expect.stringContaining('not a name that git takes'),
      });
    },
  );

  test('over a transport the same happens as on one disk', async () => {
    // git ignores `file://` shortcuts under an agent of its own user only, so the fetching path is forced by a shallow remote.
    const shallow = join(yard.dir, 'shallow.git');
    git(yard.dir, 'clone', '--quiet', '--bare', '--depth=1', `file://${rig.url}`, shallow);
    const remote: Rig = {
      ...rig,
      url: `file://${shallow}`,
      tip: (branch) => git(shallow, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`),
    };
    const job = jobFor(remote, 'git log --oneline | wc -l > depth.txt; git rev-parse origin/main > main.txt');
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed', head: remote.tip(job.branch) });
    expect(git(shallow, 'show', `${job.branch}:main.txt`)).toBe(rig.main);
  });
});

describe('the town', () => {
  test('a town that is away for a while is waited for, at the claim and at the report', async () => {
    town.outages = 3;
    const job = jobFor(rig, 'echo w > w');
    town.onBeat = (beat) => {
      if (beat.state === 'pushing') town.outages = 3;
      return { superseded: false, stop: null, nudge: null };
    };
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed' });
  });

  test('a stop ends the agent, pushes what there is, and blames nobody', async () => {
    town.onBeat = ({ outputBytes }) => ({
      superseded: false,
      stop: outputBytes > 0 ? 'nuked by max' : null,
      nudge: null,
    });
    const job = jobFor(rig, 'echo partial > partial.txt; echo begun; sleep 600', { beatEveryMs: 50 });
    const report = await yard.polecat(job);
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'infrastructure',
      detail: 'stopped by the town: nuked by max',
    });
    expect(rig.show(job.branch, 'partial.txt')).toBe('partial');
  });

  test('a superseded polecat is killed at once: nothing is pushed, nothing is reported', async () => {
    const pidFile = join(yard.dir, 'superseded.pid');
    town.onBeat = ({ outputBytes }) =>
      outputBytes > 0 ? { superseded: true } : { superseded: false, stop: null, nudge: null };
    const job = jobFor(rig, `trap '' TERM; echo x > x; echo $$ > ${pidFile}; echo begun; while :; do sleep 1; done`, {
      beatEveryMs: 50,
    });
    town.job = job;
    const { exitCode } = await yard.start({ kind: 'polecat', bead: job.bead, attempt: 1 }).ended;
    expect(exitCode).toBe(0);
    expect(town.reports).toEqual([]);
    expect(rig.tip(job.branch)).toBe('');
    expect(isAlive(readPid(pidFile) ?? 0)).toBe(false);
  });

  test('an attempt that is superseded before it is claimed does nothing', async () => {
    town.job = { superseded: true };
    expect((await yard.start({ kind: 'polecat', bead: 'gh-000000-1', attempt: 1 }).ended).exitCode).toBe(0);
    expect(town.beats).toEqual([]);
  });

  test('a claim that is refused is not repeated', async () => {
    town.job = undefined;
    const { exitCode, said } = await yard.start(
      { kind: 'polecat', bead: 'gh-000000-1', attempt: 1 },
      { GASTOWN_TOKEN: 'another' },
    ).ended;
    expect(exitCode).toBe(1);
    expect(said).toContain('ATTEMPT_UNAUTHORIZED');
  });

  test('SIGTERM ends the agent, pushes what there is, and reports a death that is nobody’s fault', async () => {
    const ready = join(yard.dir, 'term.ready');
    const job = jobFor(rig, `echo saved > saved.txt; echo 1 > ${ready}; sleep 600`);
    town.job = job;
    const { child, ended } = yard.start({ kind: 'polecat', bead: job.bead, attempt: 1 });
    await until('the agent', () => readPid(ready));
    child.kill('SIGTERM');
    expect((await ended).exitCode).toBe(0);
    expect(town.reports.pop()).toMatchObject({ status: 'failed', cause: 'infrastructure', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'saved.txt')).toBe('saved');
  });
});

describe('processes', () => {
  test('what the agent leaves running is killed, also when it made a session of its own', async () => {
    const files = ['group', 'session'].map((name) => join(yard.dir, `left-${name}.pid`));
    const job = jobFor(
      rig,
      `sleep 600 & echo $! > ${files[0]}; setsid sh -c 'echo $$ > ${files[1]}; exec sleep 600 >/dev/null 2>&1' & echo v > v; while ! test -s ${files[1]}; do sleep 0.02; done`,
    );
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed' });
    for (const file of files) {
      const pid = readPid(file);
      expect(pid).toBeGreaterThan(1);
      expect(isAlive(pid ?? 0)).toBe(false);
      rmSync(file);
    }
  });
});
