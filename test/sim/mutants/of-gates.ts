/** Bugs around verdicts: what counts as a pass, whom a failure blames, and what becomes of the others. */
import { type Mutant, mutant } from './mutant.ts';

const gates = 'core/refinery/gates.ts';
const noVerdict = 'core/refinery/no-verdict.ts';
const testing = 'lambdas/refinery/testing.ts';
const plan = 'core/refinery/plan.ts';
const board = 'core/refinery/planner/board.ts';

export const ofGates: readonly Mutant[] = [
  mutant(
    'counts a launched gate as passed',
    'what lands is what was tested',
    gates,
    "state: 'running',\n          gateRun,",
    "state: 'passed',\n          passedAt: now,\n          gateRun,",
  ),
  mutant(
    'keeps a failure as a pass',
    'a failure is never reused',
    gates,
    "changes: [save({ state: 'failed', because: failureOf(verdict) })],",
    "changes: [save({ state: 'failed', because: failureOf(verdict) }), ...treePass(at, was.body, verdict.evidence, now)],",
  ),
  mutant(
    'takes the pass of another tree',
    'a pass binds to its tree',
    'core/refinery/policy.ts',
    'sha256(JSON.stringify([tree, [...checks].sort(),',
    "sha256(JSON.stringify(['tree', [...checks].sort(),",
    { file: testing, find: 'return pass && pass.tree === candidate.tree &&', replace: 'return pass &&' },
  ),
  mutant(
    'ignores that a pass has expired',
    'a pass expires',
    plan,
    'if ((candidate.passedAt ?? 0) + view.policy.verdictExpiresMs <= now) {',
    'if (candidate.passedAt === undefined) {',
  ),
  mutant(
    'ignores that the gates were changed',
    'a pass binds to the commands that it ran',
    plan,
    'const { checks = [], verdictKey } = candidate;\n  if (policy.requireCi !==',
    'const { checks = [], verdictKey } = candidate;\n  if (verdictKey !== undefined) return false;\n  if (policy.requireCi !==',
  ),
  mutant(
    'takes a verdict about another commit',
    'the verdict is about the very commit that would land',
    'lambdas/refinery/verdict.ts',
    "if (verdict.result !== 'infra' && verdict.commit !== was.body.commit) throw otherCommit(was.body, verdict.commit);",
    '',
  ),
  mutant(
    'lets a verdict be taken back',
    'the first verdict of a run counts',
    'lambdas/refinery/launch-gate.ts',
    "item?.body.state === 'running' && item.body.gateRun === at.gateRun && item.body.gatesPassedAt === undefined;",
    'item !== undefined;',
    {
      file: 'lambdas/api/polecat-protocol.ts',
      find: "if (candidate?.gateRun !== subject.gateRun || candidate.state !== 'running') return false;",
      replace: 'return candidate !== undefined;',
    },
  ),
  mutant('counts a missing check as passed', 'a missing check is not passed', gates, "?? 'missing',", "?? 'success',"),
  mutant(
    'counts a cancelled check as passed',
    'a cancelled check is not passed',
    gates,
    "const open = states.filter(({ state }) => state !== 'success');",
    "const open = states.filter(({ state }) => state === 'pending' || state === 'missing');",
  ),
  mutant(
    'reads the checks of the base',
    'the landed commit carries its own statuses',
    testing,
    'readChecks(checks, await tick.deps.codeHost.checks(view.remote, oid)), now)',
    'readChecks(checks, await tick.deps.codeHost.checks(view.remote, was.body.base)), now)',
  ),
  mutant(
    'counts infrastructure as a failure',
    'infrastructure is never blamed on a change',
    gates,
    'return { changes: [save(infra)], effects: [wake], events: events(infra.because) };',
    "return { changes: [save({ ...infra, state: 'failed' })], effects: [wake], events: events(infra.because) };",
  ),
  mutant(
    'counts a lost gate as a failure',
    'infrastructure is never blamed on a change',
    noVerdict,
    'changes: [saveQueue(view, {}, now), saveCandidate(was, afterInfra(was.body, because, now))],\n    effects: was.body.taskId',
    "changes: [saveQueue(view, {}, now), saveCandidate(was, { state: 'failed', because })],\n    effects: was.body.taskId",
  ),
  mutant(
    'never gives up on a lost gate',
    'infrastructure is retried with a bound',
    plan,
    "return { do: 'lose_gate', candidate: was, because: 'the gate task ended without a verdict' };",
    "return { do: 'rest' };",
    {
      file: plan,
      find: "if (deadline <= now) return { do: 'lose_gate', candidate: was, because: 'the gates gave no verdict in time' };",
      replace: '',
    },
  ),
  mutant(
    'counts a failure again and again',
    'a failure counts once',
    gates,
    'replace(was, { ...was.body, counted: true }),',
    'replace(was, { ...was.body }),',
  ),
  mutant(
    'blames without a look at main',
    'nobody is rejected before main has passed',
    'core/refinery/planner/next.ts',
    'if (culprit && plan.board.passedSinceCulprit) return reject(plan, culprit);',
    'if (culprit) return reject(plan, culprit);',
  ),
  mutant(
    'blames whoever stood on a suspect',
    'only on landed main is anyone rejected',
    'core/refinery/planner/rejection.ts',
    'return first?.onMain === true && isEnough(',
    'return first !== undefined && isEnough(',
  ),
  mutant(
    'rejects the last of a chain for the first',
    'only the culprit is rejected',
    gates,
    '.filter((candidate) => candidate.counted && candidate.members[candidate.members.length - 1]?.seq === seq)',
    '.filter((candidate) => candidate.counted)',
    {
      file: 'core/refinery/planner/next.ts',
      find: "return { do: 'reject', chain: chain.id, id: chain.members[0] ?? '', falseChance };",
      replace: "return { do: 'reject', chain: chain.id, id: chain.members.at(-1) ?? '', falseChance };",
    },
  ),
  mutant(
    'loses the tail after a rejection',
    'the others of a rejected chain return to the line',
    gates,
    'returned,\n    ),',
    `returned,
      ...boardOf(view)
        .chains.filter(({ id }) => id === decision.chain)
        .flatMap(({ members }) => members.filter((seq) => seq !== decision.id))
        .flatMap((seq) => requestOf(view, seq) ?? [])
        .map((other) => ({ changes: [saveRequest(other, ['withdrawn'], { because: 'its chain was rejected' })] })),
    ),`,
  ),
  mutant(
    'leaves a withdrawn change on the board',
    'every open request is in exactly one place',
    board,
    'chains: board.chains.map((chain) => cutBefore(chain, gone)),\n    held:',
    'chains: board.chains,\n    held:',
  ),
  mutant(
    'accepts a resolution that nobody looked at',
    'a resolver may not delete tests or change what is not in conflict',
    'lambdas/refinery/judge-resolution.ts',
    'if (fault !== undefined) return commit(refuseResolution(view, was, fault, now));',
    '',
  ),
  mutant(
    'tests and lands while the town is stopped',
    'estop is obeyed',
    plan,
    'if (queue.paused || facts.stopped) return atRest(view, queue, now);',
    'if (queue.paused) return atRest(view, queue, now);',
  ),
  mutant(
    'tests and lands while its queue is paused',
    'a paused queue starts nothing',
    plan,
    'if (queue.paused || facts.stopped) return atRest(view, queue, now);',
    'if (facts.stopped) return atRest(view, queue, now);',
  ),
];
