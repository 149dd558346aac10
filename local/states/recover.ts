/** Retry and Catch around one visit of a Task, Parallel or Map. */
import type { Ids, Json } from '../../core/ports.ts';
import { matches, StateFault } from './fault.ts';
import type { Retrier, StateOf } from './machine.ts';
import { envOf, type Left, leave, sleepUntil, type Visit } from './visit.ts';

type Recovering = StateOf<'Task'> | StateOf<'Parallel'> | StateOf<'Map'>;

export async function withRecovery<S extends Recovering>(
  visit: Visit<S>,
  attempt: (visit: Visit<S>) => Promise<Left>,
): Promise<Left> {
  const { run, state, position } = visit;
  const used = new Map<Retrier, number>();
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt({ ...visit, retries });
    } catch (fault) {
      if (!(fault instanceof StateFault)) throw fault;
      const retrier = state.retry.find(({ errorEquals }) => matches(errorEquals, fault.error));
      const before = (retrier && used.get(retrier)) ?? 0;
      if (!retrier || before >= retrier.attemptsMax) return caught({ ...visit, retries }, fault);
      used.set(retrier, before + 1);
      await sleepUntil(run, position.scope, run.clock.now() + backoffMs(retrier, before, run.ids));
      run.entered(state.name);
    }
  }
}

/** Milliseconds before the retry that follows `before` earlier ones by the same retrier. */
export function backoffMs(
  { intervalSeconds, backoffRate, delayMaxSeconds, jitter }: Retrier,
  before: number,
  ids: Pick<Ids, 'random'>,
): number {
  const seconds = Math.min(intervalSeconds * backoffRate ** before, delayMaxSeconds);
  return Math.round(1000 * (jitter === 'FULL' ? seconds * ids.random() : seconds));
}

async function caught(visit: Visit<Recovering>, fault: StateFault): Promise<Left> {
  const catcher = visit.state.catch.find(({ errorEquals }) => matches(errorEquals, fault.error));
  if (!catcher) throw fault;
  const errorOutput: Json = { Error: fault.error, Cause: fault.cause };
  const env = envOf(visit);
  return leave(visit, catcher, errorOutput, { ...env, states: { ...env.states, errorOutput } });
}
