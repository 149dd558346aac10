/** Every variant of the stack, read by CloudFormation's own linter. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../lib/platform/project-root.ts';

const run = promisify(execFile);
const linted = process.env.GASTOWN_EMULATOR_DIR === undefined ? test.skip : test;

linted(
  'cfn-lint finds neither an error nor a warning in any template (needs the tools of npm run test:aws)',
  async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'gastown-templates-'));
    try {
      await run(process.execPath, ['--import', 'tsx', 'test/lib/synth.ts', dir], { cwd: projectRoot });
      const templates = readdirSync(dir).filter((name) => name.endsWith('.template.json'));
      expect(templates.length).toBeGreaterThan(4);
      const files = templates.map((name) => path.join(dir, name));
      const { stdout } = await run('cfn-lint', ['--', ...files], { cwd: projectRoot }).catch(
        (failure: { stdout: string; message: string }) => ({ stdout: failure.stdout || failure.message }),
      );
      expect(stdout).toBe('');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  300_000,
);
