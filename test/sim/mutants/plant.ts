/** The whole simulation, with a bug planted in it, as one file that Node runs. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type Mutant, type Patch, planted } from './mutant.ts';

export const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
/** As they were when they were read first: what changes while the hunt goes on must not look like a mutant. */
const sources = new Map<string, string>();

function sourceOf(path: string): string {
  const source = sources.get(path) ?? readFileSync(path, 'utf8');
  sources.set(path, source);
  return source;
}

/** Below node_modules, where Node finds the packages that are left out of the bundle. */
const bundles = join(root, 'node_modules', '.cache', 'gastown-mutants');

/** Returns where the bundle is. Throws if a patch does not fit: it would prove nothing. */
export async function plant(name: string, mutant?: Mutant): Promise<string> {
  mkdirSync(bundles, { recursive: true });
  const outfile = join(bundles, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.mjs`);
  const planting = plantingOf(mutant?.patches ?? []);
  await build({
    entryPoints: [join(root, 'test/sim/mutants/play.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
    plugins: [planting.plugin],
  });
  const unplanted = planting.left();
  if (unplanted.length > 0) throw new Error(`the simulation does not load ${unplanted.join(', ')}`);
  return outfile;
}

function plantingOf(patches: readonly Patch[]): { plugin: Plugin; left: () => string[] } {
  const wanted = new Set(patches.map(({ file }) => file));
  const plugin: Plugin = {
    name: 'plant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(root, path);
        const source = sourceOf(path);
        wanted.delete(file);
        const own = patches.filter((patch) => patch.file === file);
        // A module of the bundle looks for its neighbours where its source is.
        const here = JSON.stringify(pathToFileURL(path).href);
        return { contents: planted(source, file, own).replaceAll('import.meta.url', here), loader: 'ts' };
      });
    },
  };
  return { plugin, left: () => [...wanted] };
}
