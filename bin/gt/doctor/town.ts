/** What the town itself says of how it goes. */
import { limits } from '../../../core/limits.ts';
import type { Client } from '../client.ts';
import { skewMaxMs } from '../gateway.ts';
import { age, plain } from '../print.ts';
import type { StatusView } from '../town.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

interface PolecatView {
  readonly name: string;
  readonly state: string;
  readonly hookedAt: number;
  readonly beatAt?: number;
}

interface EscalationView {
  readonly severity: string;
  readonly title: string;
  readonly openedAt: number;
}

/** After this a patrol has nudged a silent polecat, waited for its answer and declared it dead; or there is no patrol. */
const unnoticedMs = limits.heartbeatLateMs + limits.nudgeAnswerMs + limits.witnessSilentMs;
const unbornMs = limits.coldStartMs + limits.witnessSilentMs;
/** Half of what a signature allows: told before it refuses. */
const skewWarnMs = skewMaxMs / 2;

/** Throws the Refusal of the first request, if the town does not answer it. */
export async function town(client: Client): Promise<Finding[]> {
  const askedAt = Date.now();
  const status = await client.get<StatusView>('status');
  const [{ polecats }, { escalations }] = await Promise.all([
    client.get<{ polecats: PolecatView[] }>('polecats'),
    client.get<{ escalations: EscalationView[] }>('escalations'),
  ]);
  return [
    ok('town', `answers at ${client.url}`),
    clock(status.now, askedAt, Date.now()),
    running(status),
    witness(polecats, status.now),
    humans(escalations, status.now),
  ];
}

/** The town's instant lies somewhere between the question and the answer. */
function clock(now: number, askedAt: number, answeredAt: number): Finding {
  const skewMs = now < askedAt ? now - askedAt : now > answeredAt ? now - answeredAt : 0;
  const found = `${(Math.abs(skewMs) / 1000).toFixed(1)} s apart from the town’s`;
  if (Math.abs(skewMs) < skewWarnMs) return ok('clock', found);
  return fail('clock', found, 'Set the clock (timedatectl set-ntp true, or sntp): signatures live five minutes.');
}

function running({ estop, breakerOpen, now }: StatusView): Finding {
  if (estop)
    return warn(
      'running',
      `stopped by ${estop.by} ${age(now - estop.at)} ago: ${plain(estop.because)}`,
      'Go on: gt thaw',
    );
  if (breakerOpen)
    return warn('running', 'stopped by the breaker: too many failures', 'Look: gt escalations list; go on: gt thaw');
  return ok('running', 'not stopped');
}

function witness(polecats: readonly PolecatView[], now: number): Finding {
  const silent = polecats.filter(({ state, beatAt, hookedAt }) =>
    beatAt === undefined ? now - hookedAt > unbornMs : state !== 'stuck' && now - beatAt > unnoticedMs,
  );
  const [first] = silent;
  if (!first) return ok('witness', `${polecats.length} polecats alive, none silent unnoticed`);
  const since = age(now - (first.beatAt ?? first.hookedAt));
  return fail(
    'witness',
    `${first.name} has been silent for ${since}, and no patrol has noticed (${silent.length} such)`,
    'docs/runbooks/witness.md says what to do when the Witness is silent.',
  );
}

function humans(escalations: readonly EscalationView[], now: number): Finding {
  const [oldest] = escalations;
  if (!oldest) return ok('escalations', 'none open');
  const urgent = escalations.filter(({ severity }) => severity === 'critical' || severity === 'high').length;
  return warn(
    'escalations',
    `${escalations.length} open, ${urgent} of them urgent; the oldest for ${age(now - oldest.openedAt)}: ${plain(oldest.title)}`,
    'Look: gt escalations list',
  );
}
