/** The real command line, bundled once as it ships, run as a process of its own. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleGt } from '../../bin/gt/bundle.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Returns the path of `gt.js` in `dir`. */
export async function shipGt(dir: string): Promise<string> {
  await bundleGt(dir);
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  return join(dir, 'gt.js');
}

export const runGt = (
  gt: string,
  cwd: string,
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', ...environment };
    execFile(process.execPath, [gt, ...words], { cwd, env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
