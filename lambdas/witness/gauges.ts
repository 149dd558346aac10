/** What there is at this minute: polecats by state, late heartbeats, open escalations. Zeros are left out. */
import { keys, partitions } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Measured, type MetricName, polecatMetric } from '../../core/metrics.ts';
import type { Beat } from '../../core/polecats/polecat.ts';
import type { Instant, Ledger, Ports } from '../../core/ports.ts';
import { recordOf } from '../../core/step.ts';
import type { PatrolReport, WitnessEvent } from './witness.ts';

type Patrol = (event: WitnessEvent) => Promise<PatrolReport>;

/** The patrol, and after each a line with what it found, if it found anything. */
export const measuring =
  ({ ledger, clock, log }: Pick<Ports, 'ledger' | 'clock' | 'log'>, patrol: Patrol): Patrol =>
  async (event) => {
    const report = await patrol(event);
    if (event.kind !== 'patrol') return report;
    const measured: Measured = {
      ...(await readGauges(ledger, clock.now())),
      ...(report.failed > 0 ? { WorkFailed: report.failed } : {}),
      ...(report.oldestRequestMs > 0 ? { OldestMergeRequest: Math.ceil(report.oldestRequestMs / 1000) } : {}),
    };
    if (Object.keys(measured).length > 0) log('info', 'the town at this minute', { measured });
    return report;
  };

/** Two reads in a town at rest, and one for each polecat alive. */
async function readGauges(ledger: Ledger, now: Instant): Promise<Measured> {
  const [beats, EscalationsOpen] = await Promise.all([beatsOf(ledger), countOf(ledger, partitions.openEscalations)]);
  const late = beats.filter((beat) => now - beat.at > limits.heartbeatLateMs && beat.state !== 'starting');
  const counts: Partial<Record<MetricName, number>> = { EscalationsOpen, HeartbeatsLate: late.length };
  for (const { state } of beats) counts[polecatMetric[state]] = (counts[polecatMetric[state]] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

async function beatsOf(ledger: Ledger): Promise<Beat[]> {
  const names = await keysOf(ledger, partitions.alivePolecats);
  const items = await Promise.all(names.map((name) => ledger.get(keys.beat(name))));
  return items.flatMap((item) => recordOf<Beat>(item)?.body ?? []);
}

const countOf = async (ledger: Ledger, pk: string): Promise<number> => (await keysOf(ledger, pk)).length;

async function keysOf(ledger: Ledger, pk: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ledger.query(pk, after === undefined ? {} : { after });
    found.push(...page.items.map((item) => item.sk));
    if (page.next === undefined) return found;
    after = page.next;
  }
}
