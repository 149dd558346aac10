/** Where the person stands. npm runs our scripts in the checkout of Gas Town, wherever it was called. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const ourPackage = 'gas-town-serverless';

/** Only where npm put us: a script of another package, and whoever changed directory since, means the directory it is in. */
export function here(): string {
  const { INIT_CWD: called, npm_package_name: name, npm_package_json: manifest = '' } = process.env;
  const moved = called !== undefined && name === ourPackage && dirname(manifest) === process.cwd();
  return moved && statSync(called, { throwIfNoEntry: false })?.isDirectory() ? called : process.cwd();
}

export const fromHere = (path: string): string => resolve(here(), path);
