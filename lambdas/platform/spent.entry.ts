/**
 * What each run costs: its port calls in the units that AWS bills, one log line a run with the beads that its event
 * names, so that a query can say what a bead cost. No metric: a line of 250 bytes costs a thousandth of a run's trace.
 */
import { type Meter, meterPorts } from '../../core/costs/meter.ts';
import { dollars, sum, type Units } from '../../core/costs/prices.ts';
import { beadsNamed } from '../../core/costs/subjects.ts';
import type { Ports } from '../../core/ports.ts';

/** An instance of a function serves one event at a time. */
let spent: Units = {};

const meter: Meter = (_, units) => {
  spent = sum(spent, units);
};

export const metered = <Given extends Partial<Ports>>(ports: Given): Given => meterPorts(ports, meter);

type Handler<Args extends readonly unknown[], Out> = (...args: Args) => Promise<Out>;

/** The handler, and a line with what each of its runs has cost; also of one that fails. */
export const billed =
  <Args extends readonly unknown[], Out>(
    { clock, log }: Pick<Ports, 'clock' | 'log'>,
    handler: Handler<Args, Out>,
    memoryMiB = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0),
  ): Handler<Args, Out> =>
  async (...args) => {
    spent = {};
    const startedAt = clock.now();
    try {
      return await handler(...args);
    } finally {
      const seconds = (clock.now() - startedAt) / 1000;
      const units = sum(spent, { lambdaRequests: 1, lambdaGbSeconds: (seconds * memoryMiB) / 1024 });
      const beads = beadsNamed(args[0]);
      const about = beads.length === 1 ? { bead: beads[0] ?? '' } : beads.length > 1 ? { beads } : {};
      log('info', 'spent', { ...about, usd: rounded(dollars(units)), units });
    }
  };

/** A billionth of a dollar is fine enough, and short. */
const rounded = (usd: number): number => Math.round(usd * 1e9) / 1e9;
