import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openEscalation } from '../../core/escalations/open.ts';
import { toCommit } from '../../core/step.ts';
import { account } from '../core/escalations/account.ts';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import { intentText, openTown, type TestTown, token } from '../lambdas/api/fixture.ts';
import { runGt, shipGt } from './command.ts';

// Every command is a process: on a busy machine that takes its time.
jest.setTimeout(120_000);

/** Every command runs against a real server. */
let dir: string;
let command: string;
let rig: TestRig;
let town: TestTown;
let server: ReturnType<typeof serve>;
let url: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gastown-gt-'));
  command = await shipGt(dir);
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  town = await openTown();
  server = serve({ fetch: town.app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(dir, 'token'), `${token}\n`, { mode: 0o600 });
  writeFileSync(join(dir, 'town.json'), JSON.stringify({ url, tokenFile: 'token' }));
  writeFileSync(join(dir, 'intent.md'), intentText);
});
afterAll(async () => {
  expect(town.bugs).toEqual([]);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  await town.close();
  rig.remove();
  rmSync(dir, { recursive: true, force: true });
});

const gtIn = (cwd: string, environment: Record<string, string>, ...words: string[]) =>
  runGt(command, cwd, environment, words);
const gt = (...words: string[]) => gtIn(dir, {}, ...words, '--dir', dir);

describe('gt, before there is anything', () => {
  test('says what to do next wherever a list is empty', async () => {
    const lists = [
      ['rig list', 'gt rig add'],
      ['convoy list', 'gt submit'],
      ['mq list', 'gt rig add'],
      ['polecat list', 'gt bead ready'],
      ['escalations list', 'gt status'],
      ['feed', 'gt submit'],
      ['status', 'gt rig add'],
    ] as const;
    const answers = await Promise.all(lists.map(([words]) => gt(...words.split(' '))));
    for (const [i, [, next]] of lists.entries())
      expect(answers[i]).toMatchObject({ code: 0, out: expect.stringContaining(next) });
  });

  test('finds the town by flags, by the environment, or by the state directory; and says so when there is none', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'gastown-elsewhere-'));
    const file = join(dir, 'token');
    expect((await gtIn(elsewhere, {}, 'status', '--url', url, '--token-file', file)).code).toBe(0);
    expect((await gtIn(elsewhere, { GASTOWN_URL: url, GASTOWN_TOKEN_FILE: file }, 'status')).code).toBe(0);
    const lost = await gtIn(elsewhere, {}, 'status');
    expect(lost).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^TOWN_UNKNOWN: .*npm start/) });
    const ended = await gtIn(elsewhere, {}, 'status', '--dir', 'demo');
    expect(ended.err).toContain(`npm start -- --dir ${join(realpathSync(elsewhere), 'demo')}, or`);
    const stranger = await gtIn(elsewhere, { GASTOWN_URL: url }, 'status');
    expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/^TOKEN_MISSING: /) });
    writeFileSync(join(elsewhere, 'wrong'), 'wrong');
    const refused = await gtIn(elsewhere, {}, 'status', '--url', url, '--token-file', 'wrong');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--token-file <file>') });
    const silent = await gtIn(elsewhere, {}, 'status', '--url', 'http://127.0.0.1:9');
    expect(silent).toMatchObject({ code: 1, err: expect.stringMatching(/^TOWN_UNREACHABLE: .*npm start/) });
    rmSync(elsewhere, { recursive: true });
  });

  test('ends with 2 for a command that it does not know, and 0 for help', async () => {
    expect(await gt('rig', 'lst')).toMatchObject({ code: 2, err: expect.stringContaining('list') });
    expect((await gt('submit')).code).toBe(2);
    expect((await gt('bead', 'list')).code).toBe(2);
    expect((await gt('feed', '--limit', 'abc')).code).toBe(2);
    expect(await gt('beads')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean bead?') });
    expect(await gt('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('an intent in, merged commits out'),
    });
  });
});

