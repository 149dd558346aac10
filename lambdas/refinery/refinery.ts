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
import type { Instant } from '../../core/ports.ts';
import { block, drop, fileAll } from '../../core/refinery/candidates.ts';
import { giveUpGate, launchGates, loseGate, mainIsGreen, reject } from '../../core/refinery/gates.ts';
import { type Move, planQueue } from '../../core/refinery/plan.ts';
import { goOnLater, rememberTrouble, restUntil } from '../../core/refinery/trouble.ts';
import { openRequests, type QueueView, type Turn } from '../../core/refinery/view.ts';
import { together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { makeTickHandler } from '../platform/tick-handler.ts';
import { cleanUp } from './clean-up.ts';
import { land, recheck, resolve } from './landing.ts';
import { loadTasks, loadView } from './load.ts';
import { askCi, build, checkMain, judge, redMain, start } from './testing.ts';
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
  const at: Tick = { deps, startedAt: deps.clock.now(), stopped: false };
  for (let conflicts = 0; conflicts < limits.commitTriesMax; ) {
    const view = await loadView(deps.ledger, rig, target);
    if (!view) return;
    const now = deps.clock.now();
    if (timeIsNearlyOut(at, now)) {
      if (await commitTurn(deps, goOnLater(view, now))) return;
      conflicts += 1;
      continue;
    }
    const done = await oneMove(at, view, now);
    if (done.next === 'rest') return;
    if (done.next === 'again') continue;
    if (await commitTurn(deps, done.turn)) done.after?.();
    else conflicts += 1;
  }
  throw new Unavailable(`the queue of ${rig} ${target} kept changing: ${limits.commitTriesMax} conflicts in one tick`);
}

/** Chooses and performs; what fails outside becomes a rest, with the reason on record. */
async function oneMove(at: Tick, view: QueueView, now: Instant): Promise<Done> {
  try {
    at.stopped = (await load.estop(at.deps.ledger))?.body.stopped ?? false;
    const tasks = await loadTasks(at.deps.fleet, view, now);
    const move = planQueue(view, { stopped: at.stopped, main: at.main, tasks }, now);
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
    case 'start':
      return start(at, view, move.members, now);
    case 'block':
      return commit(block(view, openRequests(view), move.because, now));
    case 'build':
      return build(at, view, move.candidate, now);
    case 'judge':
      return judge(at, view, move.candidate, now);
    case 'ask_ci':
      return askCi(at, view, move.candidate, now);
    case 'lose_gate':
      return commit(loseGate(view, move.candidate, move.because, now));
    case 'relaunch':
      return commit(launchGates(view, move.candidate, now));
    case 'give_up_gate':
      return commit(giveUpGate(view, move.candidate, now));
    case 'drop':
      return commit(drop(view, move.candidate, move.because, now));
    case 'land':
      return land(at, view, move.candidate, now);
    case 'check_main':
      return checkMain(at, view, move.candidate, now);
    case 'main_is_green':
      return commit(mainIsGreen(view, move.candidate, now));
    case 'main_is_red':
      return redMain(view, move.candidate, now);
    case 'reject':
      return commit(reject(view, move.candidate, now));
    case 'clean_up':
      return cleanUp(at, view, move.candidates, now);
    default:
      return never(move);
  }
}

/** False if someone else wrote first: then everything is looked at again, because the world may have moved on. */
async function commitTurn(deps: RefineryDeps, turn: Turn): Promise<boolean> {
  let tried = false;
  return runCommand(deps, 'refinery', async (now) => {
    if (tried) return { result: false };
    tried = true;
    const opened = await Promise.all(
      (turn.alarms ?? []).map(async (alarm) =>
        openEscalation(await load.escalation(deps.ledger, alarm.cause), alarm, now),
      ),
    );
    const closed = await Promise.all(
      (turn.over ?? []).map(async (cause) => closeEscalation(await load.escalation(deps.ledger, cause), 'town', now)),
    );
    return { step: together(turn.step, ...opened, ...closed), result: true };
  });
}
