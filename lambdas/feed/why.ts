/** Gathers the facts about any id, for `gt why`. */
import type { Bead } from '../../core/convoys/bead.ts';
import { refuse } from '../../core/errors.ts';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { escalationKeyOf } from '../../core/escalations/open.ts';
import type { Subject } from '../../core/feed/trace.ts';
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
import { isConvoyId, keys } from '../../core/keys.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { shownOf } from '../../core/refinery/shown.ts';
import { openRequests, requestOf } from '../../core/refinery/view.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import type { Switch } from '../../core/scheduler/records.ts';
import { recordOf } from '../../core/step.ts';
import { loadView } from '../refinery/load.ts';
import { listRigs, targetsOf } from '../rigs/commands.ts';
import { beadsOf, findBead, lineOf, loadConvoy } from './records.ts';

export interface Answer {
  readonly reasons: readonly Reason[];
  /** The bead, or the convoy, that it is about, if it is about one: its lines in the log can be followed. */
  readonly subject?: Subject | undefined;
}

/** The chain of reasons for the state of a bead, convoy, rig, polecat, escalation or candidate. */
export async function why(ledger: Ledger, id: string): Promise<Answer> {
  const found =
    (await beadAnswer(ledger, id)) ??
    (await convoyAnswer(ledger, id)) ??
    (await escalationAnswer(ledger, id)) ??
    (await rigAnswer(ledger, id)) ??
    (await polecatAnswer(ledger, id)) ??
    (await candidateAnswer(ledger, id));
  if (found) return found;
  throw refuse(
    404,
    'ID_UNKNOWN',
    `Nothing in this town is called "${id}".`,
    'Give the id of a bead, convoy, rig, polecat, escalation or candidate: gt status shows where to look.',
  );
}

const estopOf = async (ledger: Ledger) => recordOf<Switch>(await ledger.get(keys.estop()))?.body;

async function beadAnswer(ledger: Ledger, id: string): Promise<Answer | undefined> {
  const bead = await findBead(ledger, id);
  if (!bead) return undefined;
  const [convoy, needs, merge, work, estop, asked] = await Promise.all([
    loadConvoy(ledger, bead.convoy),
    Promise.all(bead.needs.map((need) => findBead(ledger, need))),
    mergeOf(ledger, bead),
    workOf(ledger, bead.polecat, bead),
    estopOf(ledger),
    ledger.get(escalationKeyOf(beadCause(id))),
  ]);
  const escalation = recordOf<Escalation>(asked)?.body;
  const facts = { bead, convoy, needs: needs.filter((need) => need !== undefined), estop, escalation };
  return {
    reasons: whyBead({ ...facts, ...merge, ...work }),
    subject: { bead: id, convoy: convoy.id, since: convoy.createdAt },
  };
}

async function mergeOf(ledger: Ledger, bead: Bead) {
  if (bead.mergeRequest === undefined) return {};
  const view = await loadView(ledger, bead.rig, bead.target);
  const request = view && requestOf(view, bead.mergeRequest)?.body;
  return { mergeRequest: request && { ...request, ...shownOf(view, request) }, queue: view?.meta?.body };
}

async function workOf(ledger: Ledger, name: string | undefined, bead?: Bead) {
  if (name === undefined) return {};
  const [state, beat] = await Promise.all([ledger.get(keys.polecat(name)), ledger.get(keys.beat(name))]);
  const polecat = recordOf<Polecat>(state)?.body;
  if (bead && polecat?.bead !== bead.id) return {};
  return { polecat, beat: recordOf<Beat>(beat)?.body };
}

async function convoyAnswer(ledger: Ledger, id: string): Promise<Answer | undefined> {
  if (!isConvoyId(id) || !(await ledger.get(keys.convoy(id)))) return undefined;
  const [convoy, beads, estop] = await Promise.all([loadConvoy(ledger, id), beadsOf(ledger, id), estopOf(ledger)]);
  return { reasons: whyConvoy(convoy, beads, estop), subject: { convoy: id, since: convoy.createdAt } };
}

async function escalationAnswer(ledger: Ledger, id: string): Promise<Answer | undefined> {
  const escalation = recordOf<Escalation>(await ledger.get(keys.escalation(id)))?.body;
  if (!escalation) return undefined;
  const about = escalation.bead === undefined ? undefined : await beadAnswer(ledger, escalation.bead);
  return { reasons: [whyEscalation(escalation), ...(about?.reasons ?? [])], subject: about?.subject };
}

async function polecatAnswer(ledger: Ledger, name: string): Promise<Answer | undefined> {
  const { polecat, beat } = await workOf(ledger, name);
  if (!polecat) return undefined;
  const about = await beadAnswer(ledger, polecat.bead);
  return { reasons: [whyPolecat(polecat, beat), ...(about?.reasons ?? [])], subject: about?.subject };
}

async function rigAnswer(ledger: Ledger, name: string): Promise<Answer | undefined> {
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
  return { reasons: [own, ...queues.flat(), ...(estop?.stopped ? [whyStopped(estop)] : [])] };
}

async function queueReasons(ledger: Ledger, rig: string, target: string): Promise<Reason[]> {
  const view = await loadView(ledger, rig, target);
  if (!view?.meta)
    return [{ about: `queue ${rig} ${target}`, status: 'empty', because: 'Nothing was ever submitted to it.' }];
  const queue = view.meta.body;
  const open = openRequests(view).map(({ body }) => ({ ...body, ...shownOf(view, body) }));
  const own: Reason = {
    about: `queue ${rig} ${target}`,
    status: queue.paused ? 'paused' : open.length > 0 ? 'busy' : 'empty',
    because: queue.paused
      ? `${queue.paused.by}: ${queue.paused.because}`
      : `Changes landed: ${queue.landedCount}; not yet: ${open.length}.`,
    since: queue.paused?.at ?? queue.progressAt,
    todo: queue.paused ? `gt mq resume ${rig} --target ${target}` : `gt mq status ${rig} --target ${target}`,
  };
  return [own, ...open.slice(0, requestsShown).map(whyMergeRequest)];
}

const requestsShown = 50;

/** A candidate's id does not lead to its partition: every queue of the town is asked. */
async function candidateAnswer(ledger: Ledger, id: string): Promise<Answer | undefined> {
  for (const rig of await listRigs(ledger)) {
    for (const target of await targetsOf(ledger, rig)) {
      const candidate = recordOf<Candidate>(await ledger.get(keys.candidate(rig.name, target, id)))?.body;
      if (candidate) return { reasons: [whyCandidate(candidate)] };
    }
  }
  return undefined;
}
