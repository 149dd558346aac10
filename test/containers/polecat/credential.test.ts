/** A private remote: git itself behind HTTP with basic authentication, and the harness as it runs in a task. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { serveGit } from '../../git/http-backend.ts';
import { gateJob, jobFor, type Rig, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const password = 'correct-horse-battery-staple';
const credential = { username: 'x-access-token', password };
const basic = Buffer.from(`x-access-token:${password}`).toString('base64');
/** Both ways in which the credential could be written somewhere. */
const traces = [password, basic];

const yard = new Yard();
const { town } = yard;
let rig: Rig;
let remote: Rig;
/** What each request bore as its authorization. */
const seen: (string | undefined)[] = [];
/** While git waits for the answer to its push. */
let beforePush = (): void => undefined;

const server = createServer((request, response) => {
  const { authorization } = request.headers;
  seen.push(authorization);
  if (authorization !== `Basic ${basic}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="rig"' }).end();
    return;
  }
  if (new URL(request.url ?? '', 'http://rig').pathname.endsWith('/git-receive-pack')) beforePush();
  void serveGit(yard.dir, request, response);
});

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('private');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  remote = { ...rig, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/private.git` };
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await yard.close();
});
afterEach(() => {
  expect(town.faults).toEqual([]);
  town.credential = { credential };
  town.asked.length = 0;
  seen.length = 0;
  beforePush = () => undefined;
});

describe('a private remote', () => {
  test('is cloned and pushed to with the credential that the town gives this attempt', async () => {
    town.credential = { credential };
    const job = jobFor(remote, 'echo hello > new.txt');
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'new.txt')).toBe('hello');
    expect(town.asked).toEqual(Array(2).fill({ kind: 'polecat', bead: job.bead, attempt: 1 }));
    expect(seen.every((authorization) => authorization === `Basic ${basic}`)).toBe(true);
  });

  test('is tested by gates with it too', async () => {
    const verdict = await yard.gate(gateJob(remote, ['test -f README.md']));
    expect(verdict).toMatchObject({ result: 'passed', commit: rig.main });
  });

  test.each([
    ['none', { credential: null }],
    ['a wrong one', { credential: { ...credential, password: 'guess' } }],
  ])(
    'that the town has %s for fails the attempt with what git says, at once and without the credential',
    async (_, answer) => {
      town.credential = answer;
      const report = await yard.polecat(jobFor(remote, 'true'));
      expect(report).toMatchObject({ status: 'failed', cause: 'harness_failed' });
      expect(report).toHaveProperty('detail', expect.stringMatching(/could not read Username|Authentication failed/));
      expect(JSON.stringify(report)).not.toContain('guess');
    },
  );

  test('ends the task where the town no longer wants it', async () => {
    town.credential = { superseded: true };
    const job = jobFor(remote, 'true');
    town.job = job;
    const { exitCode } = await yard.start({ kind: 'polecat', bead: job.bead, attempt: 1 }).ended;
    expect([exitCode, town.reports]).toEqual([0, []]);
  });
});

test('a remote that is not spoken to over HTTP asks for no credential', async () => {
  await yard.polecat(jobFor(rig, 'echo x > local.txt'));
  expect(town.asked).toEqual([]);
});

describe('an agent finds the credential', () => {
  /** Prints whatever it can read of its surroundings. */
  const lookAround = `
    env; git config --list --show-origin; cat .git/config ../home/.gitconfig
    grep -ra . .. 2>/dev/null | head -c 2000000
    cat ../../own.git/config; ls -la ../../own.git; git remote -v; git credential fill </dev/null
    for p in /proc/[0-9]*; do tr '\\\\0' '\\\\n' < $p/cmdline; done 2>/dev/null`;

  test('neither in its environment, its files or its git, nor in what is pushed or printed', async () => {
    const job = jobFor(remote, `(${lookAround}) > seen.txt 2>&1; cat seen.txt`);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed' });
    const found = rig.show(job.branch, 'seen.txt');
    expect(found).toContain('GASTOWN_BEAD=');
    for (const trace of traces) {
      expect(found).not.toContain(trace);
      expect(town.logOf(report)).not.toContain(trace);
      expect(JSON.stringify([town.beats, report])).not.toContain(trace);
    }
  });

  test('by no hook, filter or helper that it left for the git of the harness', async () => {
    const trace = join(yard.dir, 'caught');
    const job = jobFor(
      remote,
      `printf '#!/bin/sh\\nenv >> ${trace}\\n' > /tmp/catch-$$; chmod +x /tmp/catch-$$
       for hook in pre-push reference-transaction post-checkout; do mkdir -p .git/hooks; cp /tmp/catch-$$ .git/hooks/$hook; done
       git config core.hooksPath .git/hooks; git config core.sshCommand /tmp/catch-$$; git config core.askPass /tmp/catch-$$
       git config credential.helper "!env >> ${trace}"; git config filter.spy.clean "env >> ${trace}; cat"
       git config http.proxy http://127.0.0.1:1; git config url.http://127.0.0.1:1/.insteadOf http://127.0.0.1
       echo '* filter=spy' > .gitattributes; echo x > x.txt`,
    );
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    // The filter ran: as the agent, on what the agent left. It is the one that must have found nothing.
    for (const text of traces) expect(readFileSync(trace, 'utf8')).not.toContain(text);
  });
});

// Only root can start the spy as another user, as the container does with the agent.
(process.getuid?.() === 0 ? test : test.skip)(
  'the git that pushes shows it to its own user, and not to the agent’s',
  async () => {
    const look = 'for p in /proc/[0-9]*; do cat $p/environ $p/cmdline; done 2>/dev/null | tr "\\0" "\\n"';
    const spied = { harness: '', agent: '' };
    beforePush = () => {
      spied.harness += execFileSync('sh', ['-c', look], { encoding: 'utf8', uid: 0 });
      spied.agent += execFileSync('sh', ['-c', look], { encoding: 'utf8', uid: 65534, gid: 65534 });
    };
    expect(await yard.polecat(jobFor(remote, 'echo x > x.txt'))).toMatchObject({ status: 'completed' });
    expect(spied.harness).toContain(basic);
    expect(spied.agent).toContain('--force-with-lease');
    for (const trace of traces) expect(spied.agent).not.toContain(trace);
  },
);
