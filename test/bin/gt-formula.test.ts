/** What gt does with formulas needs no town: they are files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
