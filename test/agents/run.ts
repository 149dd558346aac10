/**
 * `npm run test:agents`: installs the agents that are pinned and runs each of them through the harness, against a model
 * server that follows a script. What follows `--` goes to jest.
 */
import { spawnSync } from 'node:child_process';
import { installAgents } from '../../bin/demo/install-agents.ts';

async function agents(): Promise<string | undefined> {
  try {
    return await installAgents();
  } catch (error) {
    console.error(
      [
        '='.repeat(100),
        'SKIPPED: no agent was tried. They come from npm’s registry, which was not reached:',
        `${error instanceof Error ? error.message.split('\n')[0] : error}`,
        '='.repeat(100),
      ].join('\n'),
    );
    return undefined;
  }
}

const bin = await agents();
if (bin) {
  const { status } = spawnSync('npm', ['test', '--', '--runInBand', 'test/agents', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, GASTOWN_AGENTS_BIN: bin },
  });
  process.exit(status ?? 1);
}
