/** The two moves of a tick for a change in conflict, on a real repository and a real ledger; everything else is recorded. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead, BeadSpec } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { keys } from '../../../core/keys.ts';
import type { Item, Oid } from '../../../core/ports.ts';
import type { MergeRequest } from '../../../core/refinery/records.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { create, recordOf, replace, toCommit } from '../../../core/step.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { judgeResolution } from '../../../lambdas/refinery/judge-resolution.ts';
import { landedSince } from '../../../lambdas/refinery/landed-since.ts';
import { loadView } from '../../../lambdas/refinery/load.ts';
import { resolveConflict } from '../../../lambdas/refinery/resolve-conflict.ts';
import type { Tick } from '../../../lambdas/refinery/tick.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, convoyOf, idOf, t0 } from '../../core/fixtures.ts';
import { makeTestRig } from '../../git/rig.ts';

const testFile = "test('adds', () => {});\ntest('subtracts', () => {});\n";

async function openWorld() {
  const rig = makeTestRig('greenhouse');
  const clock = { now: () => t0, sleep: async () => undefined };
  const ids = realIds(clock);
  const ledger = await openLedger({ clock });
  const repo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock });
  const unused = (): never => {
    throw new Error('not used here');
  };
  const deps: Tick['deps'] = {
    ledger,
    repo,
    clock,
    ids,
    fleet: { launch: unused, stop: unused, list: unused },
    codeHost: { checks: unused, requiredChecks: unused, gitCredential: unused },
    log: () => undefined,
  };
  const save = async (...items: readonly Item<object>[]): Promise<void> => {
    await ledger.commit({ id: ids.ulid(), changes: items.map((item) => create(item, item.body)) });
  };
  const one = async <Body>(key: { pk: string; sk: string }): Promise<Item<Body> | undefined> =>
    recordOf<Body>(await ledger.get(key));
  const change = async <Body extends object>(key: { pk: string; sk: string }, over: Partial<Body>): Promise<void> => {
    const was = await one<Body>(key);
    if (!was) throw new Error(`nothing at ${key.pk} ${key.sk}`);
    await ledger.commit({ id: ids.ulid(), changes: [replace(was, { ...was.body, ...over })] });
  };

  rig.commit('main', { 'a.txt': 'top\n\n\n\nmiddle\n\n\n\nbottom\n', 'a.test.ts': testFile, 'other.txt': 'other\n' });
  const branch = `polecat/Nux/${idOf(1)}@1`;
  const head = rig.commit(branch, { 'a.txt': 'top\n\n\n\nauthor\n\n\n\nbottom\n' });
  const base = rig.commit('main', { 'a.txt': 'top\n\n\n\nmain\n\n\n\nbottom\n' });
  const seq = '01SEQ';
  const request: MergeRequest = {
    seq,
    bead: idOf(1),
    attempt: 1,
    convoy: 'aaaaaa',
    title: 'Bead 1',
    polecat: 'Nux',
    priority: 2,
    convoyCreatedAt: t0,
    branch,
    head,
    state: 'conflict',
    because: 'conflicts',
    retries: 0,
    submittedAt: t0,
    conflict: { base, paths: ['a.txt'] },
  };
  const config: Rig = {
    name: 'greenhouse',
    prefix: 'gh',
    url: rig.remote.url,
    defaultBranch: 'main',
    settings: { 'agent.command': 'agent {prompt}' },
    addedAt: t0,
  };
  const requestKey = keys.mergeRequest('greenhouse', 'main', seq);
  await save(
    convoyOf(),
    beadOf(1, { status: 'submitted', attempt: 1, run: 1, mergeRequest: seq, branch, head }),
    { ...keys.rig('greenhouse'), version: 1, commit: '', body: config },
    { ...requestKey, version: 1, commit: '', body: request },
  );
  const world = {
    rig,
    ledger,
    deps,
    base,
    head,
    save,
    one,
    change,
    requestKey,
    async close() {
      await ledger.close();
      rig.remove();
    },
    request: async () => (await one<MergeRequest>(requestKey))?.body,
    ended: async () => (await one<MergeRequest>(keys.endedMergeRequest('greenhouse', 'main', seq)))?.body,
    bead: async (n: number) => (await one<Bead>(keys.bead(idOf(n))))?.body,
    view: async () => {
      const view = await loadView(ledger, 'greenhouse', 'main');
      if (!view) throw new Error('no queue');
      return view;
    },
    /** One move for the request, as the tick makes it. `twice`: decided again before it was written. */
    async move(make: typeof resolveConflict = resolveConflict) {
      const tick: Tick = { deps, startedAt: t0, stopped: false, asked: new Set() };
      const view = await world.view();
      const [was] = view.requests;
      if (!was) throw new Error('no request');
      const done = await make(tick, view, was, t0);
      if (done.next !== 'commit')
        return { done: done.next, asked: tick.asked, effects: [], write: async () => ({ ok: true }) };
      const write = () => ledger.commit(toCommit(done.turn.step, ids.ulid(), t0));
      return { done: done.next, asked: tick.asked, effects: done.turn.step.effects ?? [], write };
    },
    async moved(make: typeof resolveConflict = resolveConflict) {
      const { write, effects } = await world.move(make);
      expect(await write()).toEqual({ ok: true });
      return effects;
    },
    /** What a resolver pushes: a merge of both, with these files as it left them. */
    resolve(files: Readonly<Record<string, string | null>>, parents: readonly Oid[] = [head, base]): Oid {
      const made = rig.commit(
        'scratch',
        { 'a.txt': 'top\n\n\n\nboth\n\n\n\nbottom\n', ...files },
        { from: 'main', force: true },
      );
      const tree = rig.git('rev-parse', `${made}^{tree}`);
      const identity = ['-c', 'user.name=Dag', '-c', 'user.email=dag@x.invalid'];
      const merge = rig.git(
        ...identity,
        'commit-tree',
        tree,
        ...parents.flatMap((parent) => ['-p', parent]),
        '-m',
        'merge',
      );
      rig.git('update-ref', `refs/heads/polecat/Dag/${idOf(2)}@1`, merge);
      return merge;
    },
    end: (n: number, over: Partial<Bead>) => world.change<Bead>(keys.bead(idOf(n)), over),
  };
  return world;
}

