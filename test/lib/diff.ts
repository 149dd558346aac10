/** What `cdk diff` says of one template after another: the command that a person runs before an upgrade, offline. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../lib/platform/project-root.ts';
import type { Town } from './town.ts';

export interface Change {
  readonly id: string;
  readonly type: string;
  readonly how: 'added' | 'changed' | 'removed';
  /** `replace`, `may be replaced`, `destroy`, `orphan`; empty for what keeps its resource. */
  readonly impact: string;
}

const signs = { '+': 'added', '~': 'changed', '-': 'removed' } as const;
const line = /^\[([+~-])\] (\S+::\S+) (\w+)(?: ([a-z ]+))?$/gm;
/** The least that the CLI takes for an app: one stack, its template beside it. */
const manifest = {
  version: '36.0.0',
  artifacts: {
    town: {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      properties: { templateFile: 'after.json' },
    },
  },
};

export async function diff(before: Town, after: Town): Promise<readonly Change[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'gastown-diff-'));
  const write = (file: string, content: object) => writeFileSync(path.join(directory, file), JSON.stringify(content));
  try {
    write('manifest.json', manifest);
    write('after.json', after.template);
    write('before.json', before.template);
    const cli = path.join(projectRoot, 'node_modules/aws-cdk/bin/cdk');
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [cli, 'diff', 'town', '--app', directory, '--template', path.join(directory, 'before.json'), '--no-notices'],
      { cwd: directory, env: { ...process.env, NO_COLOR: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' } },
    );
    return [...`${stdout}\n${stderr}`.matchAll(line)].map(([, sign, type = '', id = '', impact = '']) => ({
      id,
      type,
      how: signs[sign as keyof typeof signs],
      impact,
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
