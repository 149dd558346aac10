/** Where the person stands. npm runs our scripts in the checkout of Gas Town, wherever it was called. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

const ourPackage = 'gas-town-serverless';

/** A script of another package that calls gt means the directory that npm gave it, as all that it calls does. */
export function here({ INIT_CWD: called, npm_package_name: name }: NodeJS.ProcessEnv = process.env): string {
  const isOurs = called !== undefined && name === ourPackage;
  return isOurs && statSync(called, { throwIfNoEntry: false })?.isDirectory() ? called : process.cwd();
}

export const fromHere = (path: string): string => resolve(here(), path);
