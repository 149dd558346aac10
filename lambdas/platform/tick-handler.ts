/**
 * A consumer of a FIFO queue of wakes. One tick serves all wakes of its group. It never fails a message: a failed one
 * would hide its whole group, repairs included; a tick that could not finish is repeated by the Witness.
 */
import type { BatchResponse, QueueEvent, Wake } from '../../core/deliveries.ts';
import type { Ports } from '../../core/ports.ts';

const triesMax = 3;

export const makeTickHandler =
  (deps: Pick<Ports, 'clock' | 'ids' | 'log'>, tick: (group: string) => Promise<void>) =>
  async (event: QueueEvent): Promise<BatchResponse> => {
    const groups = new Set(event.Records.map((record) => (JSON.parse(record.body) as Wake).group));
    // Side by side: each tick counts its own time, and one after another they would outlast the function.
    await Promise.all([...groups].map((group) => tickWithRetry(deps, tick, group)));
    return { batchItemFailures: [] };
  };

async function tickWithRetry(
  { clock, ids, log }: Pick<Ports, 'clock' | 'ids' | 'log'>,
  tick: (group: string) => Promise<void>,
  group: string,
): Promise<void> {
  for (let tries = 1; tries <= triesMax; tries += 1) {
    try {
      return await tick(group);
    } catch (error) {
      const last = tries === triesMax;
      const measured = last ? { measured: { WorkFailed: 1 } } : {};
      log('error', 'tick failed', { group, ...subjectOf(group), tries, error: String(error), ...measured });
      if (!last) await clock.sleep(ids.random() * 200 * 2 ** tries);
    }
  }
}

/** `convoys/<convoy>`, or `<capability>/<rig>` and perhaps a target: by what the log is filtered. */
function subjectOf(group: string): { convoy?: string; rig?: string } {
  const [capability, name = ''] = group.split('/');
  return capability === 'convoys' ? { convoy: name } : { rig: name };
}
