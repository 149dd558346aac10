/** Turns an intent's text into beads in the ledger. A crash anywhere is mended by doing it again. */
import type { Bead, BeadSpec } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import type { Plan } from '../../core/convoys/plan.ts';
import { beadsOfPlan, type NewBead } from '../../core/intents/beads-of-plan.ts';
import { atLines, type Planned, planChecklist } from '../../core/intents/plan-checklist.ts';
import { plannerOf } from '../../core/intents/planner.ts';
import { planned, refusePlan } from '../../core/intents/planning.ts';
import { type ConvoyId, keys, partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Change, Item, Json, Key, Ledger } from '../../core/ports.ts';
import { configOf } from '../../core/rigs/config.ts';
import { asJson, guard, remove, upsert } from '../../core/step.ts';
import { type Decision, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { queryAll } from '../platform/query-all.ts';
import { rigNames, unknownRig } from '../rigs/load.ts';
import { formulaFaults } from './formula-faults.ts';
import { keptSpec } from './kept-spec.ts';
import type { MayorDeps } from './mayor.ts';
import { planWithModel } from './plan-with-model.ts';

/**
 * Plans the convoy while it is in `planning`, else does nothing. The beads come first, in chunks, each guarded by the
 * convoy's `META`: whoever cancels or finishes it meanwhile stops the writing. `META` comes last and makes them count.
 */
export async function planConvoy(deps: MayorDeps, id: ConvoyId): Promise<void> {
  const convoy = await unplanned(deps.ledger, id);
  if (!convoy) return;
  const made = await makePlan(deps, convoy.body);
  if (made === 'asked') return;
  if ('faults' in made) return refuse(deps, id, made.faults);
  const beads = await Promise.all(
    made.beads.map(async ({ bead, spec }) => ({ bead, spec: await keptSpec(deps, spec) })),
  );
  let more = true;
  while (more) more = await writeSome(deps, id, made.title, beads);
}

/** The convoy, if it still is to be planned. */
async function unplanned(ledger: Ledger, id: ConvoyId): Promise<Item<Convoy> | undefined> {
  const convoy = await load.convoy(ledger, id);
  return convoy?.body.status === 'planning' && convoy.body.progress.total === 0 ? convoy : undefined;
}

type Refused = Extract<Planned, { faults: unknown }>;
type Made = { readonly title: string; readonly beads: readonly NewBead[] } | Refused;

/** `asked`: the model was, and the record says what came of it. */
async function makePlan(deps: MayorDeps, convoy: Convoy): Promise<Made | 'asked'> {
  const { ledger, model, repo } = deps;
  const names = await rigNames(ledger);
  const rig = (await load.rig(ledger, convoy.rig))?.body;
  if (!rig) return { faults: unknownRig(convoy.rig, names).faults };
  const made = (plan: Plan): Made => ({ title: plan.title, beads: beadsOfPlan(plan, convoy, rig) });
  if (convoy.draft !== undefined) return made(JSON.parse(await textOf(deps, convoy.draft)) as Plan);
  const text = await textOf(deps, convoy.intent);
  if (model && repo && plannerOf(text, true) === 'model') {
    await planWithModel({ ...deps, model, repo }, convoy, rig, names, text);
    const now = await unplanned(ledger, convoy.id);
    return now?.body.draft === undefined ? 'asked' : makePlan(deps, now.body);
  }
  const town = { rig: rig.name, rigs: names, runtime: configOf(rig)['agent.runtime'] };
  const planned = planChecklist(text, limits, town);
  if ('faults' in planned) return planned;
  const faults = await formulaFaults(deps, rig, planned.plan, town);
  return faults.length > 0 ? { faults: atLines(text, faults) } : made(planned.plan);
}

async function textOf({ blobs }: MayorDeps, hash: string): Promise<string> {
  const bytes = await blobs.get(hash);
  if (!bytes) throw new Error(`BUG: the blob ${hash} of an intent is gone`);
  return new TextDecoder().decode(bytes);
}

const refuse = (deps: MayorDeps, id: ConvoyId, faults: Refused['faults']): Promise<void> =>
  runCommand<void>(deps, `planning of ${id}`, async (now) => {
    const was = await unplanned(deps.ledger, id);
    return { step: was && refusePlan(was, faults, now), result: undefined };
  });

/**
 * Brings the ledger a chunk nearer to these beads, whatever part of them an earlier try has written; when nothing
 * differs, `META` says that the plan is complete. Answers whether there is more to do.
 */
const writeSome = (deps: MayorDeps, id: ConvoyId, title: string, beads: readonly NewBead[]): Promise<boolean> =>
  runCommand<boolean>(deps, `planning of ${id}`, async (now): Promise<Decision<boolean>> => {
    const was = await unplanned(deps.ledger, id);
    if (!was) return { result: false };
    const changes = differences(beads, [
      ...(await queryAll<Json>(deps.ledger, partitions.convoy(id), { prefix: prefixes.beads })),
      ...(await queryAll<Json>(deps.ledger, partitions.convoy(id), { prefix: prefixes.specs })),
    ]);
    if (changes.length === 0) return { step: planned(was, title, beads.length, now), result: false };
    return { step: { changes: [guard(was, was), ...changes.slice(0, 2 * limits.newBeadsPerCommitMax)] }, result: true };
  });

function differences(beads: readonly NewBead[], there: readonly Item[]): Change[] {
  const stored = new Map(there.map((item) => [item.sk, item]));
  const wanted = (key: Key, body: Bead | BeadSpec): Change[] => {
    const was = stored.get(key.sk);
    stored.delete(key.sk);
    return was && canonical(was.body) === canonical(asJson(body)) ? [] : [upsert(key, was, body)];
  };
  const puts = beads.flatMap(({ bead, spec }) => [
    ...wanted(keys.bead(bead.id), bead),
    ...wanted(keys.beadSpec(bead.id), spec),
  ]);
  return [...puts, ...[...stored.values()].map(remove)];
}

/** The same text for the same value: a ledger may give the fields of an object back in another order. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
