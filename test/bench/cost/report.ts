/** The bench's findings, as text for a terminal and as Markdown for docs/benchmarks. */
import { byService, dollars, priceList, sum } from '../../../core/costs/prices.ts';
import { metrics } from '../../../core/metrics.ts';
import { assumed as assumedIdle, idleUsd, minutesPerMonth, type Term } from '../../lib/idle-bill.ts';
import { assumed } from './assumptions.ts';
import { type BeadBill, orchestrationOf, type TaskSize } from './bill.ts';

export interface Point {
  readonly beads: number;
  readonly beadsPerConvoy: number;
  readonly agentMinutes: number;
  readonly seconds: number;
  readonly bill: BeadBill;
}

export interface Findings {
  /** Ever more beads, one after another through one town. */
  readonly curve: readonly Point[];
  /** Ever larger convoys. */
  readonly convoys: readonly Point[];
  /** The same beads, whose agents take no time. */
  readonly instant: Point;
  /** A month in which nothing happens. */
  readonly idle: readonly Term[];
  readonly size: TaskSize;
  readonly real: boolean;
}

/** Dollars a landed bead may cost, without model and agents. */
const targetUsd = 0.002;

const usd = (value: number): string => `$${value.toFixed(6)}`;
const costOf = ({ bill }: Point): number => dollars(orchestrationOf(bill));

export function summary({ curve, convoys, instant, idle, size }: Findings) {
  const last = curve.at(-1) ?? instant;
  const costs = curve.map(costOf);
  const orchestration = orchestrationOf(last.bill);
  const services = byService(orchestration);
  return {
    priceList,
    perBeadUsd: dollars(orchestration),
    perBeadWithTasksUsd: dollars(sum(orchestration, last.bill.tasks)),
    perAgentMinuteUsd: (costOf(last) - costOf(instant)) / Math.max(1, size.agentMinutes),
    services,
    largest: services.slice(0, 3).map(({ service }) => service),
    functions: Object.entries(last.bill.orchestration)
      .map(([name, units]) => ({ name, usd: dollars(units) }))
      .sort((a, b) => b.usd - a.usd),
    curve: curve.map((point) => ({ beads: point.beads, seconds: point.seconds, usd: costOf(point) })),
    convoys: convoys.map((point) => ({ beadsPerConvoy: point.beadsPerConvoy, usd: costOf(point) })),
    /** Dearest over cheapest: 1 is flat. */
    ratio: Math.max(...costs) / Math.min(...costs),
    units: orchestration,
    idle: {
      ...idleUsd(idle),
      terms: idle
        .filter(({ units }) => units.dashboardMonths === undefined)
        .map(({ term, units }) => ({ term, usd: dollars(units) }))
        .sort((a, b) => b.usd - a.usd),
    },
    /** The town's own metrics are billed for each hour in which they are written. */
    busyHourUsd: dollars({ metricMonths: (Object.keys(metrics).length * 60) / minutesPerMonth }),
    withinTarget: costs.every((cost) => cost < targetUsd),
  };
}

type Summary = ReturnType<typeof summary>;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export function markdown(findings: Findings): string {
  const { size, real } = findings;
  const found = summary(findings);
  const share = (value: number) => `${Math.round((100 * value) / found.perBeadUsd)} %`;
  return `# What a landed bead costs

\`npm run bench:cost\`, prices of ${priceList.region} as of ${priceList.asOf} (\`core/costs/prices.ts\`, each with its source), no free tier.
The town is the whole one: its functions, its state machines, its API over HTTP. ${real ? 'Git and processes are real; the agent only commits, and takes no time: nothing beats for its minutes.' : 'Git and the tasks are stand-ins that speak the real protocol (`test/bench/cost/world.ts`).'}
An agent works ${size.agentMinutes} minutes. Units are counted; times and what follows from them are assumed as said below.

- orchestration, a bead: **${usd(found.perBeadUsd)}** (target: under ${usd(targetUsd)}), of which each minute of an agent adds ${usd(found.perAgentMinuteUsd)}
- with Fargate for the agent and its gates: **${usd(found.perBeadWithTasksUsd)}**; a model's tokens come on top
- idle: **$${found.idle.paid.toFixed(2)} a month**, $${found.idle.withFreeTier.toFixed(2)} in an account that uses its free tier for nothing else; an hour in which every metric of the town's own is written adds ${usd(found.busyHourUsd)}
- the three largest terms of orchestration: **${found.largest.join(', ')}**; of an idle month: **${found.idle.terms
    .slice(0, 3)
    .map(({ term }) => term)
    .join(', ')}**
- from the fewest beads to the most: dearest over cheapest ${found.ratio.toFixed(2)}

${table(
  ['service', 'a bead', 'share'],
  found.services.map((line) => [line.service, usd(line.usd), share(line.usd)]),
)}

${table(
  ['who spends it', 'a bead', 'share'],
  found.functions.map((line) => [line.name, usd(line.usd), share(line.usd)]),
)}

${table(
  ['beads', 'a bead', 'seconds here'],
  found.curve.map((point) => [String(point.beads), usd(point.usd), point.seconds.toFixed(0)]),
)}

${table(
  ['beads in a convoy', 'a bead'],
  found.convoys.map((point) => [String(point.beadsPerConvoy), usd(point.usd)]),
)}

${table(
  ['an idle month', 'dollars'],
  found.idle.terms.map((line) => [line.term, `$${line.usd.toFixed(3)}`]),
)}

The dashboard is one of the three that an account has for nothing, and not in the sum. Idle it is assumed that a patrol takes
${assumedIdle.patrolMs} ms and that an image of ${assumedIdle.imageGb} GB is kept for functions and one for tasks; a rig's secret is $${dollars({ secretMonths: 1 }).toFixed(2)} more.

Units of orchestration, a bead: ${unitsText(found)}.

Assumed:

${assumed(size.gateMinutes, size.vcpu, size.gb)
  .map((line) => `- ${line}`)
  .join('\n')}
`;
}

const unitsText = ({ units }: Summary): string =>
  Object.entries(units)
    .map(([unit, count]) => `${count < 1 ? count.toFixed(2) : count.toFixed(1)} ${unit}`)
    .join(', ');
