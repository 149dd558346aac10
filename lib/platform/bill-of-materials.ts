/** What of npm is in each function, in CycloneDX: npm's own account of the project, less what no bundle holds. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { projectRoot } from './project-root.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}
interface Bill {
  readonly components: readonly Component[];
}

const billBytesMax = 16 * 1024 * 1024;

/** Each component says by properties which functions hold code of it. Throws if npm knows nothing of a bundled package. */
export async function billOfMaterials(metafile: Metafile): Promise<Bill> {
  // Not --omit=dev: npm 11 then leaves out also what a dependency shares with a development one.
  const ask = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const { stdout } = await promisify(execFile)('npm', ask, { cwd: projectRoot, maxBuffer: billBytesMax });
  // How npm's packages need each other says nothing of what is left of them in a bundle.
  const { dependencies: _, ...bill } = JSON.parse(stdout) as Bill & { dependencies: unknown };
  const holders = holdersOf(metafile);
  const components = bill.components
    .filter((component) => holders.has(component['bom-ref']))
    .map((component) => {
      const names = [...(holders.get(component['bom-ref']) ?? [])].sort();
      const held = names.map((value) => ({ name: 'gastown:function', value }));
      return { ...component, properties: [...(component.properties ?? []), ...held] };
    });
  const listed = new Set(components.map((component) => component['bom-ref']));
  const missing = [...holders.keys()].filter((ref) => !listed.has(ref));
  if (missing.length > 0)
    throw new Error(`BILL_INCOMPLETE: npm sbom does not list ${missing.join(', ')}; run npm ci, then build again.`);
  return { ...bill, components };
}

/** `name@version` of each package that left code in a bundle, and the functions in whose bundle it is. */
function holdersOf({ outputs }: Metafile): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  for (const [output, { inputs, entryPoint }] of Object.entries(outputs)) {
    if (entryPoint === undefined) continue;
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const directory = packageDirectory.exec(input)?.[1];
      if (directory === undefined || bytesInOutput === 0) continue;
      const ref = refOf(directory);
      holders.set(ref, (holders.get(ref) ?? new Set()).add(path.basename(path.dirname(output))));
    }
  }
  return holders;
}

/** The innermost one, where a package brings its own. */
const packageDirectory = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

function refOf(directory: string): string {
  const manifest = readFileSync(path.join(projectRoot, directory, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  return `${name}@${version}`;
}
