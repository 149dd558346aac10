/** What every `Repo` must do, whatever is behind it. Run over the git binary here, over the simulator's model there. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainLink, ChainRequest, Oid, Remote, Repo } from '../../core/ports.ts';

/** A remote repository that the suite can change behind the port's back. */
export interface RemoteWorld {
  readonly remote: Remote;
  readonly repo: Repo;
  commit(
    branch: string,
    files: Readonly<Record<string, string | null>>,
    options?: { from?: string; force?: boolean },
  ): Oid;
  head(branch: string): Oid | undefined;
  refExists(ref: string): boolean;
  deleteBranch(branch: string): void;
  show(branch: string, path: string): string | undefined;
  close(): void | Promise<void>;
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const author = { name: 'Toast', email: 'toast@example.invalid', at };
const linkOf = (branch: string, head: Oid): ChainLink => ({
  branch,
  head,
  message: `Change of ${branch}\n\nBead: ${branch}\nAttempt: 1\n`,
  author,
});
const none = '0123456789012345678901234567890123456789';

/** A model may merge by whole files; git merges by lines. */
export function repoContract(
  name: string,
  open: () => RemoteWorld | Promise<RemoteWorld>,
  { merges }: { merges: 'lines' | 'files' } = { merges: 'lines' },
): void {
  describe(`the Repo port over ${name}`, () => {
    const byLines = merges === 'lines' ? test : test.skip;
    let world: RemoteWorld;
    let base: Oid;
    const request = (links: readonly ChainLink[], more: Partial<ChainRequest> = {}): ChainRequest => ({
      base,
      links,
      strategy: 'squash',
      candidateRef: 'refs/gastown/green/c1',
      ...more,
    });
    const build = (links: readonly ChainLink[], more: Partial<ChainRequest> = {}) =>
      world.repo.buildChain(world.remote, request(links, more));
    async function built(links: readonly ChainLink[], more: Partial<ChainRequest> = {}) {
      const result = await build(links, more);
      if (!result.ok) throw new Error(JSON.stringify(result));
      return result.commits;
    }
    const landed = (to: Oid, from = base, timeoutMs = 30_000) =>
      world.repo.pushWithLease(world.remote, { ref: 'refs/heads/main', from, to, timeoutMs });

    beforeEach(async () => {
      world = await open();
      base = world.commit('main', { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n' });
    });
    afterEach(async () => {
      await world.close();
    });

    test('readRef gives the commit of a ref, and nothing for a ref the remote does not have', async () => {
      expect(await world.repo.readRef(world.remote, 'refs/heads/main')).toBe(base);
      expect(await world.repo.readRef(world.remote, 'refs/heads/nothing')).toBeUndefined();
    });

    test('readRefs leaves out what is missing, and is not misled by a longer name with the same tail', async () => {
      const other = world.commit('x/refs/heads/gone', { 'x.txt': 'x' });
      const found = await world.repo.readRefs(world.remote, [
        'refs/heads/main',
        'refs/heads/gone',
        'refs/heads/x/refs/heads/gone',
      ]);
      expect([...found]).toEqual(
        expect.arrayContaining([
          ['refs/heads/main', base],
          ['refs/heads/x/refs/heads/gone', other],
        ]),
      );
      expect(found.has('refs/heads/gone')).toBe(false);
    });

    test('probe names the default branch and its head', async () => {
      expect(await world.repo.probe(world.remote)).toEqual({ defaultBranch: 'main', head: base });
    });

    test('a chain has one commit per change, each standing on the one before', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
      const b = world.commit('polecat/Slit/b', { 'b.txt': 'B\n' });
      const commits = await built([linkOf('polecat/Toast/a', a), linkOf('polecat/Slit/b', b)]);
      expect(commits).toHaveLength(2);
      const [c1, c2] = commits.map((commit) => commit.oid);
      expect(await world.repo.isAncestor(world.remote, base, c1 ?? '')).toBe(true);
      expect(await world.repo.isAncestor(world.remote, c1 ?? '', c2 ?? '')).toBe(true);
      expect(await world.repo.isAncestor(world.remote, a, c2 ?? '')).toBe(false);
      expect(await world.repo.readRef(world.remote, 'refs/gastown/green/c1')).toBe(c2);
    });

    test('the same request gives the same object ids', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
      const first = await built([linkOf('polecat/Toast/a', a)]);
      expect(await built([linkOf('polecat/Toast/a', a)])).toEqual(first);
    });

    byLines('changes to different lines of one file merge', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
      const b = world.commit('polecat/Slit/b', { 'a.txt': 'one\ntwo\nTHREE\n' });
      const commits = await built([linkOf('polecat/Toast/a', a)]);
      expect(await landed(commits[0]?.oid ?? '')).toEqual({ pushed: 'yes' });
      const next = await built([linkOf('polecat/Slit/b', b)], { base: commits[0]?.oid ?? '' });
      expect(next).toHaveLength(1);
    });

    test('a chain without links puts the base itself at the candidate ref', async () => {
      expect(await built([])).toEqual([]);
      expect(await world.repo.readRef(world.remote, 'refs/gastown/green/c1')).toBe(base);
    });

    test('a branch that was deleted is branch_gone', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const b = world.commit('polecat/Slit/b', { 'b.txt': 'x' });
      world.deleteBranch('polecat/Slit/b');
      expect(await build([linkOf('polecat/Toast/a', a), linkOf('polecat/Slit/b', b)])).toEqual({
        ok: false,
        link: 1,
        why: { fault: 'branch_gone' },
      });
    });

    test('a branch with another head than the submitted one is head_moved, with its head', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const moved = world.commit('polecat/Toast/a', { 'a.txt': 'y' }, { from: 'polecat/Toast/a' });
      expect(await build([linkOf('polecat/Toast/a', a)])).toEqual({
        ok: false,
        link: 0,
        why: { fault: 'head_moved', head: moved },
      });
    });

