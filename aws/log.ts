/** The log, and metrics in it: one line of JSON each, which CloudWatch reads as it is (embedded metric format). */
import type { Clock, Log } from '../core/ports.ts';

const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

export const makeLog =
  (clock: Pick<Clock, 'now'>): Log =>
  (level, message, fields = {}) =>
    write({ ...fields, timestamp: new Date(clock.now()).toISOString(), level: level.toUpperCase(), message });

export const metricsNamespace = 'GasTown';

/** Counts by name, of one town. What is not written costs nothing: leave zeros out. */
export type Metrics = (counts: Readonly<Record<string, number>>) => void;

export const makeMetrics =
  (clock: Pick<Clock, 'now'>, town: string): Metrics =>
  (counts) =>
    write({
      _aws: {
        Timestamp: clock.now(),
        CloudWatchMetrics: [
          {
            Namespace: metricsNamespace,
            Dimensions: [['Town']],
            Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
          },
        ],
      },
      Town: town,
      ...counts,
    });
