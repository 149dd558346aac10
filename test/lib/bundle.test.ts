import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { functions } from '../../core/wiring.ts';
import { makeApp } from '../../lambdas/api/app.ts';
import type { ApiDeps } from '../../lambdas/api/deps.ts';
import { bundleAll, bundleOptions, bundleSizes, functionBytesMax } from '../../lib/platform/bundle.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';

let bundles: string;
beforeAll(async () => {
  bundles = mkdtempSync(path.join(tmpdir(), 'gastown-bundles-'));
  await bundleAll(bundles);
}, 60_000);
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

test('every function has a bundle, small enough to start fast', () => {
  const sizes = bundleSizes(bundles);
  expect(Object.keys(sizes).sort()).toEqual(Object.keys(functions).sort());
  expect(Object.entries(sizes).filter(([, bytes]) => bytes > functionBytesMax)).toEqual([]);
});

/** What each contract asks for is read at start; this environment has all of it. */
const environment = Object.fromEntries(
  [
    'TOWN_NAME TOWN_TABLE BLOBS_BUCKET GIT_SECRET_PREFIX WEBHOOK_SECRET_PREFIX TASK_ROLE_NAME POLECAT_CPU API_URL SLING_QUEUE_URL POLECATS_MAX DAY_BUDGET_USD',
    'CLUSTER_ARN POLECAT_TASK_FAMILY GATE_TASK_FAMILY TASK_CONTAINER SUBNET_IDS SECURITY_GROUP_ID PUBLIC_IP CAPACITY_PROVIDER',
    'MOLECULE_MACHINE_ARN INTENT_MACHINE_ARN TICKS_QUEUE_URL REFINERY_QUEUE_URL',
    'CRITICAL_TOPIC_ARN HIGH_TOPIC_ARN MEDIUM_TOPIC_ARN LOW_TOPIC_ARN AWS_REGION MODEL_ID',
  ]
    .join(' ')
    .split(' ')
    .map((name) => [name, '1']),
);

test('every bundle starts in a process of its own, away from the project, and has a handler', async () => {
  const urls = Object.keys(functions).map((name) => pathToFileURL(path.join(bundles, name, 'index.mjs')).href);
  const script = `for (const url of ${JSON.stringify(urls)}) console.log(typeof (await import(url)).handler)`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', script],
    {
      cwd: bundles,
      env: { PATH: process.env.PATH, ...environment },
    },
  );
  expect(stdout.trim().split('\n')).toEqual(urls.map(() => 'function'));
}, 60_000);

test('the SDK’s errors are told apart in a bundle as outside of one', async () => {
  const names = ['ConditionalCheckFailedException', 'TransactionCanceledException', 'DynamoDBServiceException'];
  const contents = `import * as sdk from '@aws-sdk/client-dynamodb';
    const error = new sdk.ConditionalCheckFailedException({ message: 'no', $metadata: {} });
    const is = ${JSON.stringify(names)}.map((name) => error instanceof sdk[name]);
    console.log(JSON.stringify([...is, error.name, error.message, error.$fault]));`;
  const stdin = { contents, resolveDir: projectRoot, loader: 'js' } as const;
  const { outputFiles } = await build({ ...bundleOptions, sourcemap: false, stdin, write: false });
  const file = path.join(bundles, 'errors.mjs');
  writeFileSync(file, outputFiles[0]?.text ?? '');
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', file], { cwd: bundles });
  expect(JSON.parse(stdout)).toEqual([true, false, true, 'ConditionalCheckFailedException', 'no', 'client']);
}, 60_000);

/** What API Gateway hands to the function for a GET. */
const eventOf = (rawPath: string, userArn?: string) => ({
  version: '2.0',
  routeKey: 'ANY /{path+}',
  rawPath,
  rawQueryString: '',
  headers: { host: 'town.example.com', 'x-forwarded-proto': 'https' },
  isBase64Encoded: false,
  requestContext: {
    domainName: 'town.example.com',
    http: { method: 'GET', path: rawPath },
    ...(userArn ? { authorizer: { iam: { userArn } } } : {}),
  },
});

test('the bundled API answers events of API Gateway: its document whole, strangers turned away', async () => {
  const url = pathToFileURL(path.join(bundles, 'api/index.mjs')).href;
  const events = [
    eventOf('/openapi.json'),
    eventOf('/v1/rigs'),
    eventOf('/v1/nowhere', 'arn:aws:iam::123456789012:user/ann'),
  ];
  const script = `const { handler } = await import('${url}');
    for (const event of ${JSON.stringify(events)}) console.log(JSON.stringify(await handler(event, {})))`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', script],
    {
      env: { PATH: process.env.PATH, ...environment },
      maxBuffer: 4 * 1024 * 1024,
    },
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ message }) => message === 'spent')).toHaveLength(events.length);
  const [document, stranger, nowhere] = lines.filter(({ statusCode }) => statusCode !== undefined);
  expect(document.statusCode).toBe(200);
  const api = makeApp({} as ApiDeps, {
    authenticate: () => ({ name: 'nobody' }),
    localRemotes: false,
    webhookSecrets: async () => [],
    fleet: { polecatsMax: 32 },
    onBug: () => {},
    onSuperseded: () => {},
  });
  expect(JSON.parse(document.body)).toEqual(await (await api.request('/openapi.json')).json());
  expect([stranger.statusCode, JSON.parse(stranger.body).code]).toEqual([401, 'CALLER_UNKNOWN']);
  expect([nowhere.statusCode, JSON.parse(nowhere.body).code]).toEqual([404, 'ROUTE_UNKNOWN']);
});
