/** Looks at whatever a town needs to go well, here and where it is deployed, and says what to mend. */
import type { Command } from 'commander';
import { findTown, stateDirOf, type TownAddress } from './address.ts';
import { Client } from './client.ts';
import { alarms, credentials } from './doctor/account.ts';
import { fargate } from './doctor/fargate.ts';
import { type Finding, fail } from './doctor/finding.ts';
import { disk, git, node } from './doctor/machine.ts';
import { rigs } from './doctor/rigs.ts';
import { town } from './doctor/town.ts';
import { plain } from './print.ts';
import { Refusal } from './refusal.ts';
import { type GlobalFlags, printerFor } from './session.ts';

const marks = { ok: ['green', '✔'], warn: ['yellow', '!'], fail: ['red', '✘'] } as const;

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what this machine, the town and its rigs lack')
    .action(async (_: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const print = printerFor(flags);
      const findings = await examine(flags);
      print.show(findings, () => {
        for (const { check, state, found, remedy } of findings) {
          const [colour, mark] = marks[state];
          print.line(`${print.paint(colour, mark)} ${check}: ${plain(found)}${remedy ? ` → ${plain(remedy)}` : ''}`);
        }
      });
      if (findings.some(({ state }) => state === 'fail')) process.exitCode = 1;
    });
}

async function examine(flags: GlobalFlags): Promise<Finding[]> {
  const address = await findTown(flags, process.env).catch((error: unknown) => asFinding(error));
  const machine = [node(), await git()];
  if ('check' in address) return [...machine, await disk(stateDirOf(flags)), address];
  const { region } = address;
  if (region === undefined) return [...machine, await disk(stateDirOf(flags)), ...(await asked(address))];
  const [who, here, ringing] = await Promise.all([credentials(region), asked(address), alarms(region)]);
  return [...machine, who, ...here, ...ringing];
}

/** A town that does not answer is one finding; what it would have said is left out. */
async function asked(address: TownAddress): Promise<Finding[]> {
  try {
    const client = new Client(address);
    const quota = address.region === undefined ? [] : await fargate(client, address.region);
    return [...(await town(client)), ...quota, ...(await rigs(client))];
  } catch (error) {
    return [asFinding(error)];
  }
}

function asFinding(error: unknown): Finding {
  if (error instanceof Refusal) return fail('town', `${error.code}: ${error.what}`, error.remedy);
  throw error;
}
