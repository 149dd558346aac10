import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { rigKeys } from '../../core/rigs/rig.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';

test('the page of rigs lists every key with its default, and no other', () => {
  const page = readFileSync(path.join(projectRoot, 'docs/rigs.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z_.]+)` \| `(.*?)` \|/gm)].map(([, name, value]) => [name, value]);
  expect(listed).toEqual(Object.entries(rigKeys).map(([name, spec]) => [name, JSON.stringify(spec.default)]));
});
