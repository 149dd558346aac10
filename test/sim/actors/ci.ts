/** A CI: it runs on what is pushed to main and to branches of candidates, and tells the town what came of it; or does not. */
import { Unavailable } from '../../../core/errors.ts';
import type { CheckState } from '../../../core/ports.ts';
import type { Commit } from '../git/objects.ts';
import { faultsOf } from '../git/truth.ts';
import { Actor } from '../kernel/actor.ts';
import type { RigPlan } from '../kernel/scenario.ts';
import type { MakeCi, Stage } from '../kernel/stage.ts';

const check = 'ci';
const listensTo = /^refs\/heads\/(main$|gastown\/|integration\/)/;
const runMinMs = 10_000;
const sendTriesMax = 4;
const sendRestMs = 5_000;

export const makeCi: MakeCi = (stage) => {
  let runs = 0;
  stage.git.onMoved(({ url, ref, to }) => {
    if (!to || !listensTo.test(ref)) return;
    for (const rig of stage.scenario.rigs) {
      if (rig.url !== url || !rig.requireCi) continue;
      runs += 1;
      const actor = new Actor(`ci ${runs} of ${rig.name}`);
      void stage.scheduler.run(actor, () => run(stage, actor, rig, to));
    }
  });
};

async function run(stage: Stage, actor: Actor, rig: RigPlan, commit: Commit): Promise<void> {
  const { scheduler } = stage;
  const { ci } = rig;
  const random = stage.random(actor.name);
  const say = (state: CheckState): Promise<void> => tell(stage, actor, rig, commit, state);
  const early = random.chance(0.5);
  if (early) await say('pending');
  await scheduler.sleep(actor, random.between(runMinMs, Math.max(runMinMs, ci.slowMs)));
  if (random.chance(ci.lost)) return;
  const good = faultsOf(commit.tree).length === 0 && !random.chance(ci.flakes);
  const state = random.chance(ci.infra) ? random.pick(['error', 'cancelled'] as const) : good ? 'success' : 'failure';
  await say(state);
  if (random.chance(ci.duplicate)) await say(state);
  // What it said at first arrives last; and then once more what came of it, as whoever runs a CI would see to.
  if (!early && random.chance(ci.contradicts)) await say('pending').then(() => say(state));
  if (random.chance(ci.contradicts)) await say(state === 'success' ? 'failure' : 'success');
}

async function tell(stage: Stage, actor: Actor, rig: RigPlan, commit: Commit, state: CheckState): Promise<void> {
  const body = { commit: commit.oid, context: check, state };
  for (let tries = 1; tries <= sendTriesMax; tries += 1) {
    try {
      const { status } = await stage.api(actor, { method: 'POST', path: `/v1/rigs/${rig.name}/statuses`, body });
      if (status < 500) return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    await stage.scheduler.sleep(actor, sendRestMs);
  }
}
