/** What there is at this minute: polecats by state, late heartbeats, open escalations. Zeros are left out. */
import { keys, partitions } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Measured, type MetricName, polecatMetric } from '../../core/metrics.ts';
import type { Beat } from '../../core/polecats/polecat.ts';
import type { Instant, Ledger, Ports } from '../../core/ports.ts';
import { recordOf } from '../../core/step.ts';
import { queryAll } from '../platform/query-all.ts';
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
  const [beats, open] = await Promise.all([beatsOf(ledger), queryAll(ledger, partitions.openEscalations)]);
  const late = beats.filter((beat) => now - beat.at > limits.heartbeatLateMs && beat.state !== 'starting');
  const counts: Partial<Record<MetricName, number>> = { EscalationsOpen: open.length, HeartbeatsLate: late.length };
  for (const { state } of beats) counts[polecatMetric[state]] = (counts[polecatMetric[state]] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

async function beatsOf(ledger: Ledger): Promise<Beat[]> {
  const alive = await queryAll(ledger, partitions.alivePolecats);
  const items = await Promise.all(alive.map(({ sk }) => ledger.get(keys.beat(sk))));
  return items.flatMap((item) => recordOf<Beat>(item)?.body ?? []);
}
