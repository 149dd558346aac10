/** The Witness and one polecat: is it alive, does it answer, does anything come of it? It alone declares a polecat dead. */
import type { FailureCause } from '../convoys/bead.ts';
import { limits } from '../limits.ts';
import type { Beat, Polecat } from '../polecats/polecat.ts';
import type { Instant, TaskState } from '../ports.ts';

export interface SeenPolecat {
  readonly polecat: Polecat;
  readonly beat: Beat | undefined;
  /** What the fleet says of its task; absent if it was never launched, or was not asked. */
  readonly task: TaskState | undefined;
  /** The town itself has just started: tasks of the one before are gone, and nobody is to blame. */
  readonly townRestarted: boolean;
}

export type PolecatVerdict =
  /** Look again then. */
  | { readonly verdict: 'well'; readonly attentionAt: Instant }
  | { readonly verdict: 'nudge'; readonly text: string; readonly attentionAt: Instant }
  | { readonly verdict: 'dead'; readonly cause: FailureCause; readonly detail: string };

/** A beat that is not late says that its task runs, and costs no call of ECS's, which takes few. */
export const beatsInTime = (beat: Beat | undefined, now: Instant): boolean =>
  beat !== undefined && beat.step !== 'hooked' && now - beat.at < limits.heartbeatLateMs;

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} min`;

export function judgePolecat(seen: SeenPolecat, now: Instant): PolecatVerdict {
  const { polecat, beat, task } = seen;
  if (task?.state === 'stopped' || task?.state === 'absent' || (seen.townRestarted && !task)) {
    const detail = task?.detail ?? (task?.exitCode === undefined ? 'its task is gone' : `exit code ${task.exitCode}`);
    if (seen.townRestarted) return { verdict: 'dead', cause: 'infrastructure', detail: 'the town restarted' };
    const cause = task?.hostLost ? 'infrastructure' : 'lost';
    return { verdict: 'dead', cause, detail: `${polecat.name} vanished without a report: ${detail}` };
  }
  const own = beat && beat.attempt === polecat.attempt && beat.bead === polecat.bead ? beat : undefined;
  if (!own || own.step === 'hooked') return coldStart(polecat, now);
  if (polecat.endsBy !== undefined && now >= polecat.endsBy) return overdue(polecat, polecat.endsBy, now);
  if (own.state === 'stuck') return { verdict: 'well', attentionAt: now + limits.idleNudgeMs };
  if (now - own.at >= limits.heartbeatLateMs) return late(polecat, own, now);
  return idle(polecat, own, now);
}

function coldStart(polecat: Polecat, now: Instant): PolecatVerdict {
  const deadline = polecat.hookedAt + limits.coldStartMs;
  if (now < deadline) return { verdict: 'well', attentionAt: deadline };
  return {
    verdict: 'dead',
    cause: 'lost',
    detail: `${polecat.name} never beat in the ${minutes(limits.coldStartMs)} after its launch`,
  };
}

/** Its harness ends the agent at its time and then itself: one that goes on beating has lost its mind. */
function overdue(polecat: Polecat, endsBy: Instant, now: Instant): PolecatVerdict {
  const [age, past] = [minutes(now - polecat.hookedAt), minutes(now - endsBy)];
  const detail = `${polecat.name} still beats ${age} after its launch, ${past} past the end of its time`;
  return { verdict: 'dead', cause: 'timeout', detail };
}

function late(polecat: Polecat, beat: Beat, now: Instant): PolecatVerdict {
  const silence = minutes(now - beat.at);
  const nudgedSince = polecat.nudgedAt !== undefined && polecat.nudgedAt > beat.at ? polecat.nudgedAt : undefined;
  if (nudgedSince !== undefined && now - nudgedSince < limits.nudgeAnswerMs)
    return { verdict: 'well', attentionAt: nudgedSince + limits.nudgeAnswerMs };
  if (nudgedSince !== undefined || polecat.nudges >= limits.nudgesMax)
    return {
      verdict: 'dead',
      cause: 'lost',
      detail: `${polecat.name} has not beaten for ${silence}, and did not answer a nudge`,
    };
  return {
    verdict: 'nudge',
    text: `The Witness has not heard from you for ${silence}. Say where you are, or run gt done.`,
    attentionAt: now + limits.nudgeAnswerMs,
  };
}

function idle(polecat: Polecat, beat: Beat, now: Instant): PolecatVerdict {
  const still = now - beat.activeAt;
  if (still >= limits.idleRestartMs)
    return {
      verdict: 'dead',
      cause: 'idle',
      detail: `${polecat.name} beats, but nothing has come of it for ${minutes(still)}`,
    };
  const nudged = polecat.nudgedAt !== undefined && polecat.nudgedAt > beat.activeAt;
  if (still >= limits.idleNudgeMs && !nudged)
    return {
      verdict: 'nudge',
      text: `No new commit, output or step for ${minutes(still)}. Go on, or run gt done --status escalated --question "…".`,
      attentionAt: now + limits.heartbeatLateMs,
    };
  return { verdict: 'well', attentionAt: beat.at + limits.heartbeatLateMs };
}
