/** A CI: it runs on what is pushed to main and to branches of candidates, and tells the town what came of it; or does not. */
import { Unavailable } from '../../../core/errors.ts';
import type { CheckState } from '../../../core/ports.ts';
import type { Commit } from '../git/objects.ts';
import { faultsOf } from '../git/truth.ts';
import { Actor } from '../kernel/actor.ts';
import type { Random } from '../kernel/random.ts';
import type { RigPlan } from '../kernel/scenario.ts';
import type { MakeCi, RefMoved, Stage } from '../kernel/stage.ts';

const check = 'ci';
const listensTo = /^refs\/heads\/(main$|gastown\/|integration\/)/;
const runMinMs = 10_000;
const sendTriesMax = 4;
const sendRestMs = 5_000;
const rerunMinMs = 2 * 60_000;
const rerunMaxMs = 45 * 60_000;

type Pushed = RefMoved & { readonly to: Commit };

export const makeCi: MakeCi = (stage) => {
  let runs = 0;
  stage.git.onMoved((moved) => {
    const { url, ref, to } = moved;
    if (!to || !listensTo.test(ref)) return;
    for (const rig of stage.scenario.rigs) {
      if (rig.url !== url || !rig.requireCi) continue;
      runs += 1;
      const actor = new Actor(`ci ${runs} of ${rig.name}`);
      void stage.scheduler.run(actor, () => run(stage, actor, rig, { ...moved, to }));
    }
  });
};

/**
 * Until it has said how it is, or nobody asks any more: what got lost or was cancelled, or calls main broken when it is not,
 * somebody starts again in the end.
 */
async function run(stage: Stage, actor: Actor, rig: RigPlan, pushed: Pushed): Promise<void> {
  const random = stage.random(actor.name);
  const origin = stage.git.origin(rig.url);
  while (
    !(await runOnce(stage, actor, rig, pushed, random)) &&
    (origin.at(pushed.ref) === pushed.to || isMain(stage, rig, pushed.to))
  )
    await stage.scheduler.sleep(actor, random.between(rerunMinMs, rerunMaxMs));
}

const isMain = ({ git }: Stage, { url }: RigPlan, commit: Commit): boolean => git.origin(url).branch('main') === commit;

/** True if the town knows what came of it. */
async function runOnce(
  stage: Stage,
  actor: Actor,
  rig: RigPlan,
  { to: commit }: Pushed,
  random: Random,
): Promise<boolean> {
  const { ci } = rig;
  const say = (state: CheckState): Promise<boolean> => tell(stage, actor, rig, commit, state);
  const early = random.chance(0.5);
  if (early) await say('pending');
  await stage.scheduler.sleep(actor, random.between(runMinMs, Math.max(runMinMs, ci.slowMs)));
  if (random.chance(ci.lost)) return false;
  if (random.chance(ci.infra)) return (await say(random.pick(['error', 'cancelled']))) && false;
  const isSound = faultsOf(commit.tree).length === 0;
  const state = isSound && !random.chance(ci.flakes) ? 'success' : 'failure';
  if (!(await say(state))) return false;
  if (random.chance(ci.duplicate)) await say(state);
  // What it said at first arrives last, and what came of it once more after that.
  if (!early && random.chance(ci.contradicts) && !((await say('pending')) && (await say(state)))) return false;
  const takesBack = random.chance(ci.contradicts);
  if (takesBack && !(await say(state === 'success' ? 'failure' : 'success'))) return false;
  const isCalledBroken = takesBack ? state === 'success' : state === 'failure';
  return !(isSound && isCalledBroken && isMain(stage, rig, commit));
}

async function tell(stage: Stage, actor: Actor, rig: RigPlan, commit: Commit, state: CheckState): Promise<boolean> {
  const body = { commit: commit.oid, context: check, state };
  for (let tries = 1; tries <= sendTriesMax; tries += 1) {
    try {
      const { status } = await stage.api(actor, { method: 'POST', path: `/v1/rigs/${rig.name}/statuses`, body });
      if (status < 500) return status < 300;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    await stage.scheduler.sleep(actor, sendRestMs);
  }
  return false;
}
