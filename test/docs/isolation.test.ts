import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../lib/platform/project-root.ts';

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const hostile = 'test/containers/polecat/hostile.test.ts';
const files: Readonly<Record<string, string>> = {
  budget: 'test/containers/polecat/budget.test.ts',
  proxy: 'test/containers/polecat/model-proxy.test.ts',
  credential: 'test/containers/polecat/credential.test.ts',
  identity: 'test/lambdas/api/identity.test.ts',
  output: 'test/containers/polecat/output.test.ts',
  sandbox: 'test/containers/polecat/sandbox.test.ts',
  witness: 'test/core/witness/polecat.test.ts',
};

const page = read('docs/isolation.md');
const quotes = [...page.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title);

test('every test that docs/isolation.md names is there', () => {
  const named = [...page.matchAll(/“([^”]+)”(?: \(`(\w+)`\))?/g)];
  expect(named.length).toBeGreaterThan(15);
  const missing = named.filter(([, title = '', file]) => !read(files[file ?? ''] ?? hostile).includes(`'${title}`));
  expect(missing.map(([text]) => text)).toEqual([]);
});

test('every test of a hostile agent stands in docs/isolation.md', () => {
  const titles = [...read(hostile).matchAll(/^ {2}test(?:\.each\(.*\))?\('([^']+)'/gm)].map(([, title = '']) => title);
  expect(titles.length).toBeGreaterThan(15);
  expect(titles.filter((title) => !quotes.some((quote) => title.startsWith(quote)))).toEqual([]);
});