let world: Awaited<ReturnType<typeof openWorld>>;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const handedOver = (head: Oid, n = 2): Partial<Bead> => ({
  status: 'closed',
  closedReason: 'resolved',
  head,
  branch: `polecat/Dag/${idOf(n)}@1`,
});

describe('a change in conflict', () => {
  test('gets a resolver that is told the two diffs, and the bead that landed on the same path', async () => {
    await world.save({
      ...keys.endedMergeRequest('greenhouse', 'main', '00LANDED'),
      version: 1,
      commit: '',
      body: {
        bead: idOf(9),
        commit: world.base,
        state: 'landed',
        endedAt: t0,
        touched: { paths: ['a.txt'], more: false },
      },
    });
    await world.moved();
    expect(await world.request()).toMatchObject({ state: 'resolving', resolver: { bead: idOf(2), tries: 1 } });
    expect(await world.bead(2)).toMatchObject({
      type: 'conflict',
      resolves: { base: world.base, head: world.head, against: [idOf(9)] },
    });
    const spec = (await world.one<BeadSpec>(keys.beadSpec(idOf(2))))?.body.instructions;
    expect(spec).toContain('-middle\n+author');
    expect(spec).toContain('-middle\n+main');
  });

  test('gets one resolver, however often the move is made', async () => {
    const [first, second] = [await world.move(), await world.move()];
    expect(await first.write()).toEqual({ ok: true });
    expect(await second.write()).toMatchObject({ ok: false });
    expect(await world.bead(3)).toBeUndefined();
  });

  test('gets none when its bead is cancelled in that very moment', async () => {
    const made = await world.move();
    await world.end(1, { status: 'cancelled' });
    expect(await made.write()).toMatchObject({ ok: false });
    await world.moved();
    expect(await world.ended()).toMatchObject({ state: 'withdrawn' });
    expect(await world.bead(2)).toBeUndefined();
  });

  test('gets none when its convoy is cancelled', async () => {
    const made = await world.move();
    await world.change<Convoy>(convoyOf(), { status: 'cancelled' });
    expect(await made.write()).toMatchObject({ ok: false });
    await world.moved();
    expect(await world.ended()).toMatchObject({ state: 'withdrawn' });
  });

  test('is back in line as it is when main has moved on and it fits', async () => {
    world.rig.commit('main', { 'a.txt': 'top\n\n\n\nmiddle\n\n\n\nbottom\n' });
    await world.moved();
    expect(await world.request()).toMatchObject({
      state: 'queued',
      head: world.head,
      because: expect.stringContaining('fits main'),
    });
    expect(await world.bead(2)).toBeUndefined();
  });

  test('is resolved against main as it is now', async () => {
    const newer = world.rig.commit('main', { 'a.txt': 'top\n\n\n\nnewer\n\n\n\nbottom\n' });
    await world.moved();
    expect(await world.bead(2)).toMatchObject({ resolves: { base: newer } });
  });

  test('goes back to its author at once where no agent could resolve it', async () => {
    await world.change<Rig>(keys.rig('greenhouse'), { settings: {} });
    const effects = await world.moved();
    expect(effects).toEqual([
      expect.objectContaining({
        do: 'settle_bead',
        bead: idOf(1),
        outcome: expect.objectContaining({
          cause: 'conflict',
          detail: expect.stringMatching(
            /no agent of this rig.*It had changed a\.txt \(\+1 −1\); main has a\.txt \(\+1 −1\)/,
          ),
        }),
      }),
    ]);
    expect(await world.ended()).toMatchObject({ state: 'rejected' });
  });
});

