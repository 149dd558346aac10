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
};

test('every test that docs/isolation.md names is there', () => {
  const named = [...read('docs/isolation.md').matchAll(/“([^”]+)”(?: \(`(\w+)`\))?/g)];
  expect(named.length).toBeGreaterThan(15);
  const missing = named.filter(([, title = '', file]) => !read(files[file ?? ''] ?? hostile).includes(`('${title}`));
  expect(missing.map(([text]) => text)).toEqual([]);
});
