/**
 * `synth.ts <directory> [contexts]` synthesizes the stack once for each context (a JSON object, name → context; those
 * of configs.ts by default) and writes `<name>.template.json` and, as `<name>.nag.json`, what the nag rules found and what
 * was acknowledged. A process of its own, because aws-cdk-lib loads ten times slower under jest.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from '../../lib/config.ts';
import { bundleAll } from '../../lib/platform/bundle.ts';
import { TownStack } from '../../lib/town-stack.ts';
import { configs } from './configs.ts';

const [directory, given] = process.argv.slice(2);
if (!directory) throw new Error('synth.ts <directory> [contexts]');
const contexts: Record<string, Record<string, unknown>> = given ? JSON.parse(given) : configs;
const work = path.join(directory, '.work');
const bundles = path.join(work, 'bundles');

/** `addMetadata` of an acknowledgement: one id, and its reason. */
const acknowledged = (stack: TownStack) =>
  stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data));

mkdirSync(bundles, { recursive: true });
try {
  await bundleAll(bundles);
  for (const [name, context] of Object.entries(contexts)) {
    const app = new App({ analyticsReporting: false, outdir: path.join(work, name) });
    const config = readConfig(context);
    const stack = new TownStack(app, config.town, { config, bundles });
    const { violations } = new AwsSolutionsChecks(app).validateScope(stack);
    const write = (kind: string, content: object) =>
      writeFileSync(path.join(directory, `${name}.${kind}.json`), JSON.stringify(content, null, 1));
    write('template', Template.fromStack(stack).toJSON());
    write('nag', { violations, acknowledged: acknowledged(stack) });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
