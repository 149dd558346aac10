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

    const mergingLines = merges === 'lines' ? test : test.skip;
    mergingLines('changes to different lines of one file merge', async () => {
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