describe('gt, from a rig to a stopped town', () => {
  let convoy = '';

  test('adds a rig by a path, which may be relative, and configures it', async () => {
    const added = await gtIn(rig.dir, {}, 'rig', 'add', 'green', 'origin.git', '--dir', dir);
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('green lands on main') });
    const set = await gt('rig', 'config', 'green', 'refinery.gates.test', 'npm test');
    expect(set.out).toContain('"npm test"');
    expect((await gt('rig', 'config', 'green', 'refinery.require_ci', 'true')).out).toContain('true');
    const unset = await gt('rig', 'config', 'green', 'refinery.require_ci', 'unset', '--json');
    expect(JSON.parse(unset.out)).toMatchObject([{ key: 'refinery.require_ci', value: false, set: false }]);
    expect((await gt('rig', 'config', 'green')).out).toContain('refinery.merge_strategy');
  });

  test('prints a refusal as one sentence with its code, and ends with 1', async () => {
    const wrong = await gt('rig', 'config', 'green', 'refinery.requireci', 'true');
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.err).toMatch(
      /^CONFIG_KEY_UNKNOWN: No configuration key "refinery.requireci". Did you mean "refinery.require_ci"\?/,
    );
    expect((await gt('rig', 'show', 'x')).code).toBe(2);
    expect((await gt('why', '../../etc')).err).toMatch(/^(ID_UNKNOWN|ROUTE_UNKNOWN): /);
  });

  test('submits an intent from a file or standard input; the same key is the same convoy', async () => {
    const first = await gt('submit', 'intent.md', '--rig', 'green', '--key', 'k1', '--json');
    convoy = JSON.parse(first.out).convoy.id;
    expect((await gt('submit', 'intent.md', '--rig', 'green', '--key', 'k1')).out).toContain(
      `${convoy} (handed in before)`,
    );
    const child = spawn(process.execPath, [
      command,
      'submit',
      '-',
      '--rig',
      'green',
      '--key',
      'k1',
      '--json',
      '--dir',
      dir,
    ]);
    child.stdin.end(intentText);
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    expect(JSON.parse(out)).toMatchObject({ repeated: true, convoy: { id: convoy } });
    expect(await gt('submit', 'nothing.md', '--rig', 'green')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^FILE_UNREADABLE: /),
    });
  });

  test('shows convoys, beads, what is ready and why the rest is not, in aligned columns without colour', async () => {
    await town.plan(convoy);
    const list = await gt('convoy', 'list');
    expect(list.out).toContain('0/3');
    const show = await gt('convoy', 'show', convoy);
    expect(show.out).not.toContain(String.fromCharCode(27));
    const lines = show.out.split('\n').filter((line) => line.includes(`-${convoy}-`));
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map((line) => line.indexOf('open'))).size).toBe(1);
    const ready = await gt('bead', 'ready', '--rig', 'green', '--json');
    const [bead] = JSON.parse(ready.out).beads;
    expect((await gt('bead', 'show', bead.id)).out).toMatch(/\nScript:\n {2}echo hello > greet\.txt\n/);
    expect((await gt('convoy', 'plan', convoy)).out).toContain('  runs the script\n    echo hello > greet.txt\n');
    expect((await gt('costs', '--rig', 'nope')).err).toMatch(/^RIG_UNKNOWN: /);
    expect((await gt('costs', '--days', 'abc')).err).toMatch(/^INPUT_INVALID: "days" must be of the type number\. /);
    expect((await gt('sling', bead.id, '--budget', '-3')).err).toMatch(
      /^INPUT_INVALID: "budgetUsd" must be at least 0\. /,
    );
    const waiting = (await gt('bead', 'list', '--convoy', convoy, '--json')).out;
    const why = await gt('why', JSON.parse(waiting).beads[1].id);
    expect(why.out).toContain('It starts when greet has landed.');
    expect((await gt('mq', 'list', 'green')).out).toContain('Nothing waits');
    const figures = (await gt('mq', 'status', 'green')).out;
    expect(figures).toContain('0 of 4 in use');
    expect(Math.max(...figures.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    for (const verb of ['why', 'status', 'log'])
      expect((await gt('mq', verb, bead.id)).err).toMatch(/^MERGE_REQUEST_NONE: .*handed no change in.* gt why /);
    expect((await gt('mq', 'status', 'green', '--target', 'mian')).err).toMatch(
      /^TARGET_UNKNOWN: .*Did you mean "main"\? Its merge queues/,
    );
    expect((await gt('feed')).out).toContain('rig.added');
    expect((await gt('feed', '--json')).out).toContain('"events"');
  });

  test('pauses and resumes a merge queue, stops and thaws the town', async () => {
    expect((await gt('mq', 'pause', 'green', '--because', 'release day')).out).toContain('paused');
    expect((await gt('mq', 'list')).out).toContain('release day');
    expect((await gt('mq', 'resume', 'green')).out).toContain('lands again');
    expect((await gt('estop', '--because', 'fire')).code).toBe(0);
    expect((await gt('status')).out).toMatch(/stopped by ada .*fire/);
    expect((await gt('thaw')).code).toBe(0);
    expect((await gt('status')).out).not.toContain('stopped');
  });

  test('lists, acknowledges and closes an escalation, whose text cannot drive the terminal', async () => {
    const { ledger, ids, clock } = town.deps;
    const alarm = {
      ...account,
      cause: 'effect/test',
      severity: 'high',
      title: `red${String.fromCharCode(27)}[2J`,
      command: 'do it',
    } as const;
    await ledger.commit(toCommit(openEscalation(undefined, alarm, clock.now()), ids.ulid(), clock.now()));
    const list = await gt('escalations', 'list');
    expect(list.out).toContain('do it');
    expect(list.out).not.toContain(String.fromCharCode(27));
    const [{ id }] = JSON.parse((await gt('escalations', 'list', '--json')).out).escalations;
    expect((await gt('escalations', 'ack', id)).out).toContain('acknowledged');
    expect(await gt('escalations', 'answer', id, 'yes', 'do')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^ESCALATION_NO_QUESTION: /),
    });
    expect((await gt('escalations', 'close', id)).out).toContain('closed');
    expect((await gt('escalations', 'list')).out).toContain('Nothing waits for you');
  });

  test('watches a convoy to its end, and ends with 1 if it did not land', async () => {
    const watching = gt('submit', 'intent.md', '--rig', 'green', '--key', 'k1', '--watch');
    await gt('convoy', 'cancel', convoy);
    expect(await watching).toMatchObject({ code: 1, out: expect.stringContaining('cancelled') });
  });

  test('says every fault of a plan that was refused, each once, and ends with 1', async () => {
    const text = '# Round\n\n- [ ] a: A\n  needs: nobody\n- [ ] b: B\n  needs: noone\n';
    writeFileSync(join(dir, 'faulty.md'), text);
    const asked = { body: { text, rig: 'green' }, headers: { 'idempotency-key': 'k2' } };
    const { id } = (await town.ask('POST', '/v1/intents', asked)).body.convoy;
    await town.plan(id);
    const { faults } = (await town.ask('GET', `/v1/convoys/${id}`)).body;
    expect(faults.length).toBeGreaterThan(1);
    const refused = await gt('submit', 'faulty.md', '--rig', 'green', '--key', 'k2');
    const watched = await gt('submit', 'faulty.md', '--rig', 'green', '--key', 'k2', '--watch');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^PLAN_REFUSED: .*\n {2}line \d+ {2}[A-Z_]+ {2}/),
    });
    expect(watched.code).toBe(1);
    for (const { what } of faults) {
      expect(refused.err.split(what)).toHaveLength(2);
      expect(watched.out.split(what)).toHaveLength(2);
    }
  });

  test('watches a staged convoy, saying how to launch it and what hinders the town', async () => {
    const asked = { body: { text: intentText, rig: 'green', plan: 'review' }, headers: { 'idempotency-key': 'k3' } };
    const { id } = (await town.ask('POST', '/v1/intents', asked)).body.convoy;
    await town.plan(id);
    await gt('estop', 'the', 'barn', 'burns');
    const { ledger, ids, clock } = town.deps;
    const cause = 'queue/green/main/red-main';
    const alarm = { ...account, cause, severity: 'high', title: 'Main is red', rig: 'green' } as const;
    await ledger.commit(toCommit(openEscalation(undefined, alarm, clock.now()), ids.ulid(), clock.now()));
    const words = ['submit', 'intent.md', '--rig', 'green', '--key', 'k3', '--review', '--watch', '--dir', dir];
    const child = spawn(process.execPath, [command, ...words], { cwd: dir });
    let out = '';
    for await (const chunk of child.stdout) {
      out += chunk;
      if (out.includes('Main is red')) await town.ask('POST', `/v1/convoys/${id}/cancel`);
    }
    expect(out).toContain(`it waits for gt convoy launch ${id}`);
    expect(out).toContain('stopped by ada: the barn burns. Go on: gt thaw');
    expect(out.split('Main is red')).toHaveLength(2);
    await gt('thaw');
  });

  test('says of an intent for a stopped town that it is kept, and that nothing starts', async () => {
    const words = ['submit', 'intent.md', '--rig', 'green', '--key', 'k1'];
    await gt('estop', 'the', 'barn', 'burns');
    const stopped = 'The town is stopped (the barn burns): nothing starts until gt thaw.\n';
    expect(await gt(...words)).toMatchObject({ code: 0, out: expect.stringContaining('Convoy'), err: stopped });
    await gt('thaw');
    expect((await gt(...words)).err).toBe('');
  });

  test('warns of a rig on which nothing can land', async () => {
    await gt('rig', 'config', 'green', 'refinery.gates.test', 'unset');
    const words = ['submit', 'faulty.md', '--rig', 'green', '--key', 'k2', '--json'];
    expect((await gt(...words)).err).toContain('gt rig config green refinery.gates.test');
    await gt('rig', 'config', 'green', 'refinery.gates.test', 'true');
    expect((await gt(...words)).err).not.toContain('Warning');
  });

  test('submits no file that is not UTF-8', async () => {
    writeFileSync(join(dir, 'latin.md'), Buffer.from('# Gr\xfc\xdfe\n', 'latin1'));
    expect(await gt('submit', 'latin.md', '--rig', 'green')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^INTENT_NOT_UTF8: latin.md is not UTF-8/),
    });
  });

  test('prints a list as it is typed, and takes it either way', async () => {
    for (const typed of ['1,2', '[1,2]'])
      expect((await gt('rig', 'config', 'green', 'retry.backoff_s', typed)).out).toMatch(/backoff_s +1,2 +set/);
  });

  test('the doctor tries what a town needs, and says what is missing', async () => {
    const well = await gt('doctor', '--json');
    const findings = JSON.parse(well.out) as { check: string; state: string; remedy: string }[];
    const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]));
    expect(states).toEqual({
      node: 'ok',
      git: 'ok',
      disk: 'ok',
      town: 'ok',
      clock: 'ok',
      running: 'ok',
      witness: 'ok',
      escalations: 'warn',
      'green: remote': 'ok',
      'green: gates': 'ok',
      'green: queue': 'ok',
      'green: protection': 'warn',
    });
    for (const { state, remedy } of findings) expect(remedy !== '').toBe(state !== 'ok');
    expect(well.code).toBe(0);
    await gt('rig', 'config', 'green', 'refinery.gates.test', 'unset');
    expect(await gt('doctor')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/✘ green: gates: none, so nothing can land → gt rig config green/),
    });
    const ill = await gt('doctor', '--url', 'http://127.0.0.1:9');
    expect(ill).toMatchObject({ code: 1, out: expect.stringContaining('✘ town: TOWN_UNREACHABLE') });
  });
});
