/** Bundles every function, the harness and the gt command into dist/, and says how large each of them is. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleAll, bundleOptions, bundleSizes, functionBytesMax } from '../lib/platform/bundle.ts';
import { projectRoot } from '../lib/platform/project-root.ts';
import { versionOnly } from '../lib/platform/slim.ts';

const dist = path.join(projectRoot, 'dist');
const functions = path.join(dist, 'functions');
await bundleAll(functions);
/** The SDK's credential chain is four times as large as gt: a file of its own, loaded when a request is to be signed. */
const credentialsApart: Plugin = {
  name: 'credentials-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/credentials\.ts$/ }, () => ({ path: './gt-credentials.js', external: true }));
  },
};
const command: BuildOptions = {
  ...bundleOptions,
  /** The command runs wherever the project does, not only on Lambda's Node. */
  target: 'node20',
  outExtension: { '.js': '.js' },
  outdir: dist,
};
await build({ ...command, entryPoints: [{ in: 'bin/gt.ts', out: 'gt' }], plugins: [credentialsApart] });
/** Without the plugins that leave links of the chain out. */
await build({
  ...command,
  entryPoints: [{ in: 'bin/gt/credentials.ts', out: 'gt-credentials' }],
  plugins: [versionOnly],
});

const sizeOf = (name: string): number => statSync(path.join(dist, `${name}.js`)).size;
const sizes = { ...bundleSizes(functions), gt: sizeOf('gt'), 'gt-credentials': sizeOf('gt-credentials') };
for (const [name, bytes] of Object.entries(sizes))
  console.log(`${name.padEnd(14)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
const harness = path.join(functions, 'polecat/dist/harness.cjs');
if (existsSync(harness))
  console.log(`${'harness'.padEnd(14)} ${(statSync(harness).size / 1024).toFixed(0).padStart(6)} KiB`);

const large = Object.entries(bundleSizes(functions)).filter(([, bytes]) => bytes > functionBytesMax);
if (large.length > 0) {
  console.error(
    `BUNDLE_TOO_LARGE: ${large.map(([name]) => name).join(', ')}: over ${functionBytesMax / 1000} KB minified.`,
  );
  process.exitCode = 1;
}
