import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';
import { sha256, tokenOf } from '../../core/hash.ts';
import type { Job, Subject } from '../../core/polecats/protocol.ts';
import type { LaunchRequest } from '../../core/ports.ts';
import { realClock } from '../../local/clock.ts';
import { type LocalFleet, makeProcessFleet } from '../../local/fleet.ts';
import { isAlive, jobFor, type Rig, readPid, until, Yard } from '../containers/polecat/rig.ts';
import { fleetContract } from '../contract/fleet-contract.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const yard = new Yard();
const { town } = yard;
let rig: Rig;
const fleets: LocalFleet[] = [];
/** What each subject is to do, by its bead. */
const jobs = new Map<string, Job>();

const newDir = (): string => mkdtempSync(join(yard.dir, 'fleet-'));

function makeFleet(dir = newDir(), more: Partial<Parameters<typeof makeProcessFleet>[0]> = {}): LocalFleet {
  const fleet = makeProcessFleet({ dir, harness: yard.harness, apiUrl: () => yard.api, clock: realClock, ...more });
  fleets.push(fleet);
  return fleet;
}

/** A launch of a polecat whose agent runs `script`. */
function request(script: string): LaunchRequest {
  const job = jobFor(rig, script);
  jobs.set(job.bead, job);
  const subject: Subject = { kind: 'polecat', bead: job.bead, attempt: 1 };
  const environment = { GASTOWN_SUBJECT: JSON.stringify(subject), GASTOWN_TOKEN: town.token };
  return { kind: 'polecat', clientToken: tokenOf(sha256(`${yard.dir}${job.bead}`)), environment };
}

const ended = (fleet: LocalFleet, taskId: string): Promise<string> =>
  new Promise((resolve) => fleet.onStopped((stopped, detail) => stopped === taskId && resolve(detail)));

async function launch(fleet: LocalFleet, script: string): Promise<{ taskId: string; detail: Promise<string> }> {
  const result = await fleet.launch(request(script));
  if (!result.ok) throw new Error(result.detail);
  return { taskId: result.taskId, detail: ended(fleet, result.taskId) };
}

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
  town.jobOf = (subject) => (subject.kind === 'polecat' ? jobs.get(subject.bead) : undefined);
});
afterAll(async () => {
  await Promise.all(fleets.map((fleet) => fleet.close()));
  expect(town.faults).toEqual([]);
  await yard.close();
});

fleetContract('of processes', async () => {
  const fleet = makeFleet();
  return {
    fleet,
    short: () => request('echo short > short.txt'),
    long: () => request('sleep 600'),
    close: () => fleet.close(),
  };
});

