/** The moves from the line to a verdict: choose, build, launch, ask, blame. */
import { hasEnded } from '../../core/convoys/bead.ts';
import { RepoRefused } from '../../core/errors.ts';
import { keys } from '../../core/keys.ts';
import type { ChainLink, Instant, Item, Oid } from '../../core/ports.ts';
import {
  block,
  built,
  drop,
  type LeftOut,
  leaveOut,
  startCandidate,
  startMainCheck,
  takeNewHead,
  withdrawStale,
} from '../../core/refinery/candidates.ts';
import { explainRejection } from '../../core/refinery/conflict/semantic.ts';
import {
  afterChecks,
  evidenceAgainst,
  gatesPassed,
  launchGates,
  mainIsGreen,
  mainIsRed,
  readChecks,
  reject,
  reusePass,
} from '../../core/refinery/gates.ts';
import { foreignPush, refused, rewritten } from '../../core/refinery/landing.ts';
import { linkOf } from '../../core/refinery/message.ts';
import { failBuild } from '../../core/refinery/no-verdict.ts';
import type { Decision } from '../../core/refinery/planner/board.ts';
import { sameNames, uncheckable } from '../../core/refinery/policy.ts';
import type { Candidate, MergeRequest, TreeVerdict } from '../../core/refinery/records.ts';
import { openRequests, type QueueView, queueOf, requestOf, type Turn } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import { alreadyThere } from './already-there.ts';
import { arrivedLate } from './given-up.ts';
import { landedSince } from './landed-since.ts';
import { lostBeads } from './lost.ts';
import { again, commit, type Done, readMain, rest, type Tick } from './tick.ts';

/** Takes the next run that the planner wants, onto the newest main. */
export async function start(
  tick: Tick,
  view: QueueView,
  decision: Extract<Decision, { do: 'test' }>,
  now: Instant,
): Promise<Done> {
  const stale = await staleAmong(
    tick,
    decision.content.flatMap((seq) => requestOf(view, seq) ?? []),
  );
  if (stale.length > 0) return commit(withdrawStale(view, stale, now));
  const main = tick.main === undefined ? await readMain(tick, view) : (tick.main ?? undefined);
  const moved = await unexpected(tick, view, main, now);
  if (moved) return moved;
  if (main === undefined) return noTarget(view, now);
  const checks = view.policy.requireCi ? await requiredChecks(tick, view) : [];
  if (view.policy.requireCi && checks.length === 0) return blockOnce(view, uncheckable(view.rig), now);
  return commit(startCandidate(view, tick.deps.ids.ulid(), { decision, base: main, checks }, now));
}

/**
 * Main must contain what it was when it was last read: if it does not, that is for a human to judge. If it is somewhere
 * else, a landing that was given up may have moved it.
 */
export async function unexpected(
  tick: Tick,
  view: QueueView,
  main: Oid | undefined,
  now: Instant,
): Promise<Done | undefined> {
  const arrived = await arrivedLate(tick, view, main, now);
  if (arrived) return arrived;
  const { lastMain } = queueOf(view, now);
  if (lastMain === undefined || main === lastMain) return undefined;
  if (main !== undefined && (await tick.deps.repo.isAncestor(view.remote, lastMain, main)) === true)
    return commit(foreignPush(view, main, undefined, now));
  return commit(rewritten(view, main, await lostBeads(tick, view, main), undefined, now));
}

export const noTarget = (view: QueueView, now: Instant): Done =>
  blockOnce(
    view,
    `branch ${view.integration?.onto ?? view.target} does not exist on the remote: push it, or set refinery.target`,
    now,
  );

export function blockOnce(view: QueueView, because: string, now: Instant): Done {
  const waiting = openRequests(view).filter((request) => request.body.state === 'queued');
  const said = queueOf(view, now).blocked === because && waiting.every((request) => request.body.because === because);
  return said ? rest : commit(block(view, waiting, because, now));
}

async function requiredChecks(tick: Tick, view: QueueView): Promise<readonly string[]> {
  if (view.policy.requiredChecks.length > 0) return view.policy.requiredChecks;
  // A convoy's own branch has no protection: what it will land on says what is required.
  return (await tick.deps.codeHost.requiredChecks(view.remote, view.integration?.onto ?? view.target)) ?? [];
}

/**
 * The attempt is the fence here too: a request whose bead has moved on may not land; nor one of which another attempt has
 * landed, though the bead may not have heard of that yet.
 */
export async function staleAmong(
  tick: Tick,
  members: readonly Item<MergeRequest>[],
): Promise<readonly Item<MergeRequest>[]> {
  const { ledger } = tick.deps;
  const stale = await Promise.all(
    members.map(async ({ body: { bead: id, attempt } }) => {
      const bead = (await load.bead(ledger, id))?.body;
      if (!bead || hasEnded(bead) || bead.attempt !== attempt) return true;
      // A first attempt has none before it.
      return attempt > 1 && (await ledger.get(keys.landedBead(bead.rig, bead.target, id))) !== undefined;
    }),
  );
  return members.filter((_, i) => stale[i]);
}

export async function build(tick: Tick, view: QueueView, was: Item<Candidate>, now: Instant): Promise<Done> {
  const candidate = was.body;
  try {
    const result = await tick.deps.repo.buildChain(view.remote, {
      base: candidate.base,
      links: linksOf(view, candidate),
      strategy: candidate.strategy,
      candidateRef: candidate.ref,
      onFault: 'leave_out',
    });
    const out = result.ok ? result.leftOut : [result];
    if (result.ok && out.length === 0)
      return commit(await judge(tick, view, was, built(view, candidate, result.commits), now));
    const faults = out.map(({ link, why }) => ({ seq: candidate.members[link]?.seq ?? '', why }));
    const grown = await grownAmong(tick, view, faults);
    if (grown) return commit(takeNewHead(view, was, grown.request, grown.head, now));
    return commit((await alreadyThere(tick, view, was, faults, now)) ?? leaveOut(view, was, faults, now));
  } catch (error) {
    if (error instanceof RepoRefused) return commit(refused(view, undefined, error.message, now));
    // A remote that does not even say where its target is blames nobody.
    await readMain(tick, view);
    return commit(failBuild(view, was, error instanceof Error ? error.message : String(error), now));
  }
}

