/** What the presets say of the agents, held against the programs of the pinned versions. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { pinnedVersion } from '../../bin/demo/install-agents.ts';
import { presets } from '../../core/polecats/presets.ts';
import { presetNames } from '../../core/polecats/runtime.ts';
import { binVariable } from './bin-variable.ts';

jest.setTimeout(60_000);

const home = mkdtempSync(join(tmpdir(), 'gastown-presets-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

for (const name of presetNames) {
  const bin = process.env[binVariable(name)];
  const { argv, modelOption, env, from } = presets[name];
  const [program = '', ...args] = argv;
  const subcommands = args.slice(
    0,
    args.findIndex((arg) => arg.startsWith('-')),
  );

  async function said(...words: string[]): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)(join(bin ?? '', program), words, {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, ...env },
    });
    return stdout + stderr;
  }

  (bin ? describe : describe.skip)(`${program}, as ${from} brings it`, () => {
    test('is of the version that is pinned', async () => {
      expect((await said('--version')).split(/\s+/)).toContain(pinnedVersion(from));
    });

    test('knows each option of its preset, and that for a model', async () => {
      const help = await said(...subcommands, '--help');
      for (const option of [...args, modelOption].filter((arg) => arg.startsWith('-'))) {
        const [flag, value] = option.split('=');
        const line = help.split('\n').find((one) => one.split(/[\s,=]+/).includes(flag ?? ''));
        expect([flag, line]).toEqual([flag, expect.stringContaining(value ?? '')]);
      }
    });
  });
}
