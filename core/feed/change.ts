/**
 * One change of a merge queue, in a paragraph: where it is, what was tested with it, what failed, how likely it is to be
 * to blame, what happens next, and when. Pure: the queue as it was read goes in, words come out.
 */
import type { BeadId } from '../keys.ts';
import type { Instant } from '../ports.ts';
import { riskOfSeq } from '../refinery/changes.ts';
import { type Chain, onBoard } from '../refinery/planner/board.ts';
import { flakeChance } from '../refinery/planner/estimate.ts';
import { isCertain } from '../refinery/planner/rejection.ts';
import type { Candidate, MergeRequest, MergeRequestState } from '../refinery/records.ts';
import { shownOf } from '../refinery/shown.ts';
import { activeCandidates, boardOf, estimatesOf, type QueueView } from '../refinery/view.ts';
import { aboutRun, beadOfSeq } from './queue.ts';
import { asSentence, counted, listed, percent, span } from './words.ts';

interface RunThatFailed {
  readonly candidate: string;
  /** What else was in it. */
  readonly with: readonly BeadId[];
  readonly because: string;
  /** Blob: the gates' output. */
  readonly evidence?: string;
}

export interface ChangeAccount {
  readonly state: MergeRequestState;
  /** One paragraph. */
  readonly account: string;
  /** The run that it is in. */
  readonly candidate?: string;
  /** What that run tests besides it. */
  readonly testedWith: readonly BeadId[];
  /** Runs that failed with it, and count against it as long as nothing explains them otherwise; newest first. */
  readonly failures: readonly RunThatFailed[];
  /** That it is the first bad change of its chain. */
  readonly blame?: number;
  readonly evidence?: string;
  /** Commands that a human may want now. */
  readonly todo: readonly string[];
}

/** Its place among those that are open, as the queue's picture has it. */
export interface Place {
  readonly position: number;
  readonly of: number;
  readonly overtaken: number;
  readonly landsAt?: Instant;
}

/** What the paragraph is made of. */
interface Case {
  readonly view: QueueView;
  readonly request: MergeRequest;
  readonly chain: Chain | undefined;
  /** Its own run, or that of its chain. */
  readonly run: Candidate | undefined;
  readonly isInRun: boolean;
  readonly failures: readonly RunThatFailed[];
  readonly blame: number | undefined;
}

export function accountOfChange(view: QueueView, request: MergeRequest, place: Place, now: Instant): ChangeAccount {
  const at = caseOf(view, request);
  const { state, evidence } = shownOf(view, request);
  const newest = at.failures.find((failure) => failure.evidence !== undefined)?.evidence ?? evidence;
  const sentences = [
    whereIs(at, place),
    ...whatFailed(at),
    whatNext(at),
    whenLands(at, place, now),
    ...whatHolds(view, request, now),
  ];
  return {
    state,
    account: sentences.filter((sentence) => sentence !== '').join(' '),
    ...(at.run && at.isInRun ? { candidate: at.run.id } : {}),
    testedWith: at.run && at.isInRun ? othersIn(at.run, request.seq) : [],
    failures: at.failures,
    ...(at.blame === undefined ? {} : { blame: at.blame }),
    ...(newest === undefined ? {} : { evidence: newest }),
    todo: todoOf(at, newest),
  };
}

function caseOf(view: QueueView, request: MergeRequest): Case {
  const { seq } = request;
  const chain = boardOf(view).chains.find(({ members }) => members.includes(seq));
  const active = activeCandidates(view).map(({ body }) => body);
  const own = active.find(({ members }) => members.some((member) => member.seq === seq));
  const failures = view.candidates
    .map(({ body }) => body)
    .filter((run) => chain && run.counted && run.chain === chain.id && run.members.some((one) => one.seq === seq))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .map(({ id, because, evidence, ...run }) => ({
      candidate: id,
      with: othersIn(run, seq),
      because,
      ...(evidence === undefined ? {} : { evidence }),
    }));
  const { blame } = shownOf(view, request);
  return {
    view,
    request,
    chain,
    run: own ?? (chain && active.find((run) => run.chain === chain.id)),
    isInRun: own !== undefined,
    failures: blame === undefined ? [] : failures,
    blame,
  };
}

const othersIn = ({ members }: Pick<Candidate, 'members'>, seq: string): readonly BeadId[] =>
  members.flatMap((member) => (member.seq === seq ? [] : [member.bead]));

function whereIs({ view, request, chain, run, isInRun }: Case, { position, of, overtaken }: Place): string {
  const { bead, state, because, held, seq } = request;
  const { target } = view;
  const landing = view.landings.find(
    ({ body }) => body.state !== 'given_up' && body.members.some((member) => member.seq === seq),
  );
  if (landing)
    return `${bead} has passed and is being landed on ${target}: landing ${landing.body.epoch} ${landing.body.because}.`;
  if (state !== 'queued') return `${bead}: ${asSentence(because)}`;
  const isJoined = boardOf(view).joined.includes(seq);
  if (!onBoard(boardOf(view)).has(seq)) {
    const passed = overtaken > 0 ? `, overtaken by ${counted(overtaken, 'later change')} so far` : '';
    const line = `${bead} is number ${position} of ${of} in the queue of ${view.rig} ${target}${passed}`;
    return held || because !== 'waits for its turn' ? `${line}: ${because}.` : `${line}.`;
  }
  const joined = isJoined
    ? `${bead} passed, but on a ${target} that had moved by then: it has joined what lands next. `
    : '';
  if (!run) return `${joined}${joined ? 'It' : bead} is under test, and no run is about it now.`;
  const since = run.state === 'planned' ? 'being built' : `${run.state}: ${run.because}`;
  const tests = `candidate ${run.id} tests ${aboutRun(view, run)} (${since})`;
  if (isInRun) return `${joined}${asSentence(tests)}`;
  const members = chain?.members.map((one) => beadOfSeq(view, one)) ?? [];
  return `${bead} is one of ${listed(members)}, of which ${tests}.`;
}

