/**
 * "The head that was submitted is the head that was merged. A new push to the branch sends it back to the queue." The
 * branch was where it was submitted at some moment since the tick began that lets it land; what a candidate is built of
 * is exactly the heads on record; and a request changes its head for a resolver's alone.
 */
import type { ChainRequest, ChainResult } from '../../../core/ports.ts';
import type { Candidate, Landing, MergeRequest } from '../../../core/refinery/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { Beginnings, Histories } from './memory.ts';
import { beadOf, callsOf, candidatesOf, changed, committerOf, planOf, queueNameOf } from './records.ts';

interface Built {
  readonly request: ChainRequest;
  readonly result: ChainResult;
}

export function submittedHeadIsMergedHead(): Invariant {
  const beginnings = new Beginnings();
  const branches = new Histories<string | undefined>();
  /** The last chain that a run has built. */
  const built = new Map<string, Built>();

  function look(seen: Seen): void {
    beginnings.look(seen);
    for (const { url, ref, to } of seen.moved) branches.of(`${url} ${ref}`).is(to?.oid, beginnings.now);
    for (const { who, args, answer } of callsOf(seen, 'repo', 'buildChain'))
      if (answer) built.set(who, { request: args[1], result: answer as ChainResult });
  }

  function landingBreach(seen: Seen, pk: string, landing: Landing): string | undefined {
    const { rig } = queueNameOf({ pk });
    const candidate = candidatesOf(seen, pk).find(({ id }) => id === landing.candidate);
    for (const { seq, bead } of landing.members) {
      const request = seen.get<MergeRequest>({ pk, sk: `MR#${seq}` })?.body;
      if (!request) continue;
      const { head, branch } = request;
      const member = candidate?.members.find((other) => other.seq === seq);
      if (candidate && member?.head !== head)
        return `landing ${landing.epoch} lands ${bead} at ${member?.head}, but ${head} was submitted`;
      const heads = branches
        .of(`${planOf(seen, rig)?.url} refs/heads/${branch}`)
        .since(beginnings.of(committerOf(seen)));
      if (!heads.includes(head))
        return `landing ${landing.epoch}: ${branch} was at ${heads.join(', ')}, not at ${head}`;
    }
    return undefined;
  }

  /** The beads are guarded in the commit that opens the landing; what is cancelled after that lands all the same. */
  function authorBreach(seen: Seen, { epoch, members }: Landing): string | undefined {
    for (const { bead, attempt } of members) {
      const author = beadOf(seen, bead);
      if (author?.status !== 'submitted' || author.attempt !== attempt)
        return `landing ${epoch} lands attempt ${attempt} of ${bead}, which is ${author?.status} in attempt ${author?.attempt}`;
    }
    return undefined;
  }

  function builtBreach(seen: Seen, pk: string, was: Candidate | undefined, is: Candidate): string | undefined {
    if (is.commit === undefined || was?.commit !== undefined) return undefined;
    const chain = built.get(committerOf(seen));
    if (!chain?.result.ok || chain.request.candidateRef !== is.ref || chain.request.base !== is.base)
      return `candidate ${is.id} is built, and nobody built it`;
    const { links } = chain.request;
    const commits = chain.result.commits;
    const differs = is.members.findIndex(
      ({ head, branch, commit }, i) =>
        links[i]?.head !== head || (branch !== undefined && links[i]?.branch !== branch) || commits[i]?.oid !== commit,
    );
    if (differs >= 0 || links.length !== is.members.length || is.commit !== (commits.at(-1)?.oid ?? is.base))
      return `candidate ${is.id} of ${pk} is not what was built: ${links.length} links, member ${differs} differs`;
    return undefined;
  }

  function headBreach(seen: Seen, was: MergeRequest | undefined, is: MergeRequest): string | undefined {
    if (was?.head === is.head) return undefined;
    if (was) {
      const resolver = was.resolver && beadOf(seen, was.resolver.bead);
      const isResolved =
        was.state === 'resolving' && resolver?.closedReason === 'resolved' && resolver.head === is.head;
      return isResolved ? undefined : `${is.bead}: the request's head went from ${was.head} to ${is.head}`;
    }
    const bead = beadOf(seen, is.bead);
    return bead?.head === is.head && bead.branch === is.branch && bead.attempt === is.attempt
      ? undefined
      : `${is.bead} is submitted at ${is.head} of ${is.branch}, but its attempt ${bead?.attempt} ended at ${bead?.head} of ${bead?.branch}`;
  }

  return {
    name: 'the submitted head is the merged head',
    check(seen) {
      look(seen);
      for (const { was, is } of changed(seen, 'request')) {
        const breach = is && headBreach(seen, was?.body, is.body);
        if (breach !== undefined) return breach;
      }
      for (const { key, was, is } of changed(seen, 'candidate')) {
        const breach = is && builtBreach(seen, key.pk, was?.body, is.body);
        if (breach !== undefined) return breach;
      }
      for (const { key, was, is } of changed(seen, 'landing')) {
        if (is?.body.state !== 'open' || was?.body.tries === is.body.tries) continue;
        const breach = (was ? undefined : authorBreach(seen, is.body)) ?? landingBreach(seen, key.pk, is.body);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  };
}
