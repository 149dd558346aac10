/**
 * `npm run test:agents`: installs the agents that are pinned and tries each of them, with a model that is scripted. What
 * follows `--` goes to jest.
 */
import { spawnSync } from 'node:child_process';
import { installAgent, installAgents } from '../../bin/demo/install-agents.ts';
import { presets } from '../../core/polecats/presets.ts';
import { presetNames } from '../../core/polecats/runtime.ts';
import { binVariable } from './bin-variable.ts';

const skipped: string[] = [];
const installed = await Promise.all(
  presetNames.map(async (name): Promise<[string, string][]> => {
    try {
      return [[binVariable(name), await (name === 'claude' ? installAgents() : installAgent(presets[name]))]];
    } catch (error) {
      skipped.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
      return [];
    }
  }),
);
const bins = installed.flat();
if (skipped.length > 0)
  console.error(
    [
      '='.repeat(100),
      `SKIPPED: ${bins.length === 0 ? 'no agent was' : 'these agents were not'} tried. They come from npm’s registry:`,
      ...skipped,
      '='.repeat(100),
    ].join('\n'),
  );
if (bins.length > 0) {
  const { status } = spawnSync('npm', ['test', '--', '--runInBand', 'test/agents', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...Object.fromEntries(bins) },
  });
  process.exit(status ?? 1);
}
