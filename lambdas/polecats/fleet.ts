/**
 * Consumer of the sling queue: hooks the bead first, then launches its polecat. A repeated message finds the hook and
 * repeats only the launch, which is idempotent; a message that came too late lets its execution go on.
 */
import type { Bead } from '../../core/convoys/bead.ts';
import { saveBead } from '../../core/convoys/save-bead.ts';
import type { BatchResponse, QueueEvent, QueueRecord, Sling } from '../../core/deliveries.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { sha256, tokenOf } from '../../core/hash.ts';
import { keys, parseBeadId } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { hookBead } from '../../core/polecats/hook.ts';
import { type GateFirst, noRoom, noRoomCause } from '../../core/polecats/no-room.ts';
import { nameToTry, type Polecat } from '../../core/polecats/polecat.ts';
import { harnessEnv, type Subject } from '../../core/polecats/protocol.ts';
import type { Instant, Item, Ports } from '../../core/ports.ts';
import { noCapacity, workingInTown } from '../../core/scheduler/records.ts';
import { asJson, recordOf, replace, type Step, together } from '../../core/step.ts';
import { type Decision, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { endAttemptOf } from './end.ts';

export type FleetDeps = Pick<Ports, 'ledger' | 'fleet' | 'queues' | 'clock' | 'ids' | 'log'> & {
  /** Base URL of the town's API, as a polecat reaches it. */
  readonly apiUrl: () => string;
  /** The bearer secret of a subject, always the same one; `undefined` in AWS, where the task's role is its identity. */
  readonly secretOf: (subject: string) => string | undefined;
};

export const makeHandler =
  (deps: FleetDeps) =>
  async (event: QueueEvent): Promise<BatchResponse> => {
    const failed: { itemIdentifier: string }[] = [];
    for (const record of event.Records) {
      if (!(await handled(deps, record))) failed.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures: failed };
  };

async function handled(deps: FleetDeps, record: QueueRecord): Promise<boolean> {
  try {
    await sling(deps, JSON.parse(record.body) as Sling);
    return true;
  } catch (error) {
    deps.log('error', 'sling failed', { message: record.messageId, ...subjectOf(record), error: String(error) });
    return false;
  }
}

/** Read from the text, which may be what failed to parse; never the token. */
function subjectOf({ body }: QueueRecord): { bead?: string; convoy?: string } {
  const bead = /"bead"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '';
  const address = parseBeadId(bead);
  return address ? { bead, convoy: address.convoy } : {};
}

async function sling(deps: FleetDeps, message: Sling): Promise<void> {
  const bead = await hook(deps, message);
  if (!bead) return;
  if (bead.status === 'hooked' && (await gateGoesFirst(deps)))
    return sendLater(deps, bead, message, 'gates that found no room go first');
  const subject: Subject = { kind: 'polecat', bead: bead.id, attempt: bead.attempt };
  const text = JSON.stringify(subject);
  const secret = deps.secretOf(text);
  const launched = await deps.fleet.launch({
    kind: 'polecat',
    clientToken: tokenOf(text),
    environment: {
      [harnessEnv.api]: deps.apiUrl(),
      [harnessEnv.subject]: text,
      ...(secret === undefined ? {} : { [harnessEnv.token]: secret }),
    },
  });
  if (launched.ok) return recordTask(deps, bead, launched.taskId);
  const { id, convoy, rig, attempt } = bead;
  deps.log('warn', 'launch found no room', { rig, convoy, bead: id, attempt, detail: launched.detail });
  if (launched.reason === 'capacity') return sendLater(deps, bead, message, launched.detail);
  await endAttemptOf(deps, bead.id, bead.attempt, {
    outcome: { kind: 'failed', cause: 'harness_failed', detail: `the fleet refused to launch: ${launched.detail}` },
    costUsd: 0,
    agentMs: 0,
    who: 'fleet',
  });
}

async function gateGoesFirst({ ledger, clock }: FleetDeps): Promise<boolean> {
  const first = recordOf<GateFirst>(await ledger.get(keys.gateFirst()))?.body;
  return first !== undefined && first.until > clock.now();
}

/** The hooked bead whose polecat is to be launched; nothing if the message has no work left to start. */
const hook = (deps: FleetDeps, { bead: id, run, token, attempt }: Sling): Promise<Bead | undefined> =>
  runCommand<Bead | undefined>(deps, `hook of ${id}`, async (now) => {
    const was = await load.bead(deps.ledger, id);
    if (!was) return { result: undefined };
    const bead = was.body;
    if (bead.run !== run || bead.outcome) return letGo(token);
    // Its token is the one of an attempt that has ended: it must not replace the one of the attempt at work.
    if (attempt !== undefined && attempt !== bead.attempt) return letGo(token);
    if (bead.status === 'hooked' || bead.status === 'in_progress') return takeOver(was, token, now);
    if (bead.status !== 'open' || bead.admittedAt === undefined) return letGo(token);
    const name = await freeName(deps);
    const subject: Subject = { kind: 'polecat', bead: id, attempt: bead.attempt + 1 };
    const secret = deps.secretOf(JSON.stringify(subject));
    const hooked = hookBead(was, { name, token, tokenHash: secret === undefined ? '' : sha256(secret) }, now);
    return { step: hooked.step, result: hooked.bead };
  });

const letGo = (token: string): Decision<undefined> => ({
  step: { changes: [], effects: [{ do: 'succeed_task', token }] },
  result: undefined,
});

/** The bead is hooked already: by this very message, or by an earlier execution whose wait this one takes over. */
function takeOver(was: Item<Bead>, token: string, now: Instant): Decision<Bead> {
  const bead = was.body;
  if (bead.wait?.token === token) return { result: bead };
  const next: Bead = { ...bead, wait: { for: 'work', token, run: bead.run } };
  return { step: { changes: [saveBead(was, next, now)] }, result: next };
}

async function freeName({ ledger, ids }: FleetDeps): Promise<string> {
  const alive = workingInTown((await load.capacity(ledger))?.body ?? noCapacity);
  for (let tries = 0; ; tries += 1) {
    const name = nameToTry(alive, tries, ids.random());
    if (!(await load.polecat(ledger, name))) return name;
  }
}

/** While it is at work on this attempt: its name goes to another bead's polecat once it has ended. */
async function polecatOf(
  { ledger }: FleetDeps,
  { id, polecat: name, attempt }: Bead,
): Promise<Item<Polecat> | undefined> {
  const was = name === undefined ? undefined : await load.polecat(ledger, name);
  return was?.body.bead === id && was.body.attempt === attempt ? was : undefined;
}

/** The task's id, for stopping it and, in AWS, for knowing who calls. */
const recordTask = (deps: FleetDeps, bead: Bead, taskId: string): Promise<void> =>
  runCommand<void>(deps, `launch of ${bead.polecat}`, async () => {
    const was = await polecatOf(deps, bead);
    if (!was || was.body.taskId === taskId) return { result: undefined };
    const step: Step = {
      changes: [replace(was, { ...was.body, taskId }, { attentionAt: was.attentionAt })],
    };
    return { step, result: undefined };
  });

/** No room is not an attempt: the same message comes back later, and the cold-start deadline moves with it. */
async function sendLater(deps: FleetDeps, bead: Bead, message: Sling, detail: string): Promise<void> {
  await runCommand<void>(deps, `launch of ${bead.id}`, async (now) => {
    const was = await polecatOf(deps, bead);
    if (!was) return { result: undefined };
    const moved = replace(was, { ...was.body, hookedAt: now }, { attentionAt: now + limits.coldStartMs });
    const slow = now - (bead.hookedAt ?? now) >= limits.launchSlowMs;
    const alarm = slow
      ? openEscalation(await load.escalation(deps.ledger, noRoomCause), noRoom(detail), now)
      : undefined;
    return { step: together({ changes: [moved] }, alarm), result: undefined };
  });
  await deps.queues.send({
    queue: 'sling',
    body: asJson({ ...message, attempt: bead.attempt }),
    delaySeconds: launchAgainSeconds(deps.clock.now() - (bead.hookedAt ?? 0), deps.ids.random()),
  });
}

/** A quarter of the time it has waited, within bounds, and spread: a thousand that wait must not all ask at once. */
function launchAgainSeconds(waitedMs: number, random: number): number {
  const { launchAgainSeconds: least, launchAgainMaxSeconds: most } = limits;
  return Math.round(Math.min(most, Math.max(least, waitedMs / 4000)) * (0.75 + random / 2));
}
