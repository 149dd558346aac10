/** The tree's rules, checked on the files themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const trees = ['core', 'git', 'aws', 'local', 'lambdas', 'containers', 'lib', 'bin'] as const;
type Tree = (typeof trees)[number];

/** What each tree may import, besides itself and packages. */
const allowed: Readonly<Record<Tree, readonly Tree[]>> = {
  core: [],
  git: ['core'],
  aws: ['core'],
  local: ['core', 'git'],
  lambdas: ['core', 'git', 'aws', 'local'],
  containers: ['core', 'git', 'aws', 'local'],
  lib: ['core', 'git', 'aws', 'local', 'containers'],
  bin: ['core', 'git', 'aws', 'local', 'lambdas', 'containers', 'lib'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const filesOf = (tree: Tree): string[] =>
  readdirSync(join(root, tree), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(tree, file));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|^import\s+'([^']+)'/gm,
  );
  return [...found].map(([, a, b, c]) => ({ from: file, to: a ?? b ?? c ?? '' }));
}

const inTree = ({ from, to }: Import): string | undefined =>
  to.startsWith('.') ? relative(root, resolve(root, dirname(from), to)) : undefined;
const treeOf = (path: string): string => path.split('/')[0] ?? '';
/** One process that holds the whole town has to know all of it. */
const isTown = (file: string): boolean => ['local/town.ts', 'local/functions.ts', 'local/serve.ts'].includes(file);

describe('the tree', () => {
  test.each(trees)('%s imports only what stands below it', (tree) => {
    const wrong = filesOf(tree)
      .filter((file) => !isTown(file))
      .flatMap(importsOf)
      .filter((found) => {
        const target = inTree(found);
        if (target === undefined || treeOf(target) === tree) return false;
        if (tree === 'lib' && /^lambdas\/.*\.env\.ts$/.test(target)) return false;
        return !allowed[tree].includes(treeOf(target) as Tree);
      });
    expect(wrong).toEqual([]);
  });

  test('only bin imports the town that holds everything, and nothing but bin imports lib', () => {
    const wrong = trees
      .filter((tree) => tree !== 'bin')
      .flatMap(filesOf)
      .filter((file) => !isTown(file))
      .flatMap(importsOf)
      .filter((found) => {
        const target = inTree(found) ?? '';
        return isTown(target) || (treeOf(target) === 'lib' && treeOf(found.from) !== 'lib');
      });
    expect(wrong).toEqual([]);
  });

  test('handlers do not know where they run: only their entries import aws', () => {
    const wrong = filesOf('lambdas')
      .filter((file) => !file.endsWith('.entry.ts'))
      .flatMap(importsOf)
      .filter((found) => ['aws', 'local', 'git'].includes(treeOf(inTree(found) ?? '')));
    expect(wrong).toEqual([]);
  });
});

describe('core', () => {
  const core = filesOf('core');

  test('imports no package but zod and what computes on text, and no module of Node but its hash', () => {
    const packages = core
      .flatMap(importsOf)
      .filter(({ to }) => !to.startsWith('.'))
      .filter(({ from, to }) => !(from === 'core/hash.ts' && to === 'node:crypto'));
    const pure = [
      'zod',
      'fastest-levenshtein',
      'smol-toml',
      'mdast',
      'mdast-util-from-markdown',
      'mdast-util-gfm-task-list-item',
      'micromark-extension-gfm-task-list-item',
    ];
    expect(packages.filter(({ to }) => !pure.includes(to))).toEqual([]);
  });

  test.each([
    ['the clock', /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/],
    ['randomness', /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/],
    ['the environment', /\bprocess\./],
    ['timers', /\bset(?:Timeout|Interval|Immediate)\(|\bqueueMicrotask\(/],
    ['the network or the disk', /\bfetch\(|\brequire\(/],
    ['promises', /\basync\b|\bawait\b/],
  ])('does not touch %s', (_what, pattern) => {
    const wrong = core.filter((file) => file !== 'core/ports.ts' && pattern.test(withoutComments(file)));
    expect(wrong).toEqual([]);
  });

  test('alone spells the keys of the table, in one file', () => {
    const spelt = /['"`](?:CONVOY|BEAD|QUEUE|POLECAT|EFFECT|ESCALATION)#/;
    const wrong = trees.flatMap(filesOf).filter((file) => file !== 'core/keys.ts' && spelt.test(withoutComments(file)));
    expect(wrong).toEqual([]);
  });
});

function withoutComments(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
}