/** A convoy's branch to which somebody has pushed since it was submitted: what they added is tested and lands with it. */
async function grownAmong({ deps: { repo } }: Tick, view: QueueView, faults: readonly LeftOut[]) {
  for (const { seq, why } of faults) {
    const request = requestOf(view, seq);
    if (!request?.body.asIs || why.fault !== 'head_moved') continue;
    if ((await repo.isAncestor(view.remote, request.body.head, why.head)) === true) return { request, head: why.head };
  }
  return undefined;
}

/** The last commit is a new one after each run that failed with it: what was said of the old one stands against it for ever. */
function linksOf(view: QueueView, { members }: Candidate): readonly ChainLink[] {
  const last = members[members.length - 1];
  return members.flatMap(({ seq }) => {
    const request = requestOf(view, seq)?.body;
    return request ? [linkOf(request, seq === last?.seq ? request.failedRuns : 0)] : [];
  });
}

/** A built candidate: a pass for the same content is as good as a run; else its gates run. */
async function judge(
  tick: Tick,
  view: QueueView,
  was: Item<Candidate>,
  patch: Partial<Candidate>,
  now: Instant,
): Promise<Turn> {
  const candidate = { ...was.body, ...patch };
  if (view.policy.gates.length === 0) {
    if ((candidate.checks?.length ?? 0) === 0) return drop(view, was, 'no gate is configured any more', now);
    return gatesPassed(view, was, patch, { passedAt: now, because: 'no gate commands' }, now);
  }
  const pass = candidate.ofMain ? undefined : await passOf(tick, view, candidate, now);
  return pass ? reusePass(view, was, patch, pass, now) : launchGates(view, was, patch, now);
}

async function passOf(
  tick: Tick,
  view: QueueView,
  candidate: Candidate,
  now: Instant,
): Promise<TreeVerdict | undefined> {
  if (candidate.verdictKey === undefined) return undefined;
  const item = await tick.deps.ledger.get(keys.treeVerdict(view.rig, view.target, candidate.verdictKey));
  const pass = recordOf<TreeVerdict>(item)?.body;
  return pass && pass.tree === candidate.tree && pass.passedAt + view.policy.verdictExpiresMs > now ? pass : undefined;
}

/** Gates are done; the required checks of this very commit decide. */
export async function askCi(tick: Tick, view: QueueView, was: Item<Candidate>, now: Instant): Promise<Done> {
  const { id, commit: oid, checks = [] } = was.body;
  if (oid === undefined) throw new Error(`BUG: candidate ${id} was never built`);
  tick.asked.add(id);
  const required = await requiredChecks(tick, view);
  if (!sameNames(required, checks)) return commit(drop(view, was, otherChecks, now));
  const turn = afterChecks(view, was, readChecks(checks, await tick.deps.codeHost.checks(view.remote, oid)), now);
  return turn ? commit(turn) : again;
}

const otherChecks = 'other checks are required now';

/** Why a candidate that its checks have passed may not land after all: they say something else by now, or others are asked for. */
export async function passedNoMore(
  tick: Tick,
  view: QueueView,
  { commit: oid, checks = [] }: Candidate,
): Promise<string | undefined> {
  if (checks.length === 0 || oid === undefined) return undefined;
  if (!sameNames(await requiredChecks(tick, view), checks)) return otherChecks;
  const answer = readChecks(checks, await tick.deps.codeHost.checks(view.remote, oid));
  return answer.ci === 'passed' ? undefined : `its checks had succeeded, and do so no more: ${answer.because}`;
}

/** Before anyone is blamed: main's own checks, then the gates on main. */
export async function checkMain(tick: Tick, view: QueueView, now: Instant): Promise<Done> {
  const main = await readMain(tick, view);
  const moved = await unexpected(tick, view, main, now);
  if (moved || main === undefined) return moved ?? rest;
  const checks = view.policy.requireCi ? await requiredChecks(tick, view) : [];
  if (view.policy.requireCi && checks.length === 0) return blockOnce(view, uncheckable(view.rig), now);
  if (checks.length > 0) {
    const answer = readChecks(checks, await tick.deps.codeHost.checks(view.remote, main));
    if (answer.ci === 'failed') return commit(mainIsRed(view, undefined, answer.because, now));
    if (answer.ci === 'passed' && view.policy.gates.length === 0) return commit(mainIsGreen(view, undefined, now));
  }
  return commit(startMainCheck(view, tick.deps.ids.ulid(), main, { checks }, now));
}

/** What the bead hears: what failed, and what has landed that its branch has not seen, for it may fit none of that. */
export async function blame(
  tick: Tick,
  view: QueueView,
  decision: Extract<Decision, { do: 'reject' }>,
  now: Instant,
): Promise<Done> {
  const failed = evidenceAgainst(view, decision.id)?.because ?? '';
  const request = requestOf(view, decision.id)?.body;
  const branch = { head: request?.head ?? '', paths: request?.touched?.paths ?? [], onlyShared: false };
  const landed = request ? await landedSince(tick, view, branch) : [];
  return commit(reject(view, decision, explainRejection(failed, landed), now));
}
