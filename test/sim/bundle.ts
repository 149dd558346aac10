/** A program of the simulator as one file: it starts sooner than its sources, and runs without a loader in between. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Below node_modules, where Node finds the packages that are left out of the bundle. */
const bundles = fileURLToPath(new URL('../../node_modules/.cache/gastown-sim', import.meta.url));

/** A module of the bundle looks for its neighbours where its source is. */
const inPlace: Plugin = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const here = JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', here), loader: 'ts' };
    });
  },
};

/** Returns where it is. A name of its own for each process: another may be bundling other sources. */
export async function bundleSim(entry: URL): Promise<string> {
  const outfile = join(bundles, `${process.pid}-${basename(entry.pathname, '.ts')}.mjs`);
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
    plugins: [inPlace],
  });
  return outfile;
}
