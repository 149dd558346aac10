/**
 * `npm run bench:cost`: dollars for each landed bead, by service. Counts what the whole town does on this machine in the
 * units that AWS bills, and multiplies by the price table. `--beads 10,100,1000` gives the curve; `--real` takes real git
 * and real processes; `--write` keeps the report in docs/benchmarks.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { idleBill } from '../lib/idle-bill.ts';
import { synthesize } from '../lib/town.ts';
import { billOf, type TaskSize } from './cost/bill.ts';
import { type Findings, markdown, type Point, summary } from './cost/report.ts';
import { runWorkload } from './cost/run.ts';

const { values } = parseArgs({
  options: {
    beads: { type: 'string', default: '10,100,1000' },
    /** Beads in a convoy, and the convoy sizes that are compared. */
    convoy: { type: 'string', default: '10' },
    convoys: { type: 'string', default: '10,50,200' },
    minutes: { type: 'string', default: '10' },
    'gate-minutes': { type: 'string', default: '1' },
    polecats: { type: 'string', default: '8' },
    real: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const numbers = (text: string): number[] => text.split(',').filter(Boolean).map(Number);
/** As `lib/config.ts` sizes a task. */
const size: TaskSize = {
  vcpu: 1,
  gb: 4,
  agentMinutes: Number(values.minutes),
  gateMinutes: Number(values['gate-minutes']),
};

async function measure(beads: number, beadsPerConvoy: number, agentMinutes: number): Promise<Point> {
  const polecats = Number(values.polecats);
  const workload = { beads, beadsPerConvoy, convoys: 4, polecats, agentMinutes, real: values.real };
  const measured = await runWorkload(workload);
  const bill = billOf(measured, { ...size, agentMinutes });
  if (!values.json) console.error(`${beads} beads in convoys of ${beadsPerConvoy}: ${measured.seconds.toFixed(0)} s`);
  return { beads, beadsPerConvoy, agentMinutes, seconds: measured.seconds, bill };
}

const curve: Point[] = [];
for (const beads of numbers(values.beads)) curve.push(await measure(beads, Number(values.convoy), size.agentMinutes));
const convoys: Point[] = [];
for (const beads of numbers(values.convoys)) convoys.push(await measure(beads, beads, size.agentMinutes));
const instant = await measure(20, Number(values.convoy), 0);

const idle = (await synthesize({})).flatMap(({ resources }) => idleBill(resources));
const findings: Findings = { curve, convoys, instant, idle, size, real: values.real };
if (values.write) writeFileSync('docs/benchmarks/cost.md', markdown(findings));
console.log(values.json ? JSON.stringify(summary(findings), null, 2) : markdown(findings));
process.exit(summary(findings).withinTarget ? 0 : 1);
