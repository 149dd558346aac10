/** The moves from the line to a verdict: choose, build, launch, ask, blame. */
import { hasEnded } from '../../core/convoys/bead.ts';
import { RepoRefused } from '../../core/errors.ts';
import { keys } from '../../core/keys.ts';
import type { Instant, Item, Oid } from '../../core/ports.ts';
import {
  block,
  drop,
  linkFailed,
  recordBuilt,
  startCandidate,
  startMainCheck,
  withdrawStale,
} from '../../core/refinery/candidates.ts';
import {
  afterChecks,
  gatesPassed,
  launchGates,
  mainIsGreen,
  mainIsRed,
  readChecks,
  reusePass,
} from '../../core/refinery/gates.ts';
import { refused, rewritten } from '../../core/refinery/landing.ts';
import { linkOf } from '../../core/refinery/message.ts';
import { uncheckable } from '../../core/refinery/policy.ts';
import type { Candidate, MergeRequest, TreeVerdict } from '../../core/refinery/records.ts';
import { membersIn, openRequests, type QueueView, queueOf } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import { alreadyThere } from './already-there.ts';
import { lostBeads } from './lost.ts';
import { commit, type Done, readMain, rest, type Tick } from './tick.ts';

/** Takes the next change out of the line, onto the newest main. */
export async function start(
  tick: Tick,
  view: QueueView,
  members: readonly Item<MergeRequest>[],
  now: Instant,
): Promise<Done> {
  const stale = await staleAmong(tick, members);
  if (stale.length > 0) return commit(withdrawStale(view, stale, now));
  const main = tick.main === undefined ? await readMain(tick, view) : (tick.main ?? undefined);
  const moved = await unexpected(tick, view, main, now);
  if (moved) return moved;
  if (main === undefined)
    return blockOnce(view, `branch ${view.target} does not exist on the remote: push it, or set refinery.target`, now);
  const checks = view.policy.requireCi ? await requiredChecks(tick, view) : [];
  if (view.policy.requireCi && checks.length === 0) return blockOnce(view, uncheckable(view.rig), now);
  return commit(startCandidate(view, tick.deps.ids.ulid(), { base: main, members, checks }, now));
}

/** Main must contain what it was when it was last read: anything else is for a human to judge. */
async function unexpected(tick: Tick, view: QueueView, main: Oid | undefined, now: Instant): Promise<Done | undefined> {
  const { lastMain } = queueOf(view, now);
  if (lastMain === undefined || main === lastMain) return undefined;
  if (main !== undefined && (await tick.deps.repo.isAncestor(view.remote, lastMain, main)) === true) return undefined;
  return commit(rewritten(view, main, await lostBeads(tick, view, main), {}, now));
}

function blockOnce(view: QueueView, because: string, now: Instant): Done {
  const waiting = openRequests(view).filter((request) => request.body.state === 'queued');
  const said = queueOf(view, now).blocked === because && waiting.every((request) => request.body.because === because);
  return said ? rest : commit(block(view, waiting, because, now));
}

async function requiredChecks(tick: Tick, view: QueueView): Promise<readonly string[]> {
  if (view.policy.requiredChecks.length > 0) return view.policy.requiredChecks;
  return (await tick.deps.codeHost.requiredChecks(view.remote, view.target)) ?? [];
}

/** The attempt is the fence here too: a request whose bead has moved on may not land. */
export async function staleAmong(
  tick: Tick,
  members: readonly Item<MergeRequest>[],
): Promise<readonly Item<MergeRequest>[]> {
  const beads = await Promise.all(members.map((member) => load.bead(tick.deps.ledger, member.body.bead)));
  return members.filter((member, i) => {
    const bead = beads[i]?.body;
    return !bead || hasEnded(bead) || bead.attempt !== member.body.attempt;
  });
}

export async function build(tick: Tick, view: QueueView, was: Item<Candidate>, now: Instant): Promise<Done> {
  const candidate = was.body;
  const members = membersIn(view, candidate);
  try {
    const result = await tick.deps.repo.buildChain(view.remote, {
      base: candidate.base,
      links: members.map((member) => linkOf(member.body)),
      strategy: candidate.strategy,
      candidateRef: candidate.ref,
    });
    if (result.ok) return commit(recordBuilt(view, was, result.commits, now));
    const landed =
      result.why.fault === 'empty' ? await alreadyThere(tick, view, was, members[result.link], now) : undefined;
    return commit(landed ?? linkFailed(view, was, result.link, result.why, now));
  } catch (error) {
    if (error instanceof RepoRefused) return commit(refused(view, undefined, error.message, now));
    throw error;
  }
}

/** A built candidate: a pass for the same content is as good as a run; else its gates run. */
export async function judge(tick: Tick, view: QueueView, was: Item<Candidate>, now: Instant): Promise<Done> {
  const candidate = was.body;
  if (candidate.suspect !== undefined)
    return commit(view.policy.gates.length > 0 ? launchGates(view, was, now) : mainIsGreen(view, was, now));
  if (view.policy.gates.length === 0) {
    if ((candidate.checks?.length ?? 0) === 0) return commit(drop(view, was, 'no gate is configured any more', now));
    return commit(gatesPassed(view, was, { passedAt: now, because: 'no gate commands' }, now));
  }
  const pass = await passOf(tick, view, candidate, now);
  return commit(pass ? reusePass(view, was, pass, now) : launchGates(view, was, now));
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
  const { commit: oid, checks = [] } = was.body;
  if (oid === undefined) throw new Error(`BUG: candidate ${was.body.id} was never built`);
  const turn = afterChecks(view, was, readChecks(checks, await tick.deps.codeHost.checks(view.remote, oid)), now);
  return turn ? commit(turn) : rest;
}

/** Before anyone is blamed: main's own checks, then the gates on main. */
export async function checkMain(tick: Tick, view: QueueView, failed: Item<Candidate>, now: Instant): Promise<Done> {
  const { base, checks = [] } = failed.body;
  if (checks.length > 0) {
    const answer = readChecks(checks, await tick.deps.codeHost.checks(view.remote, base));
    if (answer.ci === 'failed') return commit(mainIsRed(view, failed, undefined, answer.because, now));
  }
  return commit(startMainCheck(view, tick.deps.ids.ulid(), failed, now));
}

/** The gates gave no verdict about main, or a bad one: whose failure brought this up is not blamed. */
export function redMain(view: QueueView, check: Item<Candidate>, now: Instant): Done {
  const failed = view.candidates.find((other) => other.body.id === check.body.suspect);
  return commit(mainIsRed(view, failed, check, check.body.because, now));
}
