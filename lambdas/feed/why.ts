/** Gathers the facts about any id, for `gt why`. */
import type { Bead } from '../../core/convoys/bead.ts';
import { refuse } from '../../core/errors.ts';
import type { Escalation } from '../../core/escalations/escalation.ts';
import {
  type Reason,
  whyBead,
  whyCandidate,
  whyConvoy,
  whyEscalation,
  whyMergeRequest,
  whyPolecat,
  whyStopped,
} from '../../core/feed/why.ts';
import { isConvoyId, keys, partitions, prefixes } from '../../core/keys.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Candidate, MergeRequest, Queue } from '../../core/refinery/records.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import type { Switch } from '../../core/scheduler/records.ts';
import { recordOf } from '../../core/step.ts';
import { listRigs, targetsOf } from '../rigs/commands.ts';
import { beadsOf, findBead, lineOf, loadConvoy } from './records.ts';

/** The chain of reasons for the state of a bead, convoy, rig, polecat, escalation or candidate. */
export async function why(ledger: Ledger, id: string): Promise<Reason[]> {
  const found =
    (await beadReasons(ledger, id)) ??
    (await convoyReasons(ledger, id)) ??
    (await escalationReasons(ledger, id)) ??
    (await rigReasons(ledger, id)) ??
    (await polecatReasons(ledger, id)) ??
    (await candidateReasons(ledger, id));
  if (found) return found;
  throw refuse(
    404,
    'ID_UNKNOWN',
    `Nothing in this town is called "${id}".`,
    'Give the id of a bead, convoy, rig, polecat, escalation or candidate: gt status shows where to look.',
  );
}

const estopOf = async (ledger: Ledger) => recordOf<Switch>(await ledger.get(keys.estop()))?.body;

async function beadReasons(ledger: Ledger, id: string): Promise<Reason[] | undefined> {
  const bead = await findBead(ledger, id);
  if (!bead) return undefined;
  const [convoy, needs, merge, work, estop] = await Promise.all([
    loadConvoy(ledger, bead.convoy),
    Promise.all(bead.needs.map((need) => findBead(ledger, need))),
    mergeOf(ledger, bead),
    workOf(ledger, bead.polecat, bead),
    estopOf(ledger),
  ]);
  return whyBead({ bead, convoy, needs: needs.filter((need) => need !== undefined), ...merge, ...work, estop });
}

async function mergeOf(ledger: Ledger, bead: Bead) {
  if (bead.mergeRequest === undefined) return {};
  const [mergeRequest, queue] = await Promise.all([
    ledger.get(keys.mergeRequest(bead.rig, bead.target, bead.mergeRequest)),
    ledger.get(keys.queue(bead.rig, bead.target)),
  ]);
  return { mergeRequest: recordOf<MergeRequest>(mergeRequest)?.body, queue: recordOf<Queue>(queue)?.body };
}

async function workOf(ledger: Ledger, name: string | undefined, bead?: Bead) {
  if (name === undefined) return {};
  const [state, beat] = await Promise.all([ledger.get(keys.polecat(name)), ledger.get(keys.beat(name))]);
  const polecat = recordOf<Polecat>(state)?.body;
  if (bead && polecat?.bead !== bead.id) return {};
  return { polecat, beat: recordOf<Beat>(beat)?.body };
}

async function convoyReasons(ledger: Ledger, id: string): Promise<Reason[] | undefined> {
  if (!isConvoyId(id) || !(await ledger.get(keys.convoy(id)))) return undefined;
  const [convoy, beads, estop] = await Promise.all([loadConvoy(ledger, id), beadsOf(ledger, id), estopOf(ledger)]);
  return whyConvoy(convoy, beads, estop);
}

async function escalationReasons(ledger: Ledger, id: string): Promise<Reason[] | undefined> {
  const escalation = recordOf<Escalation>(await ledger.get(keys.escalation(id)))?.body;
  if (!escalation) return undefined;
  const about = escalation.bead === undefined ? undefined : await beadReasons(ledger, escalation.bead);
  return [whyEscalation(escalation), ...(about ?? [])];
}

async function polecatReasons(ledger: Ledger, name: string): Promise<Reason[] | undefined> {
  const { polecat, beat } = await workOf(ledger, name);
  if (!polecat) return undefined;
  return [whyPolecat(polecat, beat), ...((await beadReasons(ledger, polecat.bead)) ?? [])];
}

async function rigReasons(ledger: Ledger, name: string): Promise<Reason[] | undefined> {
  const rig = recordOf<Rig>(await ledger.get(keys.rig(name)))?.body;
  if (!rig) return undefined;
  const [line, targets, estop] = await Promise.all([
    lineOf(ledger, name, 100),
    targetsOf(ledger, rig),
    estopOf(ledger),
  ]);
  const own: Reason = {
    about: `rig ${name}`,
    status: estop?.stopped ? 'stopped' : 'open',
    because: line.length === 0 ? 'No bead stands in line.' : `Beads in line: ${line.length}, ${line[0]} first.`,
    since: rig.addedAt,
  };
  const queues = await Promise.all(targets.map((target) => queueReasons(ledger, name, target)));
  return [own, ...queues.flat(), ...(estop?.stopped ? [whyStopped(estop)] : [])];
}

async function queueReasons(ledger: Ledger, rig: string, target: string): Promise<Reason[]> {
  const queue = recordOf<Queue>(await ledger.get(keys.queue(rig, target)))?.body;
  if (!queue)
    return [{ about: `queue ${rig} ${target}`, status: 'empty', because: 'Nothing was ever submitted to it.' }];
  const page = await ledger.query(partitions.queue(rig, target), {
    prefix: prefixes.mergeRequests,
    reverse: true,
    limit: 50,
  });
  const open = page.items
    .flatMap((item) => recordOf<MergeRequest>(item)?.body ?? [])
    .filter((request) => !['landed', 'withdrawn'].includes(request.state));
  const own: Reason = {
    about: `queue ${rig} ${target}`,
    status: queue.paused ? 'paused' : open.length > 0 ? 'busy' : 'empty',
    because: queue.paused
      ? `${queue.paused.by}: ${queue.paused.because}`
      : `Changes landed: ${queue.landedCount}; not yet: ${open.length}.`,
    since: queue.paused?.at ?? queue.progressAt,
    ...(queue.paused ? { todo: `gt mq resume ${rig} --target ${target}` } : {}),
  };
  return [own, ...open.map(whyMergeRequest)];
}

/** A candidate's id does not lead to its partition: every queue of the town is asked. */
async function candidateReasons(ledger: Ledger, id: string): Promise<Reason[] | undefined> {
  for (const rig of await listRigs(ledger)) {
    for (const target of await targetsOf(ledger, rig)) {
      const candidate = recordOf<Candidate>(await ledger.get(keys.candidate(rig.name, target, id)))?.body;
      if (candidate) return [whyCandidate(candidate)];
    }
  }
  return undefined;
}
