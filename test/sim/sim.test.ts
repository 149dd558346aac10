import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { conditions, faultKinds } from './kernel/faults.ts';

const seeds = JSON.parse(readFileSync(new URL('seeds.json', import.meta.url), 'utf8')) as readonly unknown[];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The last line that `npm run sim` prints, and the faults that never struck; or all of it if something did not hold. */
function sim(...args: readonly string[]): unknown {
  const command = ['--import', 'tsx', 'test/sim/run.ts', ...args, '--json'];
  try {
    const said = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
    const [strikes = '', sums = ''] = said.trim().split('\n').slice(-2);
    const idle = faultKinds.filter(
      (kind) => !conditions.includes(kind) && !new RegExp(`\\b${kind} [1-9]`).test(strikes),
    );
    return { ...(JSON.parse(sums) as object), idle };
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? error;
  }
}

describe('the town in virtual time', () => {
  test('keeps every invariant comes to rest and meets every fault in 120 seeds, in those of earlier bugs, and alike each time', () => {
    const played = sim('--seeds', '120', '--known', '--twice', '5');
    expect(played).toMatchObject({ seeds: 120 + seeds.length, violations: 0, stuck: 0, idle: [] });
  }, 600_000);
});
