/** An agent that means harm, in a container as the task definition describes it: what it must not do, it tries here. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import { keptCapabilities } from '../../../lib/polecats/confinement.ts';
import { Container, ended, lacksContainers, remotePath } from './container.ts';
import { gateJob, git, jobFor, type Rig, until, Yard } from './rig.ts';

jest.setTimeout(120_000);

const lacking = lacksContainers();
if (lacking) console.warn(`SKIPPED: what a hostile agent in a container cannot do. This machine ${lacking}.`);

/** What the harness of a task knows, and no agent may learn. */
const secrets = {
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/5eecafe0-1111-4222-8333-444455556666',
  ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/5eecafe0-metadata',
  ANTHROPIC_API_KEY: 'sk-ant-5eecafe0-1111-4222-8333-444455556666',
  CODEX_API_KEY: '5eecafe0-codex',
  HOME: '/work/harness-home',
};

/** Processes of the user that runs this, with their names, itself and its kin excepted. */
const mine = `for s in /proc/[0-9]*/status; do
  awk -v me=$$ '/^Name|^Pid|^PPid/ { v[$1] = $2 } /^Uid/ && $2 == 210001 && v["Pid:"] != me && v["PPid:"] != me { print v["Name:"] }' $s
done 2>/dev/null`;

let yard: Yard;
let rig: Rig;
let container: Container;
let rigs = 0;
beforeAll(async () => {
  yard = new Yard();
  await yard.open();
});
beforeEach(() => {
  rigs += 1;
  yard.town.reports.length = 0;
  rig = yard.makeRig(`rig-${rigs}`);
  container = new Container(yard, rig);
});
afterEach(() => expect(yard.town.faults).toEqual([]));
afterAll(() => yard.close());