    test('a conflict with main names its paths', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'mine\n' });
      base = world.commit('main', { 'a.txt': 'theirs\n' });
      expect(await build([linkOf('polecat/Toast/a', a)])).toEqual({
        ok: false,
        link: 0,
        why: { fault: 'conflict', paths: ['a.txt'], with: 'base' },
      });
    });

    test('a conflict with an earlier change of the chain is not blamed on main', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'mine\n' });
      const b = world.commit('polecat/Slit/b', { 'a.txt': 'yours\n' });
      expect(await build([linkOf('polecat/Toast/a', a), linkOf('polecat/Slit/b', b)])).toEqual({
        ok: false,
        link: 1,
        why: { fault: 'conflict', paths: ['a.txt'], with: 'chain' },
      });
    });

    test('a branch that changes nothing is empty, also when its change is in the chain already', async () => {
      const nothing = world.commit('polecat/Toast/a', {});
      expect(await build([linkOf('polecat/Toast/a', nothing)])).toEqual({
        ok: false,
        link: 0,
        why: { fault: 'empty', with: 'base' },
      });
      const a = world.commit('polecat/Toast/b', { 'a.txt': 'x' });
      const same = world.commit('polecat/Slit/c', { 'a.txt': 'x' });
      expect(await build([linkOf('polecat/Toast/b', a), linkOf('polecat/Slit/c', same)])).toEqual({
        ok: false,
        link: 1,
        why: { fault: 'empty', with: 'chain' },
      });
    });

    test('a prefix of a chain has the very commits of the chain', async () => {
      const links = [1, 2, 3, 4].map((n) =>
        linkOf(`polecat/Toast/p${n}`, world.commit(`polecat/Toast/p${n}`, { [`f${n}.txt`]: 'x' })),
      );
      const whole = await built(links);
      for (const length of [2, 1, 3]) {
        const candidateRef = `refs/gastown/green/p${length}`;
        expect(await built(links.slice(0, length), { candidateRef })).toEqual(whole.slice(0, length));
        expect(await world.repo.readRef(world.remote, candidateRef)).toBe(whole[length - 1]?.oid);
      }
    });

    test('a chain may be built without the links that do not fit, and says why each was left out', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'mine\n' });
      const b = world.commit('polecat/Slit/b', { 'a.txt': 'yours\n' });
      const c = world.commit('polecat/Nux/c', { 'c.txt': 'c\n' });
      const same = world.commit('polecat/Nux/d', { 'c.txt': 'c\n' });
      world.commit('polecat/Nux/e', { 'e.txt': 'e\n' });
      world.deleteBranch('polecat/Nux/e');
      const moved = world.commit('polecat/Nux/f', { 'f.txt': 'f\n' });
      const f = world.commit('polecat/Nux/f', { 'f.txt': 'ff\n' }, { from: 'polecat/Nux/f' });
      const stale = world.commit('polecat/Nux/g', { 'b.txt': 'mine\n' });
      base = world.commit('main', { 'b.txt': 'theirs\n' });
      const links = [
        linkOf('polecat/Toast/a', a),
        linkOf('polecat/Slit/b', b),
        linkOf('polecat/Nux/c', c),
        linkOf('polecat/Nux/d', same),
        linkOf('polecat/Nux/e', none),
        linkOf('polecat/Nux/f', moved),
        linkOf('polecat/Nux/g', stale),
      ];
      const result = await build(links, { onFault: 'leave_out' });
      expect(result).toMatchObject({
        ok: true,
        leftOut: [
          { link: 1, why: { fault: 'conflict', paths: ['a.txt'], with: 'chain' } },
          { link: 3, why: { fault: 'empty', with: 'chain' } },
          { link: 4, why: { fault: 'branch_gone' } },
          { link: 5, why: { fault: 'head_moved', head: f } },
          { link: 6, why: { fault: 'conflict', paths: ['b.txt'], with: 'base' } },
        ],
      });
      const joined = result.ok ? result.commits : [];
      expect(joined).toEqual(await built([links[0], links[2]].flatMap((link) => link ?? [])));
      expect(await build(links, { onFault: 'leave_out' })).toEqual(result);
    });

    test('when every link is left out, nothing is pushed', async () => {
      const candidateRef = 'refs/gastown/green/none';
      const result = await build([linkOf('polecat/Toast/gone', none)], { onFault: 'leave_out', candidateRef });
      expect(result).toEqual({ ok: true, commits: [], leftOut: [{ link: 0, why: { fault: 'branch_gone' } }] });
      expect(await world.repo.readRef(world.remote, candidateRef)).toBeUndefined();
    });

    test('an integration branch lands as it is: by fast-forward, or by a merge commit once main has moved', async () => {
      const ref = 'refs/heads/integration/abc123';
      const create = (at: Oid) => world.repo.createBranch(world.remote, { ref, at, timeoutMs: 30_000 });
      expect(await create(base)).toEqual({ pushed: 'yes' });
      expect(await create(base)).toEqual({ pushed: 'yes' });
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const [change] = await built([linkOf('polecat/Toast/a', a)]);
      const to = change?.oid ?? '';
      const push = { ref, from: base, to, timeoutMs: 30_000 };
      expect(await world.repo.pushWithLease(world.remote, push)).toEqual({ pushed: 'yes' });
      expect(await create(base)).toEqual({ pushed: 'stale' });
      expect(world.head('integration/abc123')).toBe(to);

      const convoy = { ...linkOf('integration/abc123', to), asIs: true } as const;
      expect(await built([convoy])).toEqual([{ oid: to, tree: change?.tree }]);
      const [again] = await built([{ ...convoy, asIs: 'merge' }]);
      expect([again?.oid === to, again?.tree]).toEqual([false, change?.tree]);
      const main = world.commit('main', { 'b.txt': 'newer' });
      const [merged] = await built([convoy], { base: main });
      expect(merged?.oid).not.toBe(to);
      expect(await world.repo.isAncestor(world.remote, to, merged?.oid ?? '')).toBe(true);
      expect(await landed(merged?.oid ?? '', main)).toEqual({ pushed: 'yes' });
      expect(world.show('main', 'b.txt')).toBe('newer');
      expect(world.show('main', 'a.txt')).toBe('x');

      await world.repo.deleteRefs(world.remote, [ref]);
      expect(world.head('integration/abc123')).toBeUndefined();
    });

    test.each([
      'refs/heads/main',
      'refs/heads/integration/Abc123',
      'refs/heads/integration/abc123/x',
      'refs/gastown/green/c1',
      'refs/tags/integration/abc123',
    ])('the town makes no branch %s, and deletes none that it may not make', async (ref) => {
      const asked = { ref, at: base, timeoutMs: 30_000 };
      await expect(world.repo.createBranch(world.remote, asked)).rejects.toMatchObject({ code: 'NOT_OURS' });
      if (ref.startsWith('refs/gastown/')) return;
      await expect(world.repo.deleteRefs(world.remote, [ref])).rejects.toMatchObject({ code: 'NOT_OURS' });
    });

    test.each(['refs/heads/main', 'refs/heads/polecat/Toast/a', 'refs/heads/integration/abc123'])(
      'a candidate is never pushed to %s',
      async (candidateRef) => {
        const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
        await expect(build([linkOf('polecat/Toast/a', a)], { candidateRef })).rejects.toMatchObject({
          name: 'RepoRefused',
        });
        expect(world.head('main')).toBe(base);
        expect(world.head('polecat/Toast/a')).toBe(a);
      },
    );

    test('containedIn names the heads that a branch brings along, and not those that main has', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const b = world.commit('polecat/Slit/b', { 'b.txt': 'x' }, { from: 'polecat/Toast/a' });
      const c = world.commit('polecat/Nux/c', { 'c.txt': 'x' });
      const ask = (head: Oid, others: readonly Oid[]) => world.repo.containedIn(world.remote, { base, head, others });
      expect(await ask(b, [c, a, b, base, none])).toEqual([a]);
      expect(await ask(a, [b, c])).toEqual([]);
      expect(await ask(none, [a])).toBeUndefined();
    });

    test('changedPaths gives what each branch changed since it left main, and not what main did', async () => {
      const a = world.commit('polecat/Toast/a', { 'd/e.txt': 'x', 'a.txt': null });
      const nothing = world.commit('polecat/Slit/b', {});
      const many = world.commit(
        'polecat/Nux/c',
        Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`many/${String(i).padStart(3, '0')}`, 'x'])),
      );
      base = world.commit('main', { 'b.txt': 'newer' });
      const heads = [a, nothing, none, many, a, base];
      const [first, second, third, fourth, fifth, sixth] = await world.repo.changedPaths(world.remote, { base, heads });
      expect(first).toEqual({ paths: ['a.txt', 'd/e.txt'], more: false });
      expect(second).toEqual({ paths: [], more: false });
      expect(third).toBeUndefined();
      expect(fourth?.more).toBe(true);
      expect(fourth?.paths).toHaveLength(200);
      expect(fourth?.paths.at(-1)).toBe('many/199');
      expect(fifth).toEqual(first);
      expect(sixth).toEqual({ paths: [], more: false });
      expect(await world.repo.changedPaths(world.remote, { base, heads: [] })).toEqual([]);
    });

    test('conflictOf tells what each side did to the paths in conflict, and to no others', async () => {
      const from = base;
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'one\nMINE\nthree\n', 'c.txt': 'new\n' });
      base = world.commit('main', { 'a.txt': 'one\nTHEIRS\nthree\n', 'b.txt': 'newer\n' });
      const report = await world.repo.conflictOf(world.remote, { base, head: a });
      expect(report).toMatchObject({ found: 'conflict', mergeBase: from, paths: ['a.txt'], cut: false });
      if (report.found !== 'conflict') return;
      expect(report.baseDiff).toMatch(/^-two$/m);
      expect(report.baseDiff).toMatch(/^\+THEIRS$/m);
      expect(report.headDiff).toMatch(/^\+MINE$/m);
      expect(report.headDiff).not.toContain('THEIRS');
      expect(`${report.baseDiff}${report.headDiff}`).not.toMatch(/newer|c\.txt/);
    });

    test('conflictOf cuts a diff that is too long, and says so', async () => {
      const long = (word: string) => `${Array.from({ length: 4000 }, (_, i) => `${word} ${i}`).join('\n')}\n`;
      const a = world.commit('polecat/Toast/a', { 'a.txt': long('this line of mine') });
      base = world.commit('main', { 'a.txt': long('that line of theirs') });
      const report = await world.repo.conflictOf(world.remote, { base, head: a });
      if (report.found !== 'conflict') throw new Error(report.found);
      expect(report.cut).toBe(true);
      expect(report.headDiff.length).toBeLessThanOrEqual(48 * 1024);
      expect(report.headDiff.length).toBeGreaterThan(40 * 1024);
    });

    test('conflictOf finds none where there is none, and says when a commit is lost', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      expect(await world.repo.conflictOf(world.remote, { base, head: a })).toEqual({ found: 'none' });
      expect(await world.repo.conflictOf(world.remote, { base, head: none })).toEqual({ found: 'lost' });
    });

    describe('inspectResolution', () => {
      const old = 'import a\n\nvalue = 1\n\nend\n';
      const tests = "test('adds', () => {});\ntest('subtracts', () => {});\n";
      let head: Oid;
      beforeEach(() => {
        world.commit('main', { 'm.txt': old, 'm.test.ts': tests, 'n.test.ts': tests });
        head = world.commit('polecat/Toast/a', {
          'm.txt': old.replace('1', '2'),
          'm.test.ts': `${tests}test('mine', () => {});\n`,
          'mine.txt': 'mine\n',
        });
        base = world.commit('main', {
          'm.txt': old.replace('1', '3'),
          'm.test.ts': `${tests}test('theirs', () => {});\n`,
          'theirs.txt': 'theirs\n',
        });
      });
      const clean = {
        conflicted: ['m.test.ts', 'm.txt'],
        strayPaths: [],
        strayHunks: [],
        deletedTests: [],
        skippedTests: [],
        markers: [],
        more: false,
      };
      const both = `${tests}test('mine', () => {});\ntest('theirs', () => {});\n`;
      const inspect = (files: Readonly<Record<string, string | null>>) => {
        const resolved = world.commit(
          'polecat/Slit/fix',
          { 'm.txt': old.replace('1', '5'), 'm.test.ts': both, 'mine.txt': 'mine\n', ...files },
          { force: true },
        );
        return world.repo.inspectResolution(world.remote, { base, head, resolved });
      };

      test('has nothing to say of one that touches the conflict alone', async () => {
        expect(await inspect({})).toEqual({ ...clean, containsBase: true, containsHead: false });
      });

      test('names files that had no conflict', async () => {
        expect(await inspect({ 'theirs.txt': 'changed\n', 'extra.txt': 'x\n', 'mine.txt': null })).toMatchObject({
          ...clean,
          strayPaths: ['extra.txt', 'mine.txt', 'theirs.txt'],
        });
      });

      byLines('names lines outside of the conflict in a file that has one', async () => {
        const facts = await inspect({ 'm.txt': old.replace('1', '5').replace('import a', 'import b') });
        expect(facts).toMatchObject({ ...clean, strayHunks: [{ path: 'm.txt', line: 1, text: 'import b' }] });
      });

      test('names tests that are gone, by file and by name', async () => {
        const facts = await inspect({ 'm.test.ts': both.replace(/.*mine.*\n/, ''), 'n.test.ts': null });
        expect(facts).toMatchObject({
          strayPaths: ['n.test.ts'],
          deletedTests: [{ path: 'm.test.ts', test: 'mine' }, { path: 'n.test.ts' }],
        });
      });

      test('names tests that are skipped', async () => {
        const facts = await inspect({ 'm.test.ts': both.replace("test('theirs'", "test.skip('theirs'") });
        expect(facts).toMatchObject({
          ...clean,
          skippedTests: [{ path: 'm.test.ts', line: 4, text: "test.skip('theirs', () => {});" }],
        });
      });

      test('names markers that were left', async () => {
        const marked = old.replace('value = 1', '<<<<<<< ours\nvalue = 2\n=======\nvalue = 3\n>>>>>>> theirs');
        expect(await inspect({ 'm.txt': marked })).toMatchObject({
          ...clean,
          markers: [
            { path: 'm.txt', line: 3, text: '<<<<<<< ours' },
            { path: 'm.txt', line: 7, text: '>>>>>>> theirs' },
          ],
        });
      });

      test('does not speak of a commit that is lost', async () => {
        expect(await world.repo.inspectResolution(world.remote, { base, head, resolved: none })).toBeUndefined();
      });
    });

    test('a push with a lease moves main, and answers stale when main was elsewhere', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const [commit] = await built([linkOf('polecat/Toast/a', a)]);
      const foreign = world.commit('main', { 'b.txt': 'foreign' });
      expect(await landed(commit?.oid ?? '')).toEqual({ pushed: 'stale' });
      expect(world.head('main')).toBe(foreign);
      const [again] = await built([linkOf('polecat/Toast/a', a)], { base: foreign });
      expect(await landed(again?.oid ?? '', foreign)).toEqual({ pushed: 'yes' });
      expect(world.head('main')).toBe(again?.oid);
      expect(world.show('main', 'b.txt')).toBe('foreign');
    });

    test('pushing what main already is is a yes: the answer to the first push may have been lost', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const [commit] = await built([linkOf('polecat/Toast/a', a)]);
      await landed(commit?.oid ?? '');
      expect(await landed(commit?.oid ?? '')).toEqual({ pushed: 'yes' });
    });

    test('a push that is no fast-forward is refused, lease or not', async () => {
      const side = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      base = world.commit('main', { 'b.txt': 'newer' });
      await expect(landed(side)).rejects.toMatchObject({ name: 'PortRefused', code: 'NOT_FAST_FORWARD' });
      expect(world.head('main')).toBe(base);
    });

    test('ancestry is known for commits that others pushed, and unknown for those the remote has lost', async () => {
      const later = world.commit('main', { 'b.txt': 'later' });
      expect(await world.repo.isAncestor(world.remote, base, later)).toBe(true);
      expect(await world.repo.isAncestor(world.remote, later, base)).toBe(false);
      expect(await world.repo.isAncestor(world.remote, none, later)).toBeUndefined();
    });

    test('a landed change is found by its trailers, and only by all of them', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      const [commit] = await built([linkOf('polecat/Toast/a', a)]);
      await landed(commit?.oid ?? '');
      const main = world.head('main') ?? '';
      expect(await world.repo.findCommit(world.remote, main, { Bead: 'polecat/Toast/a', Attempt: '1' })).toBe(
        commit?.oid,
      );
      expect(
        await world.repo.findCommit(world.remote, main, { Bead: 'polecat/Toast/a', Attempt: '2' }),
      ).toBeUndefined();
      expect(await world.repo.findCommit(world.remote, main, { Bead: 'polecat.Toast.a' })).toBeUndefined();
    });

    test('the tree of a commit is read in byte order, and nothing of one that is lost', async () => {
      const next = world.commit('main', { 'src/z.txt': 'z', 'src.txt': 's', 'B.txt': 'b' });
      expect(await world.repo.readTree(world.remote, next)).toEqual({
        entries: ['B.txt', 'a.txt', 'b.txt', 'src.txt', 'src/z.txt'].map((path) => ({ path, is: 'file' })),
        more: false,
      });
      expect(await world.repo.readTree(world.remote, none)).toBeUndefined();
    });

    test('files are read at the commit, each in its place, and no path leads out of it', async () => {
      const next = world.commit('main', { 'a.txt': 'later', 'src/ü.txt': 'ü' });
      const paths = ['b.txt', 'src/ü.txt', 'nowhere', 'a.txt', '../a.txt', '/a.txt', 'a.txt\nb.txt', '', 'b.txt'];
      const missing = { is: 'missing' };
      const b = { is: 'text', text: 'b\n' };
      expect(await world.repo.readFiles(world.remote, { commit: next, paths })).toEqual([
        ...[
          b,
          { is: 'text', text: 'ü' },
          missing,
          { is: 'text', text: 'later' },
          missing,
          missing,
          missing,
          missing,
          b,
        ],
      ]);
      expect(await world.repo.readFiles(world.remote, { commit: none, paths })).toBeUndefined();
    });

    test('the latest commits come newest first, as many as asked for', async () => {
      const second = world.commit('main', { 'a.txt': '2' });
      const third = world.commit('main', { 'a.txt': '3' });
      const recent = await world.repo.recentCommits(world.remote, { from: third, max: 2 });
      expect(recent?.map(({ oid, subject }) => [oid, subject])).toEqual([
        [third, 'work on main'],
        [second, 'work on main'],
      ]);
      expect(recent?.every(({ at: when }) => when > 0 && when % 1000 === 0)).toBe(true);
      expect(await world.repo.recentCommits(world.remote, { from: none, max: 2 })).toBeUndefined();
    });

    test('the town deletes its own refs, missing ones or not, and no others', async () => {
      const a = world.commit('polecat/Toast/a', { 'a.txt': 'x' });
      await built([linkOf('polecat/Toast/a', a)]);
      await world.repo.deleteRefs(world.remote, [
        'refs/gastown/green/c1',
        'refs/gastown/green/c0',
        'refs/heads/polecat/Toast/a',
      ]);
      expect(world.refExists('refs/gastown/green/c1')).toBe(false);
      expect(world.head('polecat/Toast/a')).toBeUndefined();
      await world.repo.deleteRefs(world.remote, ['refs/gastown/green/c1']);
      await expect(world.repo.deleteRefs(world.remote, ['refs/heads/main'])).rejects.toMatchObject({
        code: 'NOT_OURS',
      });
      expect(world.head('main')).toBe(base);
    });

    test.each([
      '--upload-pack=touch',
      'refs/heads/a..b',
      'refs/heads/ space',
      'main',
      'refs/heads/x.lock',
      'refs/heads/-x\n',
    ])('the ref name %j never reaches the remote', async (ref) => {
      await expect(world.repo.readRef(world.remote, ref)).rejects.toMatchObject({ name: 'PortRefused' });
    });

    test('a remote that does not exist is unreachable, not an empty answer', async () => {
      const gone = { rig: 'gone', url: `${world.remote.url}-gone` };
      await expect(world.repo.readRef(gone, 'refs/heads/main')).rejects.toMatchObject({ name: 'RepoUnreachable' });
      await expect(world.repo.buildChain(gone, request([]))).rejects.toMatchObject({ name: 'RepoUnreachable' });
    });
  });
}
