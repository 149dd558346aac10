/** Bundles every function, the harness and the gt command into dist/, lists what is in them, and says how large each is. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { billOfMaterials } from '../lib/platform/bill-of-materials.ts';
import { bundleAll, bundleSizes, functionBytesMax } from '../lib/platform/bundle.ts';
import { projectRoot } from '../lib/platform/project-root.ts';
import { bundleGt } from './gt/bundle.ts';

const dist = path.join(projectRoot, 'dist');
const functions = path.join(dist, 'functions');
const metafile = await bundleAll(functions);
writeFileSync(path.join(dist, 'sbom.json'), JSON.stringify(await billOfMaterials(metafile), null, 2));
const commands = await bundleGt(dist);

const sizes = {
  ...bundleSizes(functions),
  ...Object.fromEntries(commands.map((file) => [path.basename(file), statSync(file).size])),
};
for (const [name, bytes] of Object.entries(sizes))
  console.log(`${name.padEnd(18)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
const harness = path.join(functions, 'polecat/dist/harness.cjs');
if (existsSync(harness))
  console.log(`${'harness'.padEnd(18)} ${(statSync(harness).size / 1024).toFixed(0).padStart(6)} KiB`);

const large = Object.entries(bundleSizes(functions)).filter(([, bytes]) => bytes > functionBytesMax);
if (large.length > 0) {
  console.error(
    `BUNDLE_TOO_LARGE: ${large.map(([name]) => name).join(', ')}: over ${functionBytesMax / 1024} KiB minified.`,
  );
  process.exitCode = 1;
}
