/** Bundles every function, the harness and the gt command into dist/, and says how large each of them is. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { bundleAll, bundleOptions, bundleSizes, functionBytesMax } from '../lib/platform/bundle.ts';
import { projectRoot } from '../lib/platform/project-root.ts';

const dist = path.join(projectRoot, 'dist');
const functions = path.join(dist, 'functions');
await bundleAll(functions);
await build({
  ...bundleOptions,
  /** The command runs wherever the project does, not only on Lambda's Node. */
  target: 'node20',
  entryPoints: [{ in: 'bin/gt.ts', out: 'gt' }],
  outExtension: { '.js': '.js' },
  outdir: dist,
});

const sizes = { ...bundleSizes(functions), gt: statSync(path.join(dist, 'gt.js')).size };
for (const [name, bytes] of Object.entries(sizes))
  console.log(`${name.padEnd(12)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
const harness = path.join(functions, 'polecat/dist/harness.cjs');
if (existsSync(harness))
  console.log(`${'harness'.padEnd(12)} ${(statSync(harness).size / 1024).toFixed(0).padStart(6)} KiB`);

const large = Object.entries(bundleSizes(functions)).filter(([, bytes]) => bytes > functionBytesMax);
if (large.length > 0) {
  console.error(
    `BUNDLE_TOO_LARGE: ${large.map(([name]) => name).join(', ')}: over ${functionBytesMax / 1000} KB minified.`,
  );
  process.exitCode = 1;
}
