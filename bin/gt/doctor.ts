/** What a town on this machine needs, each checked by trying it. */
import { execFile } from 'node:child_process';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { findTown, stateDirOf } from './address.ts';
import { Client } from './client.ts';
import { type GlobalFlags, printerFor } from './session.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy: string;
}

const freeBytesMin = 1024 ** 3;
const gitMin = [2, 39] as const;
const nodeMin = [20, 19] as const;

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what this machine lacks for a town')
    .action(async (_: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const print = printerFor(flags);
      const findings = await Promise.all([node(), git(), disk(flags), town(flags)]);
      print.show(findings, () => {
        for (const { check, ok, found, remedy } of findings) {
          print.line(
            `${ok ? print.paint('green', '✔') : print.paint('red', '✘')} ${check}: ${found}${ok ? '' : ` → ${remedy}`}`,
          );
        }
      });
      if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
    });
}

const atLeast = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
};

const node = async (): Promise<Finding> => ({
  check: 'node',
  ok: atLeast(process.versions.node, nodeMin),
  found: process.versions.node,
  remedy: `Install Node ${nodeMin.join('.')} or newer.`,
});

async function git(): Promise<Finding> {
  const remedy = `Install git ${gitMin.join('.')} or newer.`;
  const found = await promisify(execFile)('git', ['--version']).then(
    ({ stdout }) => stdout.trim(),
    (error: Error) => error.message,
  );
  const version = /(\d+\.\d+)/.exec(found)?.[1] ?? '';
  return { check: 'git', ok: atLeast(version, gitMin), found, remedy };
}

/** The state directory may not be there yet: its nearest parent is asked. */
async function disk(flags: GlobalFlags): Promise<Finding> {
  let dir = stateDirOf(flags);
  while (dir !== dirname(dir) && !(await stat(dir).catch(() => undefined))) dir = dirname(dir);
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${dir}`;
  return {
    check: 'disk',
    ok: free >= freeBytesMin,
    found,
    remedy: 'Free 1 GiB, or keep the state elsewhere with --dir.',
  };
}

async function town(flags: GlobalFlags): Promise<Finding> {
  try {
    const client = new Client(await findTown(flags, process.env));
    await client.get('status');
    return { check: 'town', ok: true, found: `answers at ${client.url}`, remedy: '' };
  } catch (error) {
    return {
      check: 'town',
      ok: false,
      found: error instanceof Error ? error.message : String(error),
      remedy: 'npm start',
    };
  }
}
