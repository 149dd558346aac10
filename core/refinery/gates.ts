/** A candidate and its gates: launched, passed, failed; and what a failure means for main and for the change. */

import { groups, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Verdict } from '../polecats/protocol.ts';
import type { Check, Instant, Item } from '../ports.ts';
import { asJson, replace, type Step, together } from '../step.ts';
import { returnToBead } from './candidates.ts';
import { isResubmitted } from './changes.ts';
import { afterInfra } from './no-verdict.ts';
import { type Decision, emptyBoard, failed, mainPassed, rejected } from './planner/board.ts';
import { learnedGreen, learnedRed, learnedRejection } from './planner/estimate.ts';
import type { Candidate, TreeVerdict } from './records.ts';
import { runMsAfter } from './shown.ts';
import { gateRun, tested } from './tested.ts';
import {
  activeCandidates,
  boardOf,
  causeOf,
  dropCandidate,
  estimatesOf,
  moveCandidate,
  progress,
  type QueueView,
  queueOf,
  requestOf,
  runOf,
  saveCandidate,
  saveQueue,
  type Turn,
} from './view.ts';

/** Built (`built` says of what), or lost to infrastructure: the gates run (again). Only the newest run's verdict counts. */
export function launchGates(view: QueueView, was: Item<Candidate>, built: Partial<Candidate>, now: Instant): Turn {
  const gateRun = was.body.gateRun + 1;
  const gatesMs = view.policy.gates.reduce((sum, gate) => sum + gate.timeoutMs, 0);
  const names = view.policy.gates.map((gate) => gate.name).join(', ');
  return {
    step: {
      changes: [
        progress(view, { runsCount: queueOf(view, now).runsCount + 1 }, now),
        saveCandidate(was, {
          ...built,
          state: 'running',
          gateRun,
          taskId: undefined,
          tokenHash: undefined,
          notBefore: undefined,
          noRoomSince: undefined,
          startedAt: now,
          deadline: now + limits.gateStartMs + gatesMs,
          because: `gates run: ${names}`,
        }),
      ],
      effects: [{ do: 'launch_gate', rig: view.rig, target: view.target, candidate: was.body.id, gateRun }],
    },
  };
}

/** The same tree passed the same gates not long ago: its pass counts here too. */
export function reusePass(
  view: QueueView,
  was: Item<Candidate>,
  built: Partial<Candidate>,
  pass: TreeVerdict,
  now: Instant,
): Turn {
  const because = `the same content passed the same gates as ${pass.commit.slice(0, 10)}`;
  return gatesPassed(view, was, built, { passedAt: pass.passedAt, because, evidence: pass.evidence }, now);
}

/** No gates, or all passed: then the required checks decide, if there are any. */
export function gatesPassed(
  view: QueueView,
  was: Item<Candidate>,
  built: Partial<Candidate>,
  pass: { passedAt: Instant; because: string; evidence?: string | undefined },
  now: Instant,
): Turn {
  const waits = (was.body.checks?.length ?? 0) > 0;
  return {
    step: {
      changes: [
        progress(view, {}, now),
        saveCandidate(was, {
          ...built,
          ...(waits
            ? {
                state: 'running' as const,
                gatesPassedAt: pass.passedAt,
                startedAt: now,
                because: `${pass.because}; waits for checks`,
              }
            : { state: 'passed' as const, passedAt: pass.passedAt, because: pass.because }),
          evidence: pass.evidence,
        }),
      ],
      events: tested(view.rig, was.body, pass.because),
    },
  };
}

/** What the gates said, as the API takes it: the candidate alone is written, and the tick is woken. */
export function takeVerdict(
  at: { readonly rig: string; readonly target: string; readonly expiresMs: number },
  was: Item<Candidate>,
  verdict: Verdict,
  now: Instant,
): Step {
  const wake = { do: 'wake', queue: 'refinery', group: groups.refinery(at.rig, at.target) } as const;
  const gateMs = was.body.gateMs + verdict.gates.reduce((sum, gate) => sum + gate.ms, 0);
  const common = { gateMs, ...(verdict.evidence === undefined ? {} : { evidence: verdict.evidence }) };
  const save = (patch: Partial<Candidate>) => replace(was, moveCandidate(was, { ...common, ...patch }));
  const events = (text: string) => tested(at.rig, was.body, text, gateRun(was.body, now));
  switch (verdict.result) {
    case 'passed': {
      const names = verdict.gates.map((gate) => gate.name).join(', ');
      const waits = (was.body.checks?.length ?? 0) > 0;
      const because = `gates passed: ${names}`;
      const next: Partial<Candidate> = waits
        ? { state: 'running', gatesPassedAt: now, startedAt: now, because: `${because}; waits for checks` }
        : { state: 'passed', passedAt: now, because };
      return {
        changes: [save(next), ...treePass(at, was.body, verdict.evidence, now)],
        effects: [wake],
        events: events(because),
      };
    }
    case 'failed':
      return {
        changes: [save({ state: 'failed', because: failureOf(verdict) })],
        effects: [wake],
        events: events(failureOf(verdict)),
      };
    case 'infra': {
      const infra = afterInfra(was.body, verdict.gates.at(-1)?.detail ?? 'the gate task failed', now);
      return { changes: [save(infra)], effects: [wake], events: events(infra.because) };
    }
  }
}

