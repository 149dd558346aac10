/** No verdict, for nobody's fault: a run that was lost, gates that were not launched, a build that git did not finish. */
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import { type Step, together } from '../step.ts';
import { heldCause } from './held.ts';
import { withdrawn } from './planner/board.ts';
import type { Candidate, MergeRequest } from './records.ts';
import { gateRun, tested } from './tested.ts';
import { rememberTrouble } from './trouble.ts';
import {
  boardOf,
  causeOf,
  dropCandidate,
  membersIn,
  type QueueView,
  queueOf,
  saveCandidate,
  saveQueue,
  saveRequest,
  type Turn,
} from './view.ts';

/** The first is tried again at once: mostly the host was retired or the town restarted, and a rest would mend nothing. */
const backoffOf = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(limits.refineryRestMs * 2 ** (failures - 2), limits.refineryRestMaxMs);

export const afterInfra = (candidate: Candidate, because: string, now: Instant) => {
  const infraFailures = candidate.infraFailures + 1;
  return {
    state: 'infra' as const,
    infraFailures,
    notBefore: now + backoffOf(infraFailures),
    because: `infrastructure: ${because}`,
  };
};

/** The fleet will not run them: as good as a lost task, and bounded like one. */
export const refuseGate = (was: Item<Candidate>, because: string, now: Instant): Step => ({
  changes: [saveCandidate(was, afterInfra(was.body, because, now))],
});

/** No verdict came and none will: nobody's fault, so it is tried again. */
export const loseGate = (view: QueueView, was: Item<Candidate>, because: string, now: Instant): Turn => ({
  step: {
    changes: [saveQueue(view, {}, now), saveCandidate(was, afterInfra(was.body, because, now))],
    effects: was.body.taskId ? [{ do: 'stop_task', taskId: was.body.taskId, reason: because }] : [],
    events: tested(view.rig, was.body, because, gateRun(was.body, now)),
  },
});

/**
 * Infrastructure failed too often in a row: a human is told, and the changes make room for others. Nobody is blamed, and
 * the queue rests, longer each time, so that a broken runner costs no storm of launches; then chains are half as long,
 * until a change that hangs the gates by itself stands alone.
 */
export function giveUpGate(view: QueueView, was: Item<Candidate>, now: Instant): Turn {
  const { infraFailures, because } = was.body;
  return giveUp(view, was, `${infraFailures} runs of the gates in a row gave no verdict; the last: ${because}`, now);
}

/** Git could not build it, for no fault that a link has. Too often: smaller chains find out whose it is. */
export function failBuild(view: QueueView, was: Item<Candidate>, why: string, now: Instant): Turn {
  const infraFailures = was.body.infraFailures + 1;
  const because = `could not be built: ${why}`.slice(0, 1000);
  if (infraFailures > limits.gateInfraRetriesMax) {
    const text = `${infraFailures} times in a row it ${because}`;
    const [only, ...others] = membersIn(view, was.body);
    if (!only || others.length > 0 || only.body.retries < limits.unbuildableRetriesMax)
      return giveUp(view, was, text, now);
    const held = unbuildable(view, only, text, now);
    return { ...held, step: together(dropCandidate(was, text), held.step) };
  }
  const { step, alarms } = rememberTrouble(view, because, now);
  return {
    step: together(step, { changes: [saveCandidate(was, { infraFailures, because })] }),
    ...(alarms ? { alarms } : {}),
  };
}

/** A change that could not be built even by itself, again and again, waits for a human, and for nobody else. */
function unbuildable(view: QueueView, was: Item<MergeRequest>, text: string, now: Instant): Turn {
  const { bead, title, seq, branch } = was.body;
  const patch = {
    held: true,
    because: `${text}: gt mq retry ${bead} tries it again, gt mq reject ${bead} sends it back`,
  };
  return {
    step: {
      changes: [saveQueue(view, { board: withdrawn(boardOf(view), [seq]) }, now), saveRequest(was, [], patch)],
    },
    alarms: [
      {
        cause: causeOf(view, heldCause.unbuildable(bead)),
        severity: 'medium',
        title: `${bead} cannot be built on ${view.rig} ${view.target}`,
        what: `${title} (branch ${branch}): ${text}`,
        tried: 'it by itself, after longer and longer rests; changes before and behind it were built.',
        unattended: 'it waits; other changes go on.',
        command: `gt mq retry ${bead}`,
        rig: view.rig,
      },
    ],
  };
}

function giveUp(view: QueueView, was: Item<Candidate>, text: string, now: Instant): Turn {
  const members = membersIn(view, was.body);
  const troubles = (queueOf(view, now).gateTroubles ?? 0) + 1;
  // Half of what just failed, however much more a chain might hold.
  const halvings = Math.floor(Math.log2(view.policy.batchMax / Math.max(1, members.length))) + 1;
  const gateTroubles = Math.max(troubles, halvings);
  const back = members
    .slice(0, limits.beadsGuardedMax - 10)
    .map((member) => saveRequest(member, [], { because: `back in line: ${text}`, retries: member.body.retries + 1 }));
  return {
    step: together(dropCandidate(was, text), {
      changes: [
        saveQueue(
          view,
          {
            board: withdrawn(
              boardOf(view),
              members.map(({ body }) => body.seq),
            ),
            gateTroubles,
            restUntil: now + backoffOf(troubles + limits.gateInfraRetriesMax),
          },
          now,
        ),
        ...back,
      ],
    }),
    alarms: [
      {
        cause: causeOf(view, 'gate-infrastructure'),
        severity: 'high',
        title: `Gates of ${view.rig} ${view.target} give no verdict`,
        what: `${text}.`,
        tried: 'the gates again, after a longer and longer rest. No change was blamed.',
        unattended: 'they are tried on and on, and nothing lands meanwhile.',
        command: `gt mq list ${view.rig}`,
        rig: view.rig,
      },
    ],
  };
}
