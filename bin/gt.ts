#!/usr/bin/env node
/** The gt command line: the same verbs against a town on this machine or in an AWS account, over its HTTP API alone. */
import { CommanderError } from 'commander';
import { makeProgram } from './gt/program.ts';
import { placed, Refusal } from './gt/refusal.ts';

const usageExit = 2;

// The reader has gone (gt feed | head): nothing is wrong, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await makeProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : usageExit;
  } else if (error instanceof Refusal) {
    process.stderr.write(
      `${error.faults.length > 1 ? `${error.code}: ${error.faults.length} faults.` : error.message}\n`,
    );
    for (const fault of error.faults.length > 1 ? error.faults : []) {
      process.stderr.write(`  ${placed(fault)} ${fault.remedy}\n`);
    }
    process.exitCode = error.code === 'USAGE' ? usageExit : 1;
  } else {
    throw error;
  }
}
