/** Every command of gt as a tree: the command line runs it, and a test holds the documents against it. */
import { Command, Option } from 'commander';
import { beadCommands } from './beads.ts';
import { convoyCommands } from './convoys.ts';
import { costCommands } from './costs.ts';
import { doctorCommand } from './doctor.ts';
import { escalationCommands } from './escalations.ts';
import { formulaCommands } from './formulas.ts';
import { intentCommands } from './intents.ts';
import { moleculeCommands } from './molecules.ts';
import { polecatCommands } from './polecats.ts';
import { queueCommands } from './queues.ts';
import { rigCommands } from './rigs.ts';
import { townCommands } from './town.ts';

const whereHelp = `
The town is found by --url or --stack, else GASTOWN_URL or GASTOWN_STACK, else in --dir. A token file is sent as a
bearer token; without one, requests to an https address are signed with your AWS credentials (AWS_PROFILE).`;

/** Every command under this one throws instead of ending the process, so that the exit code is decided in one place. */
function throwing(command: Command): void {
  command.exitOverride().showHelpAfterError('(add --help for the options)');
  for (const below of command.commands) throwing(below);
}

export function makeProgram(): Command {
  const program = new Command('gt')
    .description('Gas Town: an intent in, merged commits out')
    .option('--url <url>', 'the town’s address (GASTOWN_URL)')
    .addOption(new Option('--stack <name>', 'or the stack that deployed it (GASTOWN_STACK)').conflicts('url'))
    .option('--region <region>', 'its region, where the address does not say it (AWS_REGION)')
    .option('--token-file <file>', 'file with the bearer token (GASTOWN_TOKEN_FILE)')
    .option('--dir <dir>', 'state directory of a town on this machine (default: .gastown)')
    .option('--json', 'print JSON');
  rigCommands(program);
  intentCommands(program);
  formulaCommands(program);
  convoyCommands(program);
  beadCommands(program);
  moleculeCommands(program);
  queueCommands(program);
  polecatCommands(program);
  escalationCommands(program);
  townCommands(program);
  costCommands(program);
  doctorCommand(program);
  throwing(program);
  program.addHelpText('afterAll', whereHelp);
  return program;
}
