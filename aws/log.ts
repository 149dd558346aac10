/** The log, and metrics in it: a line of JSON, which CloudWatch reads as it is (embedded metric format). */
import { isMetric, metrics, metricsNamespace } from '../core/metrics.ts';
import type { Clock, Instant, Json, Log } from '../core/ports.ts';
import { redact, redacted } from '../core/redact.ts';

interface LogOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** The one dimension of the town's metrics. */
  readonly town: string;
  readonly write?: (text: string) => void;
}

export const makeLog =
  ({ clock, town, write = (text) => void process.stdout.write(text) }: LogOptions): Log =>
  (level, message, { measured, ...fields } = {}) => {
    const now = clock.now();
    const timestamp = new Date(now).toISOString();
    const line = { ...(redacted(fields) as object), timestamp, level: level.toUpperCase(), message: redact(message) };
    write(`${JSON.stringify({ ...line, ...metricsIn(measured, town, now) })}\n`);
  };

/** The `measured` of a line as metrics: what CloudWatch looks for stands beside the line's own fields. */
function metricsIn(measured: Json | undefined, town: string, now: Instant): object {
  const names = Object.keys(measured ?? {}).filter(isMetric);
  if (names.length === 0) return {};
  const Metrics = names.map((Name) => ({ Name, Unit: metrics[Name] }));
  const directive = { Namespace: metricsNamespace, Dimensions: [['Town']], Metrics };
  return { _aws: { Timestamp: now, CloudWatchMetrics: [directive] }, Town: town, ...(measured as object) };
}