/** Passes alone are remembered; a failure is never reused. */
function treePass(
  at: { rig: string; target: string; expiresMs: number },
  candidate: Candidate,
  evidence: string | undefined,
  now: Instant,
) {
  if (candidate.verdictKey === undefined || candidate.tree === undefined || candidate.commit === undefined) return [];
  const pass: TreeVerdict = {
    tree: candidate.tree,
    commit: candidate.commit,
    passedAt: now,
    ...(evidence === undefined ? {} : { evidence }),
  };
  const key = keys.treeVerdict(at.rig, at.target, candidate.verdictKey);
  return [{ put: { ...key, body: asJson(pass), expiresAt: now + at.expiresMs }, expect: { any: true } as const }];
}

function failureOf(verdict: Verdict): string {
  const failed = verdict.gates.find((gate) => gate.exitCode !== 0);
  if (!failed) return 'the gates failed without saying which';
  const how =
    failed.exitCode === 127
      ? 'command not found (exit 127)'
      : failed.exitCode === null
        ? 'did not end by itself'
        : `exit ${failed.exitCode}`;
  return `gate ${failed.name} failed: ${how}${failed.detail ? `: ${failed.detail.slice(0, 500)}` : ''}`;
}

export type CiAnswer = { readonly ci: 'passed' } | { readonly ci: 'failed' | 'waiting'; readonly because: string };

/** Every required check must have succeeded on this very commit. Missing, skipped, neutral, cancelled: not passed. */
export function readChecks(required: readonly string[], checks: readonly Check[]): CiAnswer {
  const states = required.map((name) => ({
    name,
    state: newestOf(checks.filter((check) => check.name === name))?.state ?? 'missing',
  }));
  const failed = states.filter(({ state }) => state === 'failure' || state === 'error');
  if (failed.length > 0)
    return { ci: 'failed', because: `check ${failed.map(({ name, state }) => `${name}: ${state}`).join(', ')}` };
  const open = states.filter(({ state }) => state !== 'success');
  if (open.length === 0) return { ci: 'passed' };
  return {
    ci: 'waiting',
    because: `waits for checks: ${open.map(({ name, state }) => `${name} (${state})`).join(', ')}`,
  };
}

/** A host may know two by one name. What is told last counts; of two at once, the one that is no success. */
const newestOf = (checks: readonly Check[]): Check | undefined =>
  [...checks].sort(
    (a, b) => b.reportedAt - a.reportedAt || Number(a.state === 'success') - Number(b.state === 'success'),
  )[0];

/** Nothing, if the checks say what they said before. */
export function afterChecks(view: QueueView, was: Item<Candidate>, answer: CiAnswer, now: Instant): Turn | undefined {
  const candidate = was.body;
  switch (answer.ci) {
    case 'passed':
      return {
        step: {
          changes: [
            progress(view, {}, now),
            saveCandidate(was, {
              state: 'passed',
              passedAt: candidate.gatesPassedAt ?? now,
              because: 'every required check succeeded',
            }),
          ],
          events: tested(view.rig, candidate, 'every required check succeeded'),
        },
      };
    case 'failed':
      return {
        step: {
          changes: [progress(view, {}, now), saveCandidate(was, { state: 'failed', because: answer.because })],
          events: tested(view.rig, candidate, answer.because),
        },
      };
    case 'waiting': {
      const slow = now - (candidate.startedAt ?? now) > limits.ciSlowMs;
      const because = slow ? `${answer.because}, for hours` : answer.because;
      if (because === candidate.because) return undefined;
      return {
        step: { changes: [saveQueue(view, {}, now), saveCandidate(was, { because })] },
        alarms: slow
          ? [
              {
                cause: causeOf(view, 'checks-slow'),
                severity: 'medium',
                title: `Checks of ${view.rig} ${view.target} do not end`,
                what: `Candidate ${candidate.id} (${candidate.ref}) ${because}.`,
                tried: 'nothing: the town starts no checks of a host, it only reads what they report.',
                unattended: 'the candidate waits, and what stands behind it too.',
                command: candidate.ofMain
                  ? `gt mq list ${view.rig}`
                  : `gt mq reject ${candidate.members[0]?.bead ?? ''}`,
                rig: view.rig,
              },
            ]
          : [],
      };
    }
  }
}

