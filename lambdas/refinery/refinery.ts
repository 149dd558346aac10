/**
 * The tick of a merge queue: look at the record, choose one move, do its work outside, write down what came of it,
 * until nothing is left to do now. Every write is conditioned on META as it was read: of two ticks, one wins each move,
 * and the other looks again. What goes wrong outside is written down too, and does not fail the message.
 */
import type { BatchResponse, QueueEvent } from '../../core/deliveries.ts';
import { never, Unavailable } from '../../core/errors.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { limits } from '../../core/limits.ts';
import type { Change, Instant } from '../../core/ports.ts';
import { advanced } from '../../core/refinery/advance.ts';
import { confirmRed, drop, fileAll } from '../../core/refinery/candidates.ts';
import { launchGates, mainIsGreen, mainIsRed, takeFailure } from '../../core/refinery/gates.ts';
import { noLongerHeld } from '../../core/refinery/held.ts';
import { tell } from '../../core/refinery/landing.ts';
import { giveUpGate, loseGate } from '../../core/refinery/no-verdict.ts';
import { type Move, planQueue } from '../../core/refinery/plan.ts';
import { goOnLater, rememberTrouble, restUntil } from '../../core/refinery/trouble.ts';
import type { QueueView, Turn } from '../../core/refinery/view.ts';
import { together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { makeTickHandler } from '../platform/tick-handler.ts';
import { cleanUp, retireQueue } from './clean-up.ts';
import { recheck } from './given-up.ts';
import { judgeResolution } from './judge-resolution.ts';
import { resolve, takePass } from './landing.ts';
import { loadTasks, loadView } from './load.ts';
import { look } from './look.ts';
import { resolveConflict } from './resolve-conflict.ts';
import { askReviews, closePullRequest } from './review.ts';
import { askCi, blame, blockOnce, build, checkMain, start } from './testing.ts';
import { commit, type Done, type RefineryDeps, rest, type Tick } from './tick.ts';

export type { RefineryDeps } from './tick.ts';

export const makeHandler = (deps: RefineryDeps): ((event: QueueEvent) => Promise<BatchResponse>) =>
  makeTickHandler(deps, async (group) => {
    const queue = parseGroup(group);
    if (queue) await tick(deps, queue.rig, queue.target);
    else deps.log('error', 'not a group of the refinery', { group });
  });

/** `refinery/<rig>/<target>`; a target may have slashes of its own. */
function parseGroup(group: string): { rig: string; target: string } | undefined {
  const match = /^refinery\/([^/]+)\/(.+)$/.exec(group);
  return match?.[1] && match[2] ? { rig: match[1], target: match[2] } : undefined;
}

const timeIsNearlyOut = (at: Tick, now: Instant): boolean =>
  now - at.startedAt > limits.functionTimeoutSeconds * 1000 - limits.tickReserveMs - limits.landingPushTimeoutMs;

async function tick(deps: RefineryDeps, rig: string, target: string): Promise<void> {
  const at: Tick = { deps, startedAt: deps.clock.now(), stopped: false, asked: new Set() };
  let view = await loadView(deps.ledger, rig, target);
  for (let conflicts = 0; view && conflicts < limits.commitTriesMax; ) {
    const now = deps.clock.now();
    const late = timeIsNearlyOut(at, now);
    const done = late ? commit(goOnLater(view, now)) : await oneMove(at, view, now);
    if (done.next === 'rest') return;
    if (done.next === 'again') continue;
    const changes = await commitTurn(deps, view, done.turn);
    if (changes && late) return;
    if (changes) done.after?.();
    else {
      conflicts += 1;
      // Whoever wrote may have moved main: what was read before that would look like a rewrite.
      at.main = undefined;
    }
    view = changes ? advanced(view, changes) : await loadView(deps.ledger, rig, target);
  }
  if (view)
    throw new Unavailable(
      `the queue of ${rig} ${target} kept changing: ${limits.commitTriesMax} conflicts in one tick`,
    );
}

/** Chooses and performs; what fails outside becomes a rest, with the reason on record. */
async function oneMove(at: Tick, view: QueueView, now: Instant): Promise<Done> {
  try {
    at.stopped = (await load.estop(at.deps.ledger))?.body.stopped ?? false;
    at.tasks ??= await loadTasks(at.deps.fleet, view, now);
    const move = planQueue(view, { stopped: at.stopped, main: at.main, tasks: at.tasks, asked: at.asked }, now);
    if (move.do === 'rest') return atRest(view, move.until, now);
    const done = await perform(at, view, move, now);
    return done.next === 'rest' ? atRest(view, now + limits.refineryTimerMs, now) : done;
  } catch (error) {
    at.deps.log('error', 'refinery move failed', { rig: view.rig, target: view.target, error: String(error) });
    return commit(rememberTrouble(view, error instanceof Error ? error.message : String(error), now));
  }
}

function atRest(view: QueueView, until: Instant | undefined, now: Instant): Done {
  const turn = restUntil(view, until, now);
  return turn ? commit(turn) : rest;
}

function perform(at: Tick, view: QueueView, move: Exclude<Move, { do: 'rest' }>, now: Instant): Promise<Done> | Done {
  switch (move.do) {
    case 'file':
      return commit(fileAll(view, move.requests, now));
    case 'resolve':
      return resolve(at, view, move.landing, now);
    case 'recheck':
      return recheck(at, view, move.landings, now);
    case 'tell':
      return commit(tell(view, move.landing, now));
    case 'resolve_conflict':
      return resolveConflict(at, view, move.request, now);
    case 'judge_resolution':
      return judgeResolution(at, view, move.request, now);
    case 'look':
      return look(at, view, move.requests, now);
    case 'ask_reviews':
      return askReviews(at, view, move.requests, now);
    case 'close_pull_request':
      return closePullRequest(at, view, move.close, now);
    case 'test':
      return start(at, view, move.decision, now);
    case 'block':
      return blockOnce(view, move.because, now);
    case 'build':
      return build(at, view, move.candidate, now);
    case 'ask_ci':
      return askCi(at, view, move.candidate, now);
    case 'lose_gate':
      return commit(loseGate(view, move.candidate, move.because, now));
    case 'relaunch':
      return commit(launchGates(view, move.candidate, {}, now));
    case 'give_up_gate':
      return commit(giveUpGate(view, move.candidate, now));
    case 'drop':
      return commit(drop(view, move.candidate, move.because, now));
    case 'take_pass':
      return takePass(at, view, move.candidate, now);
    case 'take_failure':
      return commit(takeFailure(view, move.candidate, now));
    case 'check_main':
      return checkMain(at, view, now);
    case 'main_is_green':
      return commit(mainIsGreen(view, move.candidate, now));
    case 'confirm_red':
      return commit(confirmRed(view, move.candidate, at.deps.ids.ulid(), now));
    case 'main_is_red':
      return commit(mainIsRed(view, move.candidate, move.candidate.body.because, now));
    case 'reject':
      return blame(at, view, move.decision, now);
    case 'retire':
      return retireQueue(at, view, now);
    case 'clean_up':
      return cleanUp(at, view, move.candidates, now);
    default:
      return never(move);
  }
}

/** What was written; nothing if someone else wrote first: then everything is looked at again. */
async function commitTurn(deps: RefineryDeps, view: QueueView, turn: Turn): Promise<readonly Change[] | undefined> {
  let tried = false;
  return runCommand<readonly Change[] | undefined>(deps, 'refinery', async (now) => {
    if (tried) return { result: undefined };
    tried = true;
    const opened = await Promise.all(
      (turn.alarms ?? []).map(async (alarm) =>
        openEscalation(await load.escalation(deps.ledger, alarm.cause), alarm, now),
      ),
    );
    const closed = await Promise.all(
      [...(turn.over ?? []), ...noLongerHeld(view, turn.step.changes)].map(async (cause) =>
        closeEscalation(await load.escalation(deps.ledger, cause), 'town', now),
      ),
    );
    const step = together(turn.step, ...opened, ...closed);
    return { step, result: step.changes };
  });
}