/** Runs before the remote takes a push, as the harness: sees what the agent left running. */
function recordSurvivors(): string {
  const hook = join(rig.url, 'hooks', 'pre-receive');
  mkdirSync(join(rig.url, 'hooks'), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\n(${mine}) > ${remotePath}/survivors\n`);
  chmodSync(hook, 0o755);
  return join(rig.url, 'survivors');
}

(lacking ? describe.skip : describe)('a polecat in its container', () => {
  test('works on a read-only root: its tree, its home and /tmp can be written, and nothing else', async () => {
    const script = [
      'for d in / /etc /usr /opt /bin /dev /proc /work /work/*; do touch $d/mine && echo "wrote $d"; done > wrote.txt 2>/dev/null',
      'touch "$HOME/mine" "$TMPDIR/mine" /tmp/mine && echo ok > homes.txt',
      'gt done --note fine',
    ].join('\n');
    const job = jobFor(rig, script);
    expect(await container.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect([rig.show(job.branch, 'wrote.txt'), rig.show(job.branch, 'homes.txt')]).toEqual(['', 'ok']);
  });

  test('a gate judges there as it does anywhere', async () => {
    const verdict = await container.gate(gateJob(rig, ['test -f README.md', 'echo no; exit 3']));
    expect(verdict).toMatchObject({ result: 'failed', gates: [{ exitCode: 0 }, { exitCode: 3 }] });
  });

  test('the harness has the five capabilities of its task, and the agent none, nor a way to gain any', async () => {
    const job = jobFor(rig, 'grep Cap /proc/$PPID/status > harness; grep -E "Cap|NoNew" /proc/self/status > agent');
    await container.polecat(job);
    const harness = rig.show(job.branch, 'harness');
    const mask = keptCapabilities.map((name) => 1n << BigInt(capabilityNumbers[name])).reduce((a, b) => a | b);
    expect(BigInt(`0x${/CapEff:\s*(\w+)/.exec(harness)?.[1]}`)).toBe(mask);
    expect(BigInt(`0x${/CapBnd:\s*(\w+)/.exec(harness)?.[1]}`)).toBe(mask);
    const agent = rig.show(job.branch, 'agent');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(agent).toMatch(new RegExp(`${set}:\\s*0+\n`));
    expect(agent).toMatch(/NoNewPrivs:\s*1/);
  });

  test('learns nothing of the harness: not from its environment, memory or files, nor from init’s', async () => {
    const home = join(container.volumes, secrets.HOME);
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, '.git-credentials'), 'https://x:5eecafe0-password@example.com');
    const script = [
      // Into a file, whose content nobody masks as the log's is.
      '{ env; id; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; ls -l /proc/[0-9]*/fd',
      'cat "$HOME"/../*/.git-credentials /work/*/.git-credentials; find / -name .git-credentials -exec cat {} +',
      'for p in $PPID 1; do head -c 64 /proc/$p/mem; grep heap /proc/$p/maps; cat /proc/$p/root/etc/hostname /proc/$p/cwd/x; done',
      'echo it has looked everywhere; } > /tmp/found 2>&1; tr "\\0" "\\n" < /tmp/found > found.txt; touch looked',
    ].join('\n');
    const job = jobFor(rig, script);
    await container.polecat(job, secrets);
    const found = rig.show(job.branch, 'found.txt');
    expect(found).toContain('it has looked everywhere');
    expect(found).toMatch(/\/proc\/1\/environ: Permission denied/);
    // /etc/hostname is nobody's secret: that the way through the harness's own root is shut is what counts.
    for (const told of ['5eecafe0', yard.town.token, 'GASTOWN_TOKEN=', '[heap]']) expect(found).not.toContain(told);
  });

  test('cannot end the harness, init, or another user’s process', async () => {
    const job = jobFor(rig, 'kill -9 $PPID; kill -9 1; kill -9 -1; kill -STOP $PPID; echo alive > alive.txt');
    expect(await container.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
  });

  test('is what the kernel kills first when memory runs out', async () => {
    const job = jobFor(rig, 'cat /proc/self/oom_score_adj /proc/$PPID/oom_score_adj > first.txt');
    await container.polecat(job);
    const [agent, harness] = rig.show(job.branch, 'first.txt').split('\n').map(Number);
    expect([agent, (harness ?? 1000) < 1000]).toEqual([1000, true]);
  });

  test('cannot push by itself, nor write to the harness’s repository', async () => {
    const script = [
      'echo x > x; git add x; git commit -qm x',
      `git push -q ${remotePath} HEAD:refs/heads/main HEAD:refs/heads/mine && echo pushed > pushed`,
      'git -C ../../own.git update-ref refs/heads/mine HEAD && echo pushed > pushed',
      'git -C ../../own.git config core.fsmonitor "touch /tmp/ran" && echo pushed > pushed',
      'mv ../../own.git ../../gone || mv .. ../../gone && echo moved > pushed; true',
    ].join('\n');
    const job = jobFor(rig, script);
    expect(await container.polecat(job)).toMatchObject({ status: 'completed' });
    expect([rig.tip('main'), rig.tip('mine')]).toEqual([rig.main, '']);
    expect(git(rig.url, 'ls-tree', '--name-only', job.branch)).not.toContain('pushed');
  });

  test('cannot have the harness publish what only the harness may read', async () => {
    const home = join(container.volumes, secrets.HOME);
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'secret.txt'), '5eecafe0');
    const script = `cd ..; rm -rf work; ln -s ${secrets.HOME} work`;
    const job = jobFor(rig, script);
    const report = await container.polecat(job, secrets);
    expect(report).toMatchObject({ status: 'failed' });
    expect(rig.tip(job.branch)).toBe('');
  });

  test('cannot read or change the tree of another bead on the same machine', async () => {
    const neighbour = jobFor(rig, 'echo 5eecafe0 > secret.txt; while [ ! -f /tmp/over ]; do sleep 0.05; done', {
      agent: ['sh', '{script}'],
    });
    yard.town.job = { ...neighbour, remoteUrl: remotePath };
    const theirs = ended(
      container.start(
        { kind: 'polecat', bead: neighbour.bead, attempt: 1 },
        { GASTOWN_AGENT_UID: '210002', GASTOWN_AGENT_GID: '210002' },
      ),
    );
    const isThere = () =>
      yard.town.beats.some(
        ({ subject, state }) => 'bead' in subject && subject.bead === neighbour.bead && state === 'working',
      );
    await until('the neighbour at work', isThere);
    const script = [
      'cat /work/*/box/work/secret.txt /work/*/box/done.json; grep -r 5eec /work',
      'for d in /work/*; do touch $d/x $d/box/x $d/box/work/x; done; echo it tried; touch tried; touch /tmp/over',
    ].join('\n');
    const report = await container.polecat(jobFor(rig, script));
    await theirs;
    expect(report).toMatchObject({ status: 'completed' });
    expect(yard.town.logOf(report)).toContain('it tried');
    expect(yard.town.logOf(report)).not.toContain('5eecafe0');
    expect(git(rig.url, 'ls-tree', '--name-only', neighbour.branch).split('\n')).toEqual([
      'README.md',
      'secret.txt',
      'src',
    ]);
  });

  test('cannot fork without end: it is held to its number of processes, and the harness still reports', async () => {
    const survivors = recordSurvivors();
    const script = [
      'trap "" TERM; mkfifo /tmp/never',
      'echo begun > begun.txt; for i in $(seq 20000); do (read x < /tmp/never) & done; echo escaped > escaped.txt',
    ].join('\n');
    const job = jobFor(rig, script);
    const report = await container.polecat(job);
    expect(report).toMatchObject({ status: 'failed', cause: 'agent_failed', head: rig.tip(job.branch) });
    expect(report).toHaveProperty('detail', expect.stringMatching(/fork/i));
    expect(git(rig.url, 'ls-tree', '--name-only', job.branch)).not.toContain('escaped');
    expect(readFileSync(survivors, 'utf8')).toBe('');
  });

  test('cannot write one file without end, nor leave a core file', async () => {
    const script = [
      'truncate -s 9G big && echo grew > grew.txt; rm -f big',
      'grep -E "^Max (file|core file) size" /proc/self/limits > limits.txt; echo went on',
    ].join('\n');
    const job = jobFor(rig, script);
    expect(await container.polecat(job)).toMatchObject({ status: 'completed' });
    expect(git(rig.url, 'ls-tree', '--name-only', job.branch)).not.toContain('grew');
    const [file, core] = rig.show(job.branch, 'limits.txt').split('\n').sort().reverse();
    expect([file, core]).toEqual([
      expect.stringMatching(new RegExp(`size +${limits.agentFileBytesMax} +${limits.agentFileBytesMax} `)),
      expect.stringMatching(/size +0 +0 /),
    ]);
  });

  test('has a link out of its tree published as a link, and one in place of gt done’s file is not read', async () => {
    const home = join(container.volumes, secrets.HOME);
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'secret.txt'), '5eecafe0');
    const there = `${secrets.HOME}/secret.txt`;
    const links = jobFor(rig, `ln -s ${there} link; ln -s ${secrets.HOME} dir`);
    expect(await container.polecat(links, secrets)).toMatchObject({ status: 'completed' });
    expect([rig.show(links.branch, 'link'), rig.show(links.branch, 'dir')]).toEqual([there, secrets.HOME]);
    const report = await container.polecat(jobFor(rig, `echo x > x; ln -s ${there} "$GASTOWN_DONE_FILE"`), secrets);
    expect(report).toMatchObject({ status: 'failed', detail: expect.stringContaining('not what gt writes') });
    expect(JSON.stringify(report)).not.toContain('5eecafe0');
  });

  test('cannot report for another bead, nor another commit, by what it writes for gt done', async () => {
    const said = ['--status', 'completed', '--note', `{"bead":"gh-1","head":"${'a'.repeat(40)}"}`];
    const forged = jobFor(rig, `echo x > x; echo '${JSON.stringify(said)}' > "$GASTOWN_DONE_FILE"`);
    const report = await container.polecat(forged);
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(forged.branch), subject: { bead: forged.bead } });
    const more = jobFor(rig, `echo x > x; echo '["--bead","gh-1"]' > "$GASTOWN_DONE_FILE"`);
    expect(await container.polecat(more)).toMatchObject({ status: 'failed', subject: { bead: more.bead } });
  });

  test('leaves nothing running: no session of its own, no empty environment, no filter of its repository outlives it', async () => {
    const survivors = recordSurvivors();
    const daemon = "env -i /bin/sh -c 'trap : TERM HUP; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &";
    const script = [
      `setsid ${daemon}`,
      `(setsid sh -c "nohup ${daemon.replaceAll('"', '\\"')}" &)`,
      // Is somebody else before anybody can look.
      "perl -MPOSIX -e 'if (fork) { exit } while (1) { exit if fork; POSIX::setsid() }' </dev/null >/dev/null 2>&1",
      `git config filter.f.clean "setsid ${daemon.replaceAll('"', '\\"')} cat"; echo '* filter=f' > .gitattributes; echo x > x`,
    ].join('\n');
    const job = jobFor(rig, script);
    expect(await container.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(readFileSync(survivors, 'utf8')).toBe('');
  });

  test('does not outlive its end by killing whoever comes to kill it', async () => {
    const survivors = recordSurvivors();
    const killer =
      "setsid perl -e '$SIG{TERM} = q(IGNORE); sleep 1; while (1) { kill 9, -1 }' </dev/null >/dev/null 2>&1 &";
    const job = jobFor(rig, `echo x > x; ${killer} sleep 2`);
    expect(await container.polecat(job)).toMatchObject({ status: 'failed', head: rig.tip(job.branch) });
    expect(readFileSync(survivors, 'utf8')).toBe('');
  });

  test('is waited for when it takes a while to die, as a process with much memory does', async () => {
    const large = `perl -e '$x = "a" x 2**30; open F, ">/tmp/up"; sleep 100' </dev/null >/dev/null 2>&1 &`;
    const job = jobFor(rig, `${large} while [ ! -f /tmp/up ]; do sleep 0.05; done; echo x > x`);
    expect(await container.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
  });

  test('what one gate leaves running is gone before the next', async () => {
    const daemon = "setsid env -i /bin/sh -c 'touch /tmp/up; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &";
    const verdict = await container.gate(
      gateJob(rig, [`${daemon} while [ ! -f /tmp/up ]; do sleep 0.02; done`, `test -z "$(${mine})"`]),
    );
    expect(verdict).toMatchObject({ result: 'passed' });
  });

  test('cannot speak to the town, for its own bead or another’s', async () => {
    const call = (path: string, headers: string) =>
      `await fetch(${JSON.stringify(yard.api)} + '/v1/polecat/${path}', { method: 'POST', headers: { 'content-type': 'application/json'${headers} }, body: JSON.stringify({ subject: { kind: 'polecat', bead: 'gh-000000-1', attempt: 1 } }) }).then(({ status }) => console.log('answered ' + status));`;
    const program = `${call('claim', '')}${call('beat', '')}${call('report', ", authorization: 'Bearer ' + (process.env.GASTOWN_TOKEN ?? process.env.GASTOWN_TASK ?? '')")}`;
    const job = jobFor(rig, `cat > /tmp/call.mjs <<'END'\n${program}\nEND\n/opt/node /tmp/call.mjs; touch called`);
    const report = await container.polecat(job);
    expect(yard.town.logOf(report).match(/answered \d+/g)).toEqual(['answered 401', 'answered 401', 'answered 401']);
  });

  test('cannot use its repository’s settings or hooks to run anything as the harness', async () => {
    const note = 'id -u >> /tmp/who';
    const script = [
      `git config filter.f.clean '${note}; cat'; git config core.fsmonitor '${note}; false'; echo '* filter=f' > .gitattributes`,
      `for h in pre-commit post-commit pre-push reference-transaction; do mkdir -p .git/hooks; printf '#!/bin/sh\\n${note}\\n' > .git/hooks/$h; chmod +x .git/hooks/$h; done`,
      'echo x > x',
    ].join('\n');
    expect(await container.polecat(jobFor(rig, script))).toMatchObject({ status: 'completed' });
    const who = readFileSync(join(container.volumes, 'tmp', 'who'), 'utf8')
      .trim()
      .split('\n');
    expect(new Set(who)).toEqual(new Set(['210001']));
  });

  test('cannot have its files committed by the harness: a submodule’s settings run as the agent, though it broke its repository', async () => {
    const date = '2001-01-01T00:00:00Z';
    const sub = `git init -q sub; cd sub; echo a > a; git add a; GIT_AUTHOR_DATE=${date} GIT_COMMITTER_DATE=${date} git commit -qm a; cd ..`;
    const { head = '' } = await container.polecat(jobFor(rig, sub));
    const note = 'id -u >> /tmp/who; cat';
    const script = `${sub}; git -C sub config filter.f.clean '${note}'; echo '* filter=f' > sub/.gitattributes; echo b > sub/a; rm -rf .git; echo x > x`;
    const job = jobFor(rig, script, { startFrom: head });
    expect(await container.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    const who = readFileSync(join(container.volumes, 'tmp', 'who'), 'utf8')
      .trim()
      .split('\n');
    expect(new Set(who)).toEqual(new Set(['210001']));
  });

  test.each(['0', '-1', 'agent'])('is never run as user %s', async (uid) => {
    const child = container.start({ kind: 'polecat', bead: 'gh-000000-1', attempt: 1 }, { GASTOWN_AGENT_UID: uid });
    yard.town.job = { ...jobFor(rig, 'touch /tmp/ran'), remoteUrl: remotePath };
    expect(await ended(child)).toContain('AGENT_USER_INVALID');
    expect(yard.town.reports).toEqual([]);
    expect(existsSync(join(container.volumes, 'tmp', 'ran'))).toBe(false);
  });
});

/** As <linux/capability.h> numbers them. */
const capabilityNumbers = { CHOWN: 0, DAC_OVERRIDE: 1, KILL: 5, SETGID: 6, SETUID: 7 } as const;
