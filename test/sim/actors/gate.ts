/** A gate task after its claim: a checkout of one commit, a while, a verdict; and every way in which that goes wrong. */
import type { GateJob, Verdict } from '../../../core/polecats/protocol.ts';
import type { Oid } from '../../../core/ports.ts';
import { isAncestor } from '../git/history.ts';
import { faultsOf } from '../git/truth.ts';
import type { CiPlan } from '../kernel/scenario.ts';
import { find, nowhere } from './clone.ts';
import { Beats, post, reportPatienceMs, type Task } from './task.ts';

type Result = Verdict['result'];

const ways = ['crashes', 'hangs', 'is late'] as const;
const runMinMs = 5_000;

export async function runGate(task: Task, job: GateJob): Promise<string> {
  const { stage, actor, random } = task;
  const plan = stage.scenario.rigs.find(({ url }) => url === job.remoteUrl)?.ci ?? honest;
  const way = random.chance(plan.lost) ? random.pick(ways) : undefined;
  if (way === 'is late') task.deaf = true;
  const beats = new Beats(task);
  const commit = await stage.scheduler.call(actor, 'clone', () => checkOut(task, job));
  await task.moment('cloned');
  beats.enter('checking', job.gates[0]?.name ?? '');
  await run(task, job, plan, way);
  if (way === 'crashes') await task.die();
  await task.moment('worked');
  await beats.stop();
  if (way === 'is late' && random.stream('cut off').chance(0.5)) await task.vanish();
  const { interrupt } = task;
  if (interrupt.why === 'superseded' && !task.deaf) return 'superseded';
  const result =
    commit && !interrupt.why && !random.chance(plan.infra)
      ? judge(faultsOf(commit.tree).length === 0, plan, task)
      : 'infra';
  return speak(task, job, plan, result);
}

const honest: CiPlan = { flakes: 0, infra: 0, lost: 0, duplicate: 0, contradicts: 0, slowMs: 60_000 };

/** The ref is to hold the commit. */
function checkOut({ stage }: Task, { remoteUrl, ref, commit: oid }: GateJob) {
  const origin = stage.git.origin(remoteUrl);
  const [tip, commit] = [find(origin, ref), find(origin, oid)];
  return tip && commit && isAncestor(commit, tip) ? commit : undefined;
}

async function run(task: Task, job: GateJob, plan: CiPlan, way: (typeof ways)[number] | undefined): Promise<void> {
  const { stage, actor, random, interrupt } = task;
  const limitMs = job.gates.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  const longestMs = Math.max(runMinMs, Math.min(plan.slowMs, Math.floor(limitMs * 0.8)));
  const ms = way === 'hangs' ? limitMs : way === 'is late' ? limitMs * 3 : random.between(runMinMs, longestMs);
  await stage.scheduler.sleep(actor, ms, task.deaf ? undefined : interrupt.signal);
  if (way === 'hangs') interrupt.raise('stopped');
}

/** A flake fails what is good; no gate passes what is bad. */
const judge = (good: boolean, plan: CiPlan, { random }: Task): Result =>
  good && !random.chance(plan.flakes) ? 'passed' : 'failed';

async function speak(task: Task, job: GateJob, plan: CiPlan, result: Result): Promise<string> {
  const { random } = task;
  const say = async (what: Result, commit: Oid): Promise<string> => {
    const exitCode = what === 'passed' ? 0 : what === 'failed' ? 1 : null;
    const gates = job.gates.map(({ name }) => ({ name, exitCode, ms: 1000, detail: '' }));
    const verdict: Verdict = {
      subject: task.subject,
      result: what,
      commit,
      gates: what === 'passed' ? gates : gates.slice(0, 1),
    };
    const answer = await post(task, 'verdict', verdict, () => reportPatienceMs);
    return 'superseded' in answer ? 'superseded' : what;
  };
  // What it tested is not what it was to test: that is refused, and then it says the truth.
  if (random.chance(plan.contradicts * 0.3)) await say('passed', nowhere(random)).catch(() => undefined);
  const answer = await say(result, job.commit);
  await task.moment('reported');
  if (random.chance(plan.duplicate)) await say(result, job.commit);
  if (random.chance(plan.contradicts)) await say(result === 'passed' ? 'failed' : 'passed', job.commit);
  return answer;
}
