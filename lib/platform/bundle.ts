/** Bundles each function's entry into one minified ES module. One esbuild run for all, so that shared code is parsed once. */
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { bundleHarness } from '../../containers/polecat/bundle.ts';
import type { FunctionName } from '../../core/wiring.ts';
import { formulasInside } from '../../local/formulas-inside.ts';
import { projectRoot } from './project-root.ts';
import {
  lambdaCredentials,
  neverEntered,
  plainErrors,
  shakableSchemas,
  shakableZod,
  versionOnly,
  withoutJsonSchema,
} from './slim.ts';

/** Where each function's AWS entry is, from the project's root. */
const entries: Readonly<Record<FunctionName, string>> = {
  api: 'lambdas/api/api.entry.ts',
  mayor: 'lambdas/intents/mayor.entry.ts',
  molecule: 'lambdas/molecules/molecule.entry.ts',
  ticks: 'lambdas/ticks/ticks.entry.ts',
  refinery: 'lambdas/refinery/refinery.entry.ts',
  fleet: 'lambdas/polecats/fleet.entry.ts',
  effects: 'lambdas/platform/effects.entry.ts',
  witness: 'lambdas/witness/witness.entry.ts',
};

/** Minified, without its map: a cold start reads all of it. */
export const functionBytesMax = 600 * 1024;

/** A dependency that is CommonJS inside an ES module still asks for `require`. */
const requireForCommonJs =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

export const bundleOptions: BuildOptions = {
  absWorkingDir: projectRoot,
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  /** The newest syntax; esbuild only lowers what the target lacks. */
  target: 'node24',
  mainFields: ['module', 'main'],
  banner: { js: requireForCommonJs },
  plugins: [
    formulasInside,
    shakableZod,
    withoutJsonSchema,
    shakableSchemas,
    plainErrors,
    versionOnly,
    lambdaCredentials,
    neverEntered,
  ],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
};

/**
 * Writes `<outdir>/<function>/index.mjs` and its source map for every function, and to `<outdir>/polecat` what its image is
 * built from: the harness, and which agents npm is to bring. Returns what went into the functions.
 */
export async function bundleAll(outdir: string): Promise<Metafile> {
  const missing = Object.values(entries).filter((entry) => !existsSync(path.join(projectRoot, entry)));
  if (missing.length > 0)
    throw new Error(`ENTRY_MISSING: ${missing.join(', ')}. Every function of core/wiring.ts needs one.`);
  const { metafile } = await build({
    ...bundleOptions,
    metafile: true,
    entryPoints: Object.entries(entries).map(([name, entry]) => ({ in: entry, out: `${name}/index` })),
    outdir,
  });
  await bundleHarness(path.join(outdir, 'polecat/dist/harness.cjs'));
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(path.join(projectRoot, 'containers/polecat', name), path.join(outdir, 'polecat/agents', name));
  return metafile;
}

/** Bytes of each `index.mjs` below `outdir`, by function. */
export function bundleSizes(outdir: string): Readonly<Record<string, number>> {
  const names = readdirSync(outdir).filter((name) => existsSync(path.join(outdir, name, 'index.mjs')));
  return Object.fromEntries(names.map((name) => [name, statSync(path.join(outdir, name, 'index.mjs')).size]));
}