describe('its resolver', () => {
  beforeEach(async () => void (await world.moved()));

  test('is asked for once a tick while it works', async () => {
    const { done, asked } = await world.move(judgeResolution);
    expect([done, [...asked]]).toEqual(['again', ['01SEQ']]);
  });

  test('puts the change back in line with a head that holds both sides', async () => {
    const made = world.resolve({});
    await world.end(2, handedOver(made));
    await world.moved(judgeResolution);
    expect(await world.request()).toMatchObject({
      state: 'queued',
      head: made,
      branch: `polecat/Dag/${idOf(2)}@1`,
      attempt: 1,
    });
    expect(await world.deps.repo.conflictOf(world.rig.remote, { base: world.base, head: made })).toEqual({
      found: 'none',
    });
  });

  test.each<[string, Readonly<Record<string, string | null>>, string]>([
    ['deletes a test', { 'a.test.ts': "test('adds', () => {});\n" }, 'tests are deleted: a.test.ts "subtracts"'],
    ['deletes a test file', { 'a.test.ts': null }, 'tests are deleted: a.test.ts'],
    [
      'skips a test',
      { 'a.test.ts': testFile.replace("test('sub", "test.skip('sub") },
      'tests are skipped: a.test.ts:2',
    ],
    ['changes another file', { 'other.txt': 'mine\n' }, 'files outside of the conflict are changed: other.txt'],
    [
      'changes another hunk',
      { 'a.txt': 'TOP\n\n\n\nboth\n\n\n\nbottom\n' },
      'hunks outside of the conflict are changed: a.txt:1',
    ],
    [
      'leaves the markers',
      { 'a.txt': 'top\n\n\n\n<<<<<<< HEAD\nauthor\n=======\nmain\n>>>>>>> main\n\n\n\nbottom\n' },
      'conflict markers are left in a.txt:5',
    ],
  ])('that %s is refused, and the next one is told', async (_what, files, fault) => {
    await world.end(2, handedOver(world.resolve(files)));
    await world.moved(judgeResolution);
    expect(await world.request()).toMatchObject({
      state: 'conflict',
      head: world.head,
      resolver: { faults: [expect.stringContaining(fault)] },
    });
    await world.moved();
    expect(await world.bead(3)).toMatchObject({ type: 'conflict', status: 'open' });
    expect((await world.one<BeadSpec>(keys.beadSpec(idOf(3))))?.body.instructions).toContain(fault);
  });

  test('that dropped the merge is refused', async () => {
    await world.end(2, handedOver(world.resolve({}, [world.head])));
    await world.moved(judgeResolution);
    expect(await world.request()).toMatchObject({
      state: 'conflict',
      resolver: { faults: [expect.stringContaining('does not contain main')] },
    });
  });

  test('whose branch is gone is refused', async () => {
    await world.end(2, handedOver('f'.repeat(40)));
    await world.moved(judgeResolution);
    expect(await world.request()).toMatchObject({
      state: 'conflict',
      resolver: { faults: [expect.stringContaining('is gone')] },
    });
  });

  test('is followed by one more; then the author’s bead goes back with both reasons', async () => {
    await world.end(2, {
      status: 'failed',
      notes: [{ attempt: 1, polecat: 'Dag', cause: 'timeout', detail: 'too slow' }],
    });
    await world.moved(judgeResolution);
    await world.moved();
    await world.end(3, { status: 'cancelled' });
    await world.moved(judgeResolution);
    const effects = await world.moved();
    expect(await world.ended()).toMatchObject({
      state: 'rejected',
      because: expect.stringContaining('2 resolvers were not enough: (1) timeout: too slow (2) it was cancelled'),
    });
    expect(effects).toEqual([expect.objectContaining({ do: 'settle_bead', bead: idOf(1), attempt: 1 })]);
  });
});

describe('what landed since a branch point', () => {
  const landed = (n: number, commit: Oid, paths: readonly string[], endedAt = t0) => ({
    ...keys.endedMergeRequest('greenhouse', 'main', `00${n}`),
    version: 1,
    commit: '',
    body: { bead: idOf(n), commit, state: 'landed', endedAt, touched: { paths, more: false } },
  });

  test('is what the branch does not contain: the same paths first, then the newest', async () => {
    const old = world.rig.git('rev-parse', `${world.base}~1`);
    const newest = world.rig.commit('main', { 'other.txt': 'x\n' });
    await world.save(
      landed(7, old, ['a.txt']),
      landed(8, newest, ['other.txt'], t0 + 1),
      landed(9, world.base, ['a.txt']),
    );
    const asked = { head: world.head, paths: ['a.txt'] };
    const tick = { deps: world.deps };
    expect(await landedSince(tick, await world.view(), { ...asked, onlyShared: false })).toEqual([
      { bead: idOf(9), commit: world.base, shared: ['a.txt'] },
      { bead: idOf(8), commit: newest, shared: [] },
    ]);
    expect(await landedSince(tick, await world.view(), { ...asked, onlyShared: true })).toHaveLength(1);
  });

  test('leaves out what ended without landing', async () => {
    await world.save({ ...landed(7, world.base, ['a.txt']), body: { bead: idOf(7), state: 'rejected', endedAt: t0 } });
    expect(
      await landedSince({ deps: world.deps }, await world.view(), {
        head: world.head,
        paths: ['a.txt'],
        onlyShared: false,
      }),
    ).toEqual([]);
  });
});
