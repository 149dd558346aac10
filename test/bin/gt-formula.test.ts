/** What gt does with formulas needs no town: they are files. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runGt, shipGt } from './command.ts';

jest.setTimeout(60_000);

let dir: string;
let command: string;
let repository: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gastown-formula-'));
  command = await shipGt(dir);
  repository = join(dir, 'repository');
  mkdirSync(join(repository, '.gastown/formulas'), { recursive: true });
  mkdirSync(join(repository, 'src'));
  const own = 'formula = "shiny"\ndescription = "Ours"\n[[steps]]\nid = "only"\ntitle = "The only step"\n';
  writeFileSync(join(repository, '.gastown/formulas/shiny.toml'), own);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const gt = (cwd: string, ...words: string[]) => runGt(command, cwd, {}, words);

test('the shipped command holds the built-in formulas, and lists those of the repository that it stands in', async () => {
  const outside = await gt(dir, 'formula', 'list', '--json');
  const inside = await gt(join(repository, 'src'), 'formula', 'list', '--json');
  const rowsOf = ({ out }: { out: string }) => JSON.parse(out).formulas.map((row: { name: string }) => row.name);
  expect(rowsOf(outside)).toEqual(['code-review', 'conflict-resolve', 'polecat-work', 'security-audit', 'shiny']);
  expect(rowsOf(inside)).toEqual([...rowsOf(outside), 'shiny']);
});

test("a repository's own formula goes before a built-in one of its name", async () => {
  const [builtIn, own] = await Promise.all([dir, repository].map((cwd) => gt(cwd, 'formula', 'show', 'shiny')));
  expect(builtIn?.out).toContain('implement');
  expect(own?.out).toContain('The only step');
  expect(own?.out).not.toContain('implement');
});

test('lint ends well without a fault, and else names them all with file and line', async () => {
  const faulty = join(dir, 'faulty.toml');
  writeFileSync(faulty, 'formula = "faulty"\ncolour = 1\n[[steps]]\nid = "a"\n');
  const [well, ill, unknown] = await Promise.all([
    gt(repository, 'formula', 'lint'),
    gt(dir, 'formula', 'lint', 'faulty.toml'),
    gt(dir, 'formula', 'show', 'shinny'),
  ]);
  expect([well?.code, well?.out]).toEqual([0, '.gastown/formulas/shiny.toml: no fault.\n']);
  expect(ill?.code).toBe(1);
  expect(ill?.err).toContain('FORMULA_INVALID: 2 faults.');
  expect(ill?.err).toContain('faulty.toml, line 2: The formula has the unknown key "colour".');
  expect(ill?.err).toContain('faulty.toml, line 3: Step "a" has no title.');
  expect(unknown?.err).toContain('Did you mean "shiny"?');
});

test('called through npm, which changes directory, it stands and reads where npm was called; for its own package alone', async () => {
  const src = join(repository, 'src');
  const listed = async (environment: Readonly<Record<string, string>>) => {
    const { out } = await runGt(command, dir, environment, ['formula', 'list', '--json']);
    return JSON.parse(out).formulas.filter((row: { from: string }) => row.from !== 'built-in');
  };
  const npm = {
    INIT_CWD: src,
    npm_package_name: 'gas-town-serverless',
    npm_package_json: join(realpathSync(dir), 'package.json'),
  };
  expect(await listed(npm)).toMatchObject([{ name: 'shiny', from: '../.gastown/formulas/shiny.toml' }]);
  expect(await listed({ ...npm, npm_package_name: 'yours' })).toEqual([]);
  expect(await listed({ ...npm, npm_package_json: join(src, 'package.json') })).toEqual([]);
  expect(await listed({ ...npm, INIT_CWD: join(src, 'gone') })).toEqual([]);
  const linted = await runGt(command, dir, npm, ['formula', 'lint', '../.gastown/formulas/shiny.toml']);
  expect(linted).toMatchObject({ code: 0, out: '../.gastown/formulas/shiny.toml: no fault.\n' });
});

test('a file that is not UTF-8 is faulty, and those beside it go on', async () => {
  const formulas = join(dir, 'mixed/.gastown/formulas');
  mkdirSync(formulas, { recursive: true });
  writeFileSync(join(formulas, 'bad.toml'), Buffer.from([0xff, 0xfe]));
  writeFileSync(join(formulas, 'good.toml'), 'formula = "good"\n[[steps]]\nid = "only"\ntitle = "The only step"\n');
  const within = join(dir, 'mixed');
  const [list, show, lint, bad] = await Promise.all([
    gt(within, 'formula', 'list'),
    gt(within, 'formula', 'show', 'good'),
    gt(within, 'formula', 'lint'),
    gt(within, 'formula', 'show', 'bad'),
  ]);
  expect(list.code).toBe(0);
  expect(list.out).toMatch(/bad\.toml +faulty/);
  expect(list.out).toMatch(/^good +workflow/m);
  expect(show.code).toBe(0);
  for (const { code, err } of [lint, bad]) {
    expect(code).toBe(1);
    expect(err).toContain('.gastown/formulas/bad.toml: The file is not UTF-8 text. Save it as UTF-8.');
  }
});