/** A failure says something about every change in the run: the board remembers it, and the candidate is its evidence. */
export function takeFailure(view: QueueView, was: Item<Candidate>, now: Instant): Turn {
  const board = failed(boardOf(view), runOf(was.body));
  const last = requestOf(view, was.body.members.at(-1)?.seq ?? '');
  return {
    step: {
      changes: [
        progress(
          view,
          { board, gateTroubles: undefined, runMs: runMsAfter(view.meta?.body.runMs, was.body, now) },
          now,
        ),
        replace(was, { ...was.body, counted: true }),
        ...(last ? [replace(last, { ...last.body, failedRuns: (last.body.failedRuns ?? 0) + 1 })] : []),
      ],
    },
  };
}

/** Main passes by itself: who failed on it is to blame, in the next move. */
export function mainIsGreen(view: QueueView, check: Item<Candidate> | undefined, now: Instant): Turn {
  return {
    step: {
      changes: [
        progress(
          view,
          {
            board: mainPassed(boardOf(view)),
            estimates: learnedGreen(estimatesOf(view)),
            rejectedSincePass: undefined,
            gateTroubles: undefined,
          },
          now,
        ),
        ...(check ? [saveCandidate(check, { state: 'cancelled', because: `${view.target} itself passes` })] : []),
      ],
    },
  };
}

/** Main fails by itself: nobody is blamed, nor was rightly since the last pass; nothing more is tested, and a human is told. */
export function mainIsRed(view: QueueView, check: Item<Candidate> | undefined, because: string, now: Instant): Turn {
  const before = queueOf(view, now).rejectedSincePass ?? [];
  const pause = `${view.target} itself fails: ${because}`;
  const others = activeCandidates(view).filter((other) => other !== check);
  return {
    step: together(
      {
        changes: [
          saveQueue(
            view,
            {
              paused: { by: 'refinery', because: pause, at: now },
              board: emptyBoard,
              estimates: learnedRed(estimatesOf(view)),
              rejectedSincePass: undefined,
            },
            now,
          ),
          ...(check ? [saveCandidate(check, { state: 'cancelled', because: pause })] : []),
        ],
        effects: before.map(({ bead, attempt }) => ({
          do: 'settle_bead',
          bead,
          attempt,
          outcome: { kind: 'failed', cause: 'red_main', detail: `its rejection is taken back: ${pause}` },
        })),
        events: [
          { kind: 'queue.paused', who: 'refinery', text: `${view.rig} ${view.target}: ${pause}`, rig: view.rig },
        ],
      },
      ...others.map((other) => dropCandidate(other, `not blamed: ${pause}`)),
    ),
    alarms: [
      {
        cause: causeOf(view, 'red-main'),
        severity: 'high',
        title: `${view.rig} ${view.target} is red`,
        what: `${pause}.${
          before.length > 0
            ? ` What was rejected since the last pass is taken back, and goes on from what it had pushed: ${before.map(({ bead }) => bead).join(', ')}.`
            : ''
        }`,
        tried: `the gates on ${view.target} itself. ${remedyFor(because, view.rig)}, then resume the queue.`,
        unattended: 'the queue is paused: polecats go on working, and nothing lands.',
        command: `gt mq resume ${view.rig}`,
        rig: view.rig,
      },
    ],
  };
}

/** A command that cannot be started is no fault of main's: the gate itself is to be mended. */
const remedyFor = (because: string, rig: string): string =>
  /\b12[67]\b/.test(because)
    ? `The gate's own command cannot be run: gt rig config ${rig} refinery.gates.<name> "<command>"`
    : 'Push a fix to it';

/** The newest run that failed with this change as its last: what it is rejected for. */
export const evidenceAgainst = (view: QueueView, seq: string): Candidate | undefined =>
  view.candidates
    .map(({ body }) => body)
    .filter((candidate) => candidate.counted && candidate.members[candidate.members.length - 1]?.seq === seq)
    .sort((a, b) => (a.id < b.id ? 1 : -1))[0];

/** The gates failed it on landed main, and main itself passes. `detail`: what its bead hears. */
export function reject(
  view: QueueView,
  decision: Extract<Decision, { do: 'reject' }>,
  detail: string,
  now: Instant,
): Turn {
  const request = requestOf(view, decision.id);
  const evidence = evidenceAgainst(view, decision.id);
  if (!request || !evidence) throw new Error(`BUG: ${decision.id} is to be rejected, and nothing stands against it`);
  const returned = returnToBead(
    view,
    request,
    { states: ['rejected'], cause: 'gate_failed', detail, evidence: evidence.evidence, gateMs: evidence.gateMs },
    now,
  );
  const { bead, attempt } = request.body;
  const suspects = [...(queueOf(view, now).rejectedSincePass ?? []), { bead, attempt }].slice(-rejectionsKept);
  const board = rejected(boardOf(view), decision.chain);
  return {
    step: together(
      {
        changes: [
          progress(
            view,
            {
              board,
              estimates: learnedRejection(estimatesOf(view), boardOf(view), decision, isResubmitted(request.body)),
              rejectedSincePass: suspects,
              gateTroubles: undefined,
            },
            now,
          ),
        ],
      },
      returned,
    ),
  };
}

const rejectionsKept = 20;
