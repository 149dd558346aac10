import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleOptions } from '../../lib/platform/bundle.ts';
import { versionOnly } from '../../lib/platform/slim.ts';
import { formulasInside } from '../../local/formulas-inside.ts';

/** The SDK's credential chain is four times as large as gt: a file of its own, loaded when a request is to be signed. */
const credentialsApart: Plugin = {
  name: 'credentials-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/credentials\.ts$/ }, () => ({ path: './gt-credentials.js', external: true }));
  },
};

/** Writes `gt.js`, and beside it `gt-credentials.js`; returns their paths. */
export async function bundleGt(outdir: string): Promise<readonly string[]> {
  const options: BuildOptions = {
    ...bundleOptions,
    /** The command runs wherever the project does, not only on Lambda's Node. */
    target: 'node20',
    outExtension: { '.js': '.js' },
    outdir,
  };
  await Promise.all([
    build({ ...options, entryPoints: [{ in: 'bin/gt.ts', out: 'gt' }], plugins: [credentialsApart, formulasInside] }),
    /** Without the plugin that leaves most of the chain out. */
    build({
      ...options,
      entryPoints: [{ in: 'bin/gt/credentials.ts', out: 'gt-credentials' }],
      plugins: [versionOnly],
    }),
  ]);
  return ['gt.js', 'gt-credentials.js'].map((name) => path.join(outdir, name));
}