describe('the fleet of processes', () => {
  test('a task reports to the town, is announced as stopped, and leaves no directory', async () => {
    const dir = newDir();
    const fleet = makeFleet(dir);
    const { taskId, detail } = await launch(fleet, 'echo x > x');
    expect(await detail).toBe('completed');
    expect(await fleet.list([taskId])).toEqual([{ taskId, state: 'stopped', exitCode: 0, detail: 'completed' }]);
    expect(readdirSync(join(dir, 'work'))).toEqual([]);
  });

  test('one harness runs many tasks, one after another, and none sees the other', async () => {
    const fleet = makeFleet(newDir(), { waitingMax: 1 });
    for (let i = 0; i < 3; i += 1) {
      const { detail } = await launch(fleet, 'test -z "$(ls *.txt 2>/dev/null)" && env > mine.txt');
      expect(await detail).toBe('completed');
    }
  });

  test('more tasks than may run at once are refused for lack of room, not for good', async () => {
    const fleet = makeFleet(newDir(), { tasksMax: 1 });
    const { taskId, detail } = await launch(fleet, 'sleep 600');
    const more = request('true');
    expect(await fleet.launch(more)).toMatchObject({ ok: false, reason: 'capacity' });
    await fleet.stop(taskId, 'make room');
    await detail;
    expect(await fleet.launch(more)).toMatchObject({ ok: true });
  });

  test('a stop lets the polecat push what there is', async () => {
    const fleet = makeFleet();
    const ready = join(yard.dir, 'stop.ready');
    const { taskId, detail } = await launch(fleet, `echo saved > saved.txt; echo 1 > ${ready}; sleep 600`);
    await until('the agent', () => readPid(ready));
    await fleet.stop(taskId, 'nuked');
    await detail;
    const report = town.reports.at(-1);
    expect(report).toMatchObject({ status: 'failed', cause: 'infrastructure' });
    expect(rig.tip('polecat/Toast/*')).toContain(report?.head);
  });

  test('a harness that does not end is killed after the grace, with its agent', async () => {
    const fleet = makeFleet(newDir(), { graceMs: 200 });
    const pidFile = join(yard.dir, 'stubborn.pid');
    const { taskId, detail } = await launch(fleet, `trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 1; done`);
    const pid = await until('the agent', () => readPid(pidFile));
    await fleet.stop(taskId, 'now');
    expect(await detail).toBe('the harness was killed by SIGKILL');
    await until('the end of the agent', () => !isAlive(pid));
  });

  test('kill -9 of a harness stops its task, its agent and what the agent started elsewhere, and leaves no directory', async () => {
    const dir = newDir();
    const fleet = makeFleet(dir);
    const [pidFile, strayFile] = [join(yard.dir, 'k9.pid'), join(yard.dir, 'k9-stray.pid')];
    const script = `setsid sh -c 'echo $$ > ${strayFile}; exec sleep 600' & echo $$ > ${pidFile}; sleep 600`;
    const { taskId, detail } = await launch(fleet, script);
    const pids = [await until('the agent', () => readPid(pidFile)), await until('the stray', () => readPid(strayFile))];
    const record = JSON.parse(readFileSync(join(dir, 'tasks', `${taskId}.json`), 'utf8')) as {
      process: { pid: number };
    };
    process.kill(record.process.pid, 'SIGKILL');
    expect(await detail).toBe('the harness was killed by SIGKILL');
    for (const pid of pids) await until('its end', () => !isAlive(pid));
    expect(readdirSync(join(dir, 'work'))).toEqual([]);
    // The fleet goes on.
    expect(await (await launch(fleet, 'echo y > y')).detail).toBe('completed');
  });

  test('after kill -9 of the town the next one ends what was left running, and knows its tasks as stopped', async () => {
    const dir = newDir();
    const [pidFile, strayFile] = [join(yard.dir, 'orphan.pid'), join(yard.dir, 'orphan-stray.pid')];
    const script = `setsid sh -c 'echo $$ > ${strayFile}; exec sleep 600' & echo $$ > ${pidFile}; sleep 600`;
    const launchRequest = request(script);
    const program = join(yard.dir, 'town.mjs');
    const options = { harness: yard.harness, dir, api: yard.api, launchRequest };
    await build({
      stdin: {
        contents: `import { makeProcessFleet } from './local/fleet.ts';
          import { realClock } from './local/clock.ts';
          const { harness, dir, api, launchRequest } = ${JSON.stringify(options)};
          await makeProcessFleet({ dir, harness, apiUrl: () => api, clock: realClock }).launch(launchRequest);
          setInterval(() => {}, 1000);`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const firstTown = spawn(process.execPath, [program], { stdio: 'inherit' });
    const pids = [await until('the agent', () => readPid(pidFile)), await until('the stray', () => readPid(strayFile))];
    const gone = new Promise((resolve) => firstTown.on('exit', resolve));
    // A harness that hangs does not end by itself when its town is gone.
    const [name = ''] = readdirSync(join(dir, 'tasks'));
    const record = JSON.parse(readFileSync(join(dir, 'tasks', name), 'utf8')) as { process: { pid: number } };
    process.kill(record.process.pid, 'SIGSTOP');
    firstTown.kill('SIGKILL');
    await gone;
    expect(pids.map(isAlive)).toEqual([true, true]);

    const next = makeFleet(dir);
    const other = await launch(makeFleet(), 'sleep 600');
    const result = await next.launch(launchRequest);
    if (!result.ok) throw new Error(result.detail);
    const detail = ended(next, result.taskId);
    expect(await next.killOrphans()).toBeGreaterThanOrEqual(3);
    for (const pid of pids) await until('its end', () => !isAlive(pid));
    expect(await detail).toBe('the town that launched it is gone');
    expect(await next.list([result.taskId])).toMatchObject([{ state: 'stopped' }]);
    expect(readdirSync(join(dir, 'work'))).toEqual([]);
    // Its own harnesses, and another town's task, are left alone.
    expect(await (await launch(next, 'echo z > z')).detail).toBe('completed');
    expect(await next.killOrphans()).toBe(0);
    expect(await fleets.at(-1)?.list([other.taskId])).toMatchObject([{ state: 'running' }]);
  });

  test('a process that has an old harness’s id, but is another one, is not killed', async () => {
    const dir = newDir();
    const bystander = spawn('sleep', ['600'], { detached: true });
    makeFleet(dir);
    const record = { taskId: 'a'.repeat(32), process: { pid: bystander.pid, startTime: '1' }, launchedAt: 1 };
    writeFileSync(join(dir, 'tasks', `${record.taskId}.json`), JSON.stringify(record));
    const fleet = makeFleet(dir, { waitingMax: 0 });
    await fleet.killOrphans();
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    expect(await fleet.list([record.taskId])).toMatchObject([{ state: 'stopped' }]);
    bystander.kill('SIGKILL');
  });

  test('closing ends every process that it started', async () => {
    const dir = newDir();
    const fleet = makeFleet(dir, { graceMs: 5000 });
    const pidFile = join(yard.dir, 'close.pid');
    const { detail } = await launch(fleet, `echo $$ > ${pidFile}; sleep 600`);
    const pid = await until('the agent', () => readPid(pidFile));
    await fleet.close();
    await detail;
    expect(isAlive(pid)).toBe(false);
    const mine = readdirSync('/proc').filter((name) => {
      if (!/^\d+$/.test(name) || !existsSync(`/proc/${name}/environ`)) return false;
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(tokenOf(dir).slice(0, 16));
      } catch {
        return false;
      }
    });
    expect(mine).toEqual([]);
    expect(await fleet.launch(request('true'))).toMatchObject({ ok: false, reason: 'capacity' });
    rmSync(dir, { recursive: true });
  });
});