const failuresTold = 3;

function whatFailed({ request, failures, blame, chain }: Case): string[] {
  if (blame === undefined) return [];
  const told = failures.slice(0, failuresTold).map(({ candidate, with: others, because }) => {
    const company = others.length === 0 ? 'it alone' : `it with ${listed(others)}`;
    return `${candidate} (${company}): ${because}`;
  });
  const more = failures.length > failuresTold ? ` and ${failures.length - failuresTold} before` : '';
  const runs = told.length > 0 ? `${counted(failures.length, 'run')} failed with it: ${told.join('; ')}${more}. ` : '';
  const among = (chain?.members.length ?? 1) > 1 ? ' that it is the first bad one of its chain' : ' that it is bad';
  return [`${runs}The chance${among} is ${percent(blame)}${request.retries > 0 ? ', going by its retries too' : ''}.`];
}

/** What either verdict of the run under way means for it. */
function whatNext({ view, request, chain, run, isInRun, blame }: Case): string {
  if (request.held) return `A human lets it go with gt mq retry ${request.bead}, or rejects it.`;
  if (activeCandidates(view).some(({ body }) => body.ofMain))
    return `${view.target} itself is being tested first: nobody is blamed for what it does by itself.`;
  if (!chain) return '';
  if (!run && isConvicted(view, chain, request.seq))
    return boardOf(view).passedSinceCulprit
      ? 'That is proof enough: it goes back to its polecat with the output.'
      : `That is proof enough, but nothing has passed since the last rejection: before this one goes too, a run must pass, or ${view.target} itself.`;
  if (!run) return blame === undefined ? '' : 'The next run tests it, or what stands before it in its chain, again.';
  if (isInRun && run.state === 'passed')
    return `That lands now; if ${view.target} has moved meanwhile, it joins what lands next.`;
  const own = run.members.filter(({ seq }) => chain.members.includes(seq));
  if (!isInRun)
    return 'If that run passes, the search goes on with what is left of the chain; if it fails, this one returns to the line.';
  if (own.length === 1 && blame !== undefined)
    return 'If it passes, the failures before were not its fault and it lands; if it fails again, it goes back to its polecat with the output.';
  if (own.length === 1)
    return 'If it passes, it lands; if it fails, it is tested again before it is sent back, unless one run is proof enough.';
  return `If it passes, ${counted(own.length, 'change')} land together; if it fails, fewer of them are tested next, until the culprit stands alone.`;
}

function isConvicted(view: QueueView, { members, failures }: Chain, seq: string): boolean {
  const risks = members.map((one) => riskOfSeq(view, one));
  return members[0] === seq && isCertain(seq, risks, failures, flakeChance(estimatesOf(view)));
}

function whenLands({ request, blame }: Case, { landsAt }: Place, now: Instant): string {
  if (landsAt === undefined || request.held) return '';
  const when = landsAt <= now ? 'any moment now' : `in about ${span(landsAt - now)}`;
  return blame === undefined ? `It may land ${when}.` : `Unless it is to blame, it may land ${when}.`;
}

/** Why nothing moves at all, if so. */
function whatHolds({ meta, rig, target }: QueueView, { because }: MergeRequest, now: Instant): string[] {
  const { paused, blocked, trouble, restUntil } = meta?.body ?? {};
  if (paused) {
    const mended = paused.by === 'refinery' ? 'that is mended and ' : '';
    return [
      `The queue is paused by ${paused.by} (${paused.because}): nothing is tested or landed until ${mended}someone says gt mq resume ${rig} --target ${target}.`,
    ];
  }
  if (blocked !== undefined) return blocked === because ? [] : [`Nothing is tested: ${blocked}.`];
  const rests = restUntil !== undefined && restUntil > now ? `The queue rests for ${span(restUntil - now)}.` : '';
  const failed = trouble ? `${trouble.times === 1 ? '' : `${trouble.times} times in a row: `}${trouble.text}` : '';
  return [rests, failed === '' ? '' : `What went wrong last: ${asSentence(failed)}`].filter((text) => text !== '');
}

function todoOf({ request, view }: Case, evidence: string | undefined): string[] {
  return [
    ...(evidence === undefined ? [] : [`gt mq log ${request.bead}`]),
    ...(request.resolver && request.state === 'resolving' ? [`gt why ${request.resolver.bead}`] : []),
    ...(request.held ? [`gt mq retry ${request.bead}`] : []),
    ...(view.meta?.body.paused ? [`gt mq resume ${view.rig} --target ${view.target}`] : []),
  ];
}

/** A change that has left the queue: what became of it. */
export function accountOfEnded(target: string, request: MergeRequest): ChangeAccount {
  const { bead, state, because, evidence, commit, submittedAt, endedAt = submittedAt } = request;
  const after = `${span(endedAt - submittedAt)} after it was handed in`;
  const account =
    state === 'landed'
      ? `${bead} landed on ${target} as ${commit?.slice(0, 10) ?? 'a commit that was there already'}, ${after}.`
      : `${bead} left the queue of ${target} ${after}, ${state}: ${asSentence(because)} Its bead goes on from there: gt why ${bead}.`;
  return {
    state,
    account,
    testedWith: [],
    failures: [],
    ...(evidence === undefined ? {} : { evidence }),
    todo: [...(evidence === undefined ? [] : [`gt mq log ${bead}`]), ...(state === 'landed' ? [] : [`gt why ${bead}`])],
  };
}
