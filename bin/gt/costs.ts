import type { Command } from 'commander';
import { dollars } from '../../core/costs/prices.ts';
import { parseBeadId } from '../../core/keys.ts';
import { short, usd } from './print.ts';
import { Refusal } from './refusal.ts';
import { part, run, type Session } from './session.ts';

type Town = Session['town'];

interface CostView {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly attempts: number;
  readonly modelUsd: number;
  readonly budgetUsd: number;
  readonly agentMs: number;
}

interface CostsView {
  readonly days: readonly { readonly day: string; readonly spentUsd: number; readonly reservedUsd: number }[];
  readonly of: readonly CostView[];
  readonly mayorUsd?: number;
}

interface ConvoyView {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly rig: string;
}

/** Each is a request of its own. */
const convoysMax = 20;

interface Flags {
  readonly rig?: string | undefined;
  readonly convoy?: string | undefined;
  readonly bead?: string | undefined;
  readonly days?: string | undefined;
}

/** As the configuration has them unless told otherwise: 1 vCPU, 4 GB, an address. */
const fargateUsd = (ms: number): number =>
  dollars({ fargateVcpuSeconds: ms / 1000, fargateGbSeconds: (4 * ms) / 1000, ipv4Seconds: ms / 1000 });

const budget = (amount: number): string => (amount === 0 ? 'none' : usd(amount));

function convoyOf(bead: string | undefined): string | undefined {
  if (bead === undefined) return undefined;
  const address = parseBeadId(bead);
  if (address) return address.convoy;
  throw new Refusal('BEAD_UNKNOWN', `"${bead}" is no bead.`, 'gt bead list shows those that are.');
}

/** Without a convoy: those of the newest convoys, each summed over its beads. */
async function costsOf(town: Town, { rig, convoy, bead, days }: Flags): Promise<CostsView> {
  const answer = await town.get<CostsView>('costs', { convoy, days });
  if (bead !== undefined) return { days: [], of: answer.of.filter(({ id }) => id === bead) };
  if (convoy !== undefined) return { ...answer, days: [] };
  // An unknown rig is refused, not free of charge.
  if (rig !== undefined) await town.get(`rigs/${part(rig)}`);
  const { convoys } = await town.get<{ convoys: ConvoyView[] }>('convoys', { limit: convoysMax });
  const wanted = convoys.filter((one) => rig === undefined || one.rig === rig);
  const of = await Promise.all(
    wanted.map(async ({ id, title, status }) => {
      const { of: beads, mayorUsd = 0 } = await town.get<CostsView>('costs', { convoy: id, days: 1 });
      const sum = (field: 'attempts' | 'modelUsd' | 'budgetUsd' | 'agentMs'): number =>
        beads.reduce((total, one) => total + one[field], 0);
      const [attempts, modelUsd, budgetUsd, agentMs] = [
        sum('attempts'),
        sum('modelUsd') + mayorUsd,
        sum('budgetUsd'),
        sum('agentMs'),
      ];
      return { id, title, status, attempts, modelUsd, budgetUsd, agentMs };
    }),
  );
  return { ...answer, of };
}

export function costCommands(program: Command): void {
  program
    .command('costs')
    .description('what models have cost: today, by day, and by convoy or bead')
    .option('--rig <rig>', 'the convoys of this rig')
    .option('--convoy <id>', 'the beads of this convoy')
    .option('--bead <id>', 'this bead')
    .option('--days <n>', 'so many days, up to 31')
    .action(
      run<Flags>(async ({ town, print }, { rig, convoy, bead, days }) => {
        const answer = await costsOf(town, { rig, convoy: convoy ?? convoyOf(bead), bead, days });
        print.show(answer, ({ days: listed, of, mayorUsd = 0 }) => {
          if (listed.length > 0) {
            print.table(
              ['day (UTC)', 'spent', 'reserved'],
              listed.map((one) => [one.day, usd(one.spentUsd), usd(one.reservedUsd)]),
            );
            print.line();
          }
          if (of.length === 0 && mayorUsd === 0) return print.line('Nothing has cost anything yet.');
          const sum = (field: 'modelUsd' | 'agentMs'): number => of.reduce((total, one) => total + one[field], 0);
          print.table(
            ['id', 'status', 'models', 'budget', 'attempts', 'agent', 'on Fargate', 'title'],
            of.map((one) => [
              print.paint('bold', one.id),
              print.status(one.status),
              usd(one.modelUsd),
              budget(one.budgetUsd),
              String(one.attempts),
              `${(one.agentMs / 60_000).toFixed(1)} min`,
              usd(fargateUsd(one.agentMs)),
              short(one.title, 50),
            ]),
          );
          const mayor = mayorUsd > 0 ? `, ${usd(mayorUsd)} of it for the Mayor's calls` : '';
          print.line(
            `Together ${usd(sum('modelUsd') + mayorUsd)} for models${mayor}, and about ${usd(fargateUsd(sum('agentMs')))} for tasks on Fargate (1 vCPU, 4 GB; a laptop's are free).`,
          );
        });
      }),
    );
}
