import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainResult, Oid, Repo } from '../../core/ports.ts';
import { makeGitRepo } from '../../git/repo.ts';
import { makeTestRig, type Planted, type TestRig } from './rig.ts';

const author = { name: 'Toast', email: 'toast@example.invalid', at: Date.UTC(2026, 0, 1) };
const file = (path: string | Buffer, content: string | Buffer | null, mode?: Planted['mode']): Planted =>
  mode ? { path, content, mode } : { path, content };

describe('what a branch may hold', () => {
  let rig: TestRig;
  let repo: Repo;
  let base: Oid;
  beforeEach(() => {
    rig = makeTestRig();
    repo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock: { now: () => 0 } });
  });
  afterEach(() => {
    rig.remove();
  });
  const prose = (word: string): string => `${Array.from({ length: 30 }, (_, i) => `${word} ${i}`).join('\n')}\n`;
  const main = (...files: Planted[]): Oid => {
    base = rig.plant('main', files, base ? [base] : []);
    return base;
  };
  const startsWith = (...files: Planted[]): Oid => {
    base = '';
    return main(...files);
  };
  /** A chain of branches, each of them made from `from`. */
  async function chain(from: Oid, ...branches: readonly Planted[][]): Promise<ChainResult> {
    const links = branches.map((files, i) => {
      const branch = `polecat/Toast/b${i}`;
      return { branch, head: rig.plant(branch, files, [from]), message: 'A change\n', author };
    });
    return repo.buildChain(rig.remote, { base, links, strategy: 'squash', candidateRef: 'refs/gastown/green/c1' });
  }
  const built = async (from: Oid, ...branches: readonly Planted[][]): Promise<Oid> => {
    const result = await chain(from, ...branches);
    if (!result.ok) throw new Error(JSON.stringify(result));
    rig.git('fsck', '--strict', '--no-dangling');
    return result.commits.at(-1)?.oid ?? '';
  };
  const ls = (oid: Oid): string[] => rig.git('-c', 'core.quotePath=false', 'ls-tree', '-r', oid).split('\n');
  const conflict = (paths: readonly string[]) => ({ ok: false, why: { fault: 'conflict', with: 'base', paths } });

  test('a file that main renamed and the branch changed keeps both', async () => {
    const from = startsWith(file('old.txt', prose('line')));
    main(file('old.txt', null), file('new.txt', prose('line')));
    const oid = await built(from, [file('old.txt', prose('line').replace('line 7', 'mine'))]);
    expect(rig.git('show', `${oid}:new.txt`)).toContain('mine\n');
    expect(rig.git('ls-tree', '--name-only', oid)).toBe('new.txt');
  });

  test('a file that both renamed, to different names, is a conflict that names all three', async () => {
    const from = startsWith(file('old.txt', prose('line')));
    main(file('old.txt', null), file('theirs.txt', prose('line')));
    const result = await chain(from, [file('old.txt', null), file('mine.txt', prose('line'))]);
    expect(result).toMatchObject(conflict(expect.arrayContaining(['old.txt', 'mine.txt', 'theirs.txt']) as never));
  });

  test('a file that main moved away with its directory takes the branch’s new neighbour along, or says so', async () => {
    const from = startsWith(file('d/a.txt', prose('a')), file('d/b.txt', prose('b')));
    main(file('d', null), file('e/a.txt', prose('a')), file('e/b.txt', prose('b')));
    expect(await chain(from, [file('d/c.txt', 'c\n')])).toMatchObject(conflict(['e/c.txt', 'd/c.txt']));
  });

  test('a binary file that both changed is a conflict, and one that the branch alone changed is not', async () => {
    const from = startsWith(file('logo.png', Buffer.from([0, 1, 2])), file('other.png', Buffer.from([0, 1])));
    main(file('logo.png', Buffer.from([0, 1, 3])));
    expect(await chain(from, [file('logo.png', Buffer.from([0, 1, 4]))])).toMatchObject(conflict(['logo.png']));
    const oid = await built(from, [file('other.png', Buffer.from([0, 255]))]);
    expect(rig.git('cat-file', '-s', `${oid}:other.png`)).toBe('2');
  });

  test('a submodule moves with its branch, and one that both moved is a conflict', async () => {
    const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(40));
    const from = startsWith(file('lib', one ?? '', '160000'), file('a.txt', 'a\n'));
    const oid = await built(from, [file('lib', two ?? '', '160000')]);
    expect(ls(oid)).toContain(`160000 commit ${two}\tlib`);
    main(file('lib', three ?? '', '160000'));
    const result = await chain(from, [file('lib', two ?? '', '160000')]);
    expect(result).toMatchObject(conflict(['lib']));
    const head = rig.head('polecat/Toast/b0') ?? '';
    expect(await repo.conflictOf(rig.remote, { base, head })).toMatchObject({
      baseDiff: expect.stringContaining(`+Subproject commit ${three}`),
      headDiff: expect.stringContaining(`+Subproject commit ${two}`),
    });
  });

  test('the executable bit, symlinks, and a symlink that becomes a file arrive as they are', async () => {
    const from = startsWith(file('run.sh', 'echo\n'), file('link', 'run.sh', '120000'), file('plain', 'x\n'));
    main(file('other.txt', 'x\n'));
    const oid = await built(from, [
      file('run.sh', 'echo\n', '100755'),
      file('link', 'now a file\n'),
      file('plain', '/etc/passwd', '120000'),
    ]);
    const modes = Object.fromEntries(ls(oid).map((line) => [line.split('\t')[1], line.slice(0, 6)]));
    expect(modes).toEqual({ 'run.sh': '100755', link: '100644', plain: '120000', 'other.txt': '100644' });
  });

  test('a symlink on one side and a file on the other is a conflict', async () => {
    const from = startsWith(file('a.txt', 'a\n'));
    main(file('x', 'a.txt', '120000'));
    expect(await chain(from, [file('x', 'a file\n')])).toMatchObject(conflict(['x']));
  });

  test('the executable bit and the content of one file merge when one side changed each', async () => {
    const from = startsWith(file('run.sh', prose('echo')));
    main(file('run.sh', prose('echo').replace('echo 3', 'theirs')));
    const oid = await built(from, [file('run.sh', prose('echo'), '100755')]);
    expect(ls(oid)[0]).toMatch(/^100755 .*run\.sh$/);
    expect(rig.git('show', `${oid}:run.sh`)).toContain('theirs');
  });

  test('CRLF stays CRLF, and a branch that turns a whole file over to it conflicts with a change in it', async () => {
    const crlf = (text: string) => text.replaceAll('\n', '\r\n');
    const from = startsWith(file('dos.txt', crlf(prose('line'))), file('unix.txt', prose('line')));
    main(file('dos.txt', crlf(prose('line').replace('line 3', 'theirs'))), file('unix.txt', prose('changed')));
    const oid = await built(from, [file('dos.txt', crlf(prose('line').replace('line 25', 'mine')))]);
    expect(rig.git('show', `${oid}:dos.txt`)).toBe(
      crlf(prose('line').replace('line 3', 'theirs').replace('line 25', 'mine')).trim(),
    );
    expect(await chain(from, [file('unix.txt', crlf(prose('line')))])).toMatchObject(conflict(['unix.txt']));
  });

  test('an LFS pointer is a small file like any other: nothing is fetched for it', async () => {
    const pointer = (digit: string) =>
      `version https://git-lfs.github.com/spec/v1\noid sha256:${digit.repeat(64)}\nsize 52428800\n`;
    const from = startsWith(file('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n'), file('a', 'a'));
    const oid = await built(from, [file('model.bin', pointer('1'))], [file('a', 'b')]);
    expect(rig.git('show', `${oid}:model.bin`)).toBe(pointer('1').trim());
    main(file('model.bin', pointer('2')));
    expect(await chain(from, [file('model.bin', pointer('1'))])).toMatchObject(conflict(['model.bin']));
  });

  test('names that are no UTF-8, or hold newlines, quotes and dashes, are built, and are told as git quotes them', async () => {
    const latin = Buffer.from('caf\xe9.txt', 'latin1');
    const odd = ['new\nline.txt', '"quoted".txt', '--output=x', '-', 'a  b', 'tab\t.txt', ':(glob)*', 'ünï.txt'];
    const from = startsWith(file('a.txt', 'a\n'), file(latin, 'e\n'), ...odd.map((name) => file(name, 'one\n')));
    const changed = [file(latin, 'f\n'), ...odd.map((name) => file(name, 'two\n'))];
    const oid = await built(from, changed);
    expect(rig.git('ls-tree', '-r', '-z', '--name-only', oid).split('\0')).toEqual(expect.arrayContaining(odd));
    const head = rig.head('polecat/Toast/b0') ?? '';
    const [paths] = await repo.changedPaths(rig.remote, { base: from, heads: [head] });
    expect([...(paths?.paths ?? [])].sort()).toEqual([...odd, '"caf\\351.txt"'].sort());

    main(file(latin, 'g\n'), ...odd.map((name) => file(name, 'three\n')));
    const report = await repo.conflictOf(rig.remote, { base, head });
    if (report.found !== 'conflict') throw new Error(report.found);
    expect([...report.paths].sort()).toEqual([...odd, '"caf\\351.txt"'].sort());
    expect(report.headDiff.match(/^\+two$/gm)).toHaveLength(odd.length);
    expect(report.headDiff).toContain('+++ b/"caf\\351.txt"');
    const resolved = rig.plant('polecat/Slit/fix', [...odd.map((name) => file(name, 'four\n'))], [head, base]);
    expect(await repo.inspectResolution(rig.remote, { base, head, resolved })).toMatchObject({
      containsBase: true,
      containsHead: true,
      strayPaths: [],
      strayHunks: [],
      more: false,
    });
  });

  test('paths that differ only by case are two files', async () => {
    const from = startsWith(file('README', 'a\n'));
    const oid = await built(from, [file('readme', 'b\n')], [file('Readme', 'c\n')]);
    expect(rig.git('ls-tree', '--name-only', oid).split('\n').sort()).toEqual(['README', 'Readme', 'readme']);
  });

  test('a path like .git is carried, not obeyed, where the remote takes it', async () => {
    const from = startsWith(file('a.txt', 'a\n'));
    const head = rig.plant('polecat/Toast/evil', [file('.git/config', '[core]\n'), file('.GIT/x', 'x')], [from]);
    const tree = rig.git('rev-parse', `${head}^{tree}`);
    const result = await repo.buildChain(rig.remote, {
      base,
      links: [{ branch: 'polecat/Toast/evil', head, message: 'x\n', author }],
      strategy: 'squash',
      candidateRef: 'refs/gastown/green/evil',
    });
    expect(result).toMatchObject({ ok: true, commits: [{ tree }] });

    rig.git('config', 'receive.fsckObjects', 'true');
    main(file('b.txt', 'b\n'));
    await expect(
      repo.buildChain(rig.remote, {
        base,
        links: [{ branch: 'polecat/Toast/evil', head, message: 'x\n', author }],
        strategy: 'squash',
        candidateRef: 'refs/gastown/green/evil2',
      }),
    ).rejects.toThrow(/\.git|hasDotgit|unpack/);
  });

  test('a file where main has a directory is a conflict by the file’s own name', async () => {
    const from = startsWith(file('a.txt', 'a\n'));
    main(file('thing/inside.txt', 'x\n'));
    expect(await chain(from, [file('thing', 'a file\n')])).toMatchObject(conflict(['thing']));
  });

  test('a file that main deleted and the branch changed is a conflict, and deleting it on both sides is none', async () => {
    const from = startsWith(file('a.txt', prose('a')), file('b.txt', 'b\n'));
    main(file('a.txt', null));
    expect(await chain(from, [file('a.txt', prose('b'))])).toMatchObject(conflict(['a.txt']));
    const oid = await built(from, [file('a.txt', null), file('b.txt', 'B\n')]);
    expect(rig.git('ls-tree', '--name-only', oid)).toBe('b.txt');
  });

  test('a file of 50 MB is built, and 20,000 files are: what they changed is counted, not listed', async () => {
    const from = startsWith(file('a.txt', 'a\n'));
    const huge = Buffer.alloc(50 * 1024 * 1024, 'not quite random, yet long ');
    const many = Array.from({ length: 20_000 }, (_, i) => file(`many/${i % 100}/${i}`, `${i}\n`));
    const oid = await built(from, [file('huge.txt', huge)], many);
    expect(rig.git('cat-file', '-s', `${oid}:huge.txt`)).toBe(String(huge.length));
    expect(rig.git('ls-tree', '-r', '--name-only', oid).split('\n')).toHaveLength(20_002);
    const heads = [0, 1].map((n) => rig.head(`polecat/Toast/b${n}`) ?? '');
    const [one, all] = await repo.changedPaths(rig.remote, { base, heads });
    expect(one).toEqual({ paths: ['huge.txt'], more: false });
    expect(all).toMatchObject({ more: true });
    expect(all?.paths).toHaveLength(200);
  }, 60_000);
});
