/** The CDK app: configuration in, one stack out, nag rules on. */
import path from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from '../lib/config.ts';
import { bundleAll } from '../lib/platform/bundle.ts';
import { projectRoot } from '../lib/platform/project-root.ts';
import { TownStack } from '../lib/town-stack.ts';

/** What contradicts CloudFormation's own schemas fails here, not in mid-deployment. */
const context = { '@aws-cdk/core:validateAgainstDefaultRules': true };
const app = new App({ analyticsReporting: false, context });
const config = readConfig(app.node.getAllContext());
const bundles = path.join(projectRoot, 'dist/functions');
await bundleAll(bundles);
new TownStack(app, config.town, { config, bundles });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
