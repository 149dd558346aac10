/** What every capability's construct is given: the deployment's choices and the resources all of them share. */

import type { Config } from '../config.ts';
import type { BlobStore } from './blobs.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Git } from './git.ts';
import type { Monitoring } from './monitoring.ts';
import type { TownTable } from './town-table.ts';

export interface Platform {
  readonly config: Config;
  /** Directory with `<function>/index.mjs` for each function. */
  readonly bundles: string;
  readonly monitoring: Monitoring;
  readonly deadLetters: DeadLetters;
  readonly table: TownTable;
  readonly blobs: BlobStore;
  readonly git: Git;
}
