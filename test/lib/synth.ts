/**
 * Synthesizes the stack once for each context given (a JSON list) and prints the resources and the nag's findings.
 * A process of its own, because aws-cdk-lib loads ten times slower under jest.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from '../../lib/config.ts';
import { bundleAll } from '../../lib/platform/bundle.ts';
import { TownStack } from '../../lib/town-stack.ts';

const contexts = JSON.parse(process.argv[2] ?? '[]') as Record<string, unknown>[];
const directory = mkdtempSync(path.join(tmpdir(), 'gastown-synth-'));
const bundles = path.join(directory, 'bundles');
try {
  await bundleAll(bundles);
  const towns = contexts.map((context, i) => {
    const app = new App({ analyticsReporting: false, outdir: path.join(directory, `${i}`) });
    const stack = new TownStack(app, 'town', { config: readConfig(context), bundles });
    const { violations } = new AwsSolutionsChecks(app).validateScope(stack);
    return { resources: Template.fromStack(stack).toJSON().Resources, violations };
  });
  process.stdout.write(JSON.stringify(towns));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
