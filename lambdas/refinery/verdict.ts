/** What a gate task and the town say to each other. The API has made sure that the caller is the task it says it is. */
import { refuse } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Ack, GateJob, Verdict } from '../../core/polecats/protocol.ts';
import { takeVerdict } from '../../core/refinery/gates.ts';
import { contentOf, type Policy, policyOf, verdictKeyOf } from '../../core/refinery/policy.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { candidateInRun, type GateSubject } from './launch-gate.ts';

export { launchGate } from './launch-gate.ts';

const superseded = { superseded: true } as const;

/** What to run, on what. The commands are those that the verdict will be bound to, or there is no job. */
export async function claimGate(
  deps: Pick<CommandDeps, 'ledger'>,
  subject: GateSubject,
): Promise<GateJob | { readonly superseded: true }> {
  const item = await candidateInRun(deps.ledger, subject);
  if (!item?.body.commit) return superseded;
  const candidate = item.body;
  const { rig, config } = await load.rigConfig(deps.ledger, subject.rig);
  const policy = policyOf(config);
  if (!isBound(candidate, policy)) return superseded;
  return {
    kind: 'gate',
    remoteUrl: rig.url,
    ref: candidate.ref,
    commit: item.body.commit,
    gates: policy.gates,
    beatEveryMs: limits.heartbeatEveryMs,
  };
}

/** The gates of the rig are still those that the candidate's verdict was to be about. */
const isBound = (candidate: Candidate, policy: Policy): boolean =>
  verdictKeyOf(contentOf(candidate), policy, candidate.checks ?? []) === candidate.verdictKey;

/**
 * Takes the verdict of the run that the candidate waits for; of any other run it is ignored. A verdict for another
 * commit than the candidate's is refused: whatever was tested, it is not what would land.
 */
export const acceptVerdict = (deps: CommandDeps, verdict: Verdict & { readonly subject: GateSubject }): Promise<Ack> =>
  runCommand<Ack>(deps, 'verdict', async (now) => {
    const { subject } = verdict;
    const was = await candidateInRun(deps.ledger, subject);
    if (!was) return { result: superseded };
    if (verdict.result !== 'infra' && verdict.commit !== was.body.commit) throw otherCommit(was.body, verdict.commit);
    const { config } = await load.rigConfig(deps.ledger, subject.rig);
    const policy = policyOf(config);
    const at = { rig: subject.rig, target: subject.target, expiresMs: policy.verdictExpiresMs };
    const wanted = isBound(was.body, policy) ? policy.gates.map(({ name }) => name) : [];
    return { step: takeVerdict(at, was, asGiven(verdict, wanted), now), result: { accepted: true } };
  });

/** A pass in which a gate did not end with 0, or no gate ran, is none; one in which a gate is missing blames nobody. */
function asGiven(verdict: Verdict, wanted: readonly string[]): Verdict {
  if (verdict.result !== 'passed') return verdict;
  if (verdict.gates.length === 0 || verdict.gates.some((gate) => gate.exitCode !== 0))
    return { ...verdict, result: 'failed' };
  const missing = wanted.find((name) => !verdict.gates.some((gate) => gate.name === name));
  if (missing === undefined) return verdict;
  const never = {
    name: missing,
    exitCode: null,
    ms: 0,
    detail: `the verdict says passed, but gate ${missing} never ran`,
  };
  return { ...verdict, result: 'infra', gates: [...verdict.gates, never] };
}

const otherCommit = (candidate: Candidate, commit: string) =>
  refuse(
    409,
    'VERDICT_OTHER_COMMIT',
    `The verdict is about ${commit}, but candidate ${candidate.id} is ${candidate.commit ?? 'not built'}.`,
    'Check out exactly the commit that the job names.',
  );
