#!/usr/bin/env node
/** The gt command line: the same verbs against a town on this machine or in an AWS account, over its HTTP API alone. */
import { Command, CommanderError } from 'commander';
import { beadCommands } from './gt/beads.ts';
import { Refusal } from './gt/client.ts';
import { convoyCommands } from './gt/convoys.ts';
import { doctorCommand } from './gt/doctor.ts';
import { escalationCommands } from './gt/escalations.ts';
import { intentCommands } from './gt/intents.ts';
import { polecatCommands } from './gt/polecats.ts';
import { queueCommands } from './gt/queues.ts';
import { rigCommands } from './gt/rigs.ts';
import { townCommands } from './gt/town.ts';

const usageExit = 2;

/** Every command under this one throws instead of ending the process, so that the exit code is decided in one place. */
function throwing(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for the options)');
  for (const below of command.commands) throwing(below);
}

const program = new Command('gt')
  .description('Gas Town: an intent in, merged commits out')
  .option('--url <url>', 'the town’s address (GASTOWN_URL)')
  .option('--token-file <file>', 'file with the bearer token (GASTOWN_TOKEN_FILE)')
  .option('--dir <dir>', 'state directory of a town on this machine (default: .gastown)')
  .option('--json', 'print JSON');

rigCommands(program);
intentCommands(program);
convoyCommands(program);
beadCommands(program);
queueCommands(program);
polecatCommands(program);
escalationCommands(program);
townCommands(program);
doctorCommand(program);
throwing(program);

// The reader has gone (gt feed | head): nothing is wrong, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : usageExit;
  } else if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`);
    for (const fault of error.faults.length > 1 ? error.faults : []) {
      process.stderr.write(`  ${fault.at ? `${fault.at}: ` : ''}${fault.what} ${fault.remedy}\n`);
    }
    process.exitCode = error.code === 'USAGE' ? usageExit : 1;
  } else {
    throw error;
  }
}
