/**
 * `npm run test:aws`: an AWS emulator is installed and started, the account bootstrapped, and everything that speaks to
 * AWS tried against it: the stack, by deploying it, and each port's contract. What follows `--` goes to jest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeRole } from './aws-api.ts';
import { startEmulator } from './emulator.ts';
import { bootstrap } from './stack.ts';
import { installTools } from './tools.ts';

/** What `npm test` skips for want of an endpoint or a linter; everything else it has run. */
const selected = [
  ...['test/emulator', 'test/aws', 'test/lib/images'],
  ...['--testNamePattern', '^at https|^a deployed town|^cfn-lint|hadolint'],
];

function tools(): string | undefined {
  try {
    return installTools();
  } catch (error) {
    console.error(
      [
        '='.repeat(100),
        'SKIPPED: nothing was tried against AWS. The emulator and the linters (test/emulator/requirements.txt) need Python 3',
        `with its venv module, and its package registry: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
        '='.repeat(100),
      ].join('\n'),
    );
    return undefined;
  }
}

const bin = tools();
if (bin) {
  const dir = mkdtempSync(path.join(tmpdir(), 'gastown-aws-'));
  const emulator = await startEmulator(bin, dir);
  await bootstrap();
  const { status } = spawnSync('npm', ['test', '--', '--runInBand', ...selected, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      GASTOWN_EMULATOR_DIR: dir,
      GASTOWN_AWS_ENDPOINT: process.env.AWS_ENDPOINT_URL,
      GASTOWN_AWS_ROLE_ARN: await makeRole('contract', 'states.amazonaws.com', ['sqs:SendMessage']),
    },
  });
  emulator.stop();
  if (status === 0) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  else console.error(`The emulator’s log and those of the tasks are kept in ${dir}.`);
  process.exit(status ?? 1);
}
