/** Performs `launch_gate`: a task that runs the rig's gates on a candidate, for one numbered run of them. */
import type { Effect } from '../../core/effects.ts';
import { NoRoom, never } from '../../core/errors.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { sha256, tokenOf } from '../../core/hash.ts';
import { groups, keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type GateFirst, noRoom, noRoomCause } from '../../core/polecats/no-room.ts';
import { harnessEnv, type Subject } from '../../core/polecats/protocol.ts';
import type { Item, Ledger, Ports } from '../../core/ports.ts';
import { refuseGate } from '../../core/refinery/no-verdict.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { asJson, recordOf, replace, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

export type LaunchGate = Extract<Effect, { do: 'launch_gate' }>;
export type GateSubject = Extract<Subject, { kind: 'gate' }>;

export type LaunchGateDeps = Pick<Ports, 'ledger' | 'fleet' | 'clock' | 'ids' | 'log'> & {
  /** Base URL of the town's API, as a task reaches it. */
  readonly apiUrl: () => string;
  /** The bearer secret of a subject, always the same one; `undefined` in AWS, where the task's role is its identity. */
  readonly secretOf: (subject: string) => string | undefined;
};

export const makeLaunchGate =
  (deps: LaunchGateDeps) =>
  (effect: LaunchGate): Promise<void> =>
    launchGate(deps, effect);

/** The candidate, if it still waits for this very run of its gates. */
export async function candidateInRun(
  ledger: Ledger,
  at: Pick<GateSubject, 'rig' | 'target' | 'candidate' | 'gateRun'>,
): Promise<Item<Candidate> | undefined> {
  const item = recordOf<Candidate>(await ledger.get(keys.candidate(at.rig, at.target, at.candidate)));
  const waits =
    item?.body.state === 'running' && item.body.gateRun === at.gateRun && item.body.gatesPassedAt === undefined;
  return waits ? item : undefined;
}

/** Harmless when repeated or late. Throws `NoRoom` when there is none: the effect comes back. */
export async function launchGate(deps: LaunchGateDeps, effect: LaunchGate): Promise<void> {
  const { rig, target, candidate, gateRun } = effect;
  const subject = JSON.stringify({ kind: 'gate', rig, target, candidate, gateRun } satisfies GateSubject);
  const secret = deps.secretOf(subject);
  const wanted = await expectCaller(deps, effect, secret === undefined ? '' : sha256(secret));
  if (!wanted) return;
  const launched = await deps.fleet.launch({
    kind: 'gate',
    clientToken: tokenOf(`${rig}/${target}/${candidate}/${gateRun}`),
    environment: {
      [harnessEnv.api]: deps.apiUrl(),
      [harnessEnv.subject]: subject,
      ...(secret === undefined ? {} : { [harnessEnv.token]: secret }),
    },
  });
  if (launched.ok) return recordTask(deps, effect, launched.taskId);
  switch (launched.reason) {
    case 'capacity':
      deps.log('warn', 'launch found no room', { rig, target, candidate, detail: launched.detail });
      await recordNoRoom(deps, effect, launched.detail);
      throw new NoRoom(`no room for the gates of ${candidate}: ${launched.detail}`);
    case 'refused':
      return recordRefusal(deps, effect, launched.detail);
    default:
      never(launched);
  }
}

/** The hash of the task's secret is on record before the task can call. */
const expectCaller = (deps: LaunchGateDeps, effect: LaunchGate, tokenHash: string): Promise<boolean> =>
  runCommand<boolean>(deps, 'gate token', async () => {
    const was = await candidateInRun(deps.ledger, effect);
    if (!was) return { result: false };
    if (was.body.tokenHash === tokenHash) return { result: true };
    return { step: { changes: [replace(was, { ...was.body, tokenHash })] }, result: true };
  });

/** Its gates may have spoken already, or nobody may want them any more: then the task, if it still runs, is stopped. */
const recordTask = (deps: LaunchGateDeps, effect: LaunchGate, taskId: string): Promise<void> =>
  runCommand<void>(deps, 'gate task', async () => {
    const was = await candidateInRun(deps.ledger, effect);
    if (!was)
      return {
        step: { changes: [], effects: [{ do: 'stop_task', taskId, reason: 'its verdict is not needed' }] },
        result: undefined,
      };
    if (was.body.taskId === taskId) return { result: undefined };
    return { step: { changes: [replace(was, { ...was.body, taskId })] }, result: undefined };
  });

/** Its time has not begun: the deadline moves with each try. From the second on, polecats that wait let it go first. */
const recordNoRoom = (deps: LaunchGateDeps, effect: LaunchGate, detail: string): Promise<void> =>
  runCommand<void>(deps, 'gate without room', async (now) => {
    const was = await candidateInRun(deps.ledger, effect);
    if (!was) return { result: undefined };
    const { startedAt = now, deadline = now, noRoomSince = now } = was.body;
    const because = `its gates wait for room in the fleet: ${detail}`;
    const moved = { ...was.body, startedAt: now, deadline: deadline + now - startedAt, noRoomSince, because };
    const first = asJson({ until: now + limits.gateFirstMs } satisfies GateFirst);
    const again = was.body.noRoomSince !== undefined;
    const alarm =
      now - noRoomSince >= limits.launchSlowMs
        ? openEscalation(await load.escalation(deps.ledger, noRoomCause), noRoom(detail), now)
        : undefined;
    const changes = [
      replace(was, moved),
      ...(again ? [{ put: { ...keys.gateFirst(), body: first }, expect: { any: true } as const }] : []),
    ];
    return { step: together({ changes }, alarm), result: undefined };
  });

const recordRefusal = (deps: LaunchGateDeps, effect: LaunchGate, detail: string): Promise<void> =>
  runCommand<void>(deps, 'gate refusal', async (now) => {
    const was = await candidateInRun(deps.ledger, effect);
    if (!was) return { result: undefined };
    const refused = refuseGate(was, `the fleet refused to launch the gates: ${detail}`, now);
    const wake = { do: 'wake', queue: 'refinery', group: groups.refinery(effect.rig, effect.target) } as const;
    return { step: { ...refused, effects: [wake] }, result: undefined };
  });
