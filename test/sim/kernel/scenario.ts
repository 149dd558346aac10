/**
 * What a seed plays: rigs, the work that people hand in, how each polecat and each CI will behave, what people do
 * meanwhile, and which faults exist. Plain data, small by default, so that a failing one can be shrunk and printed.
 */
import type { MergeStrategy } from '../../../core/ports.ts';
import { drawFaults, type FaultMix } from './faults.ts';
import { makeRandom, type Random } from './random.ts';

/** How the polecat of one attempt behaves. The model (test/sim/actors) gives each word its meaning. */
const polecatManners = [
  'good',
  /** Pushes work that fails the gates. */
  'bad',
  /** Reports a failure. */
  'fails',
  /** Ends without a change. */
  'empty',
  /** Takes much of its time. */
  'slow',
  /** Beats, and nothing comes of it. */
  'hung',
  /** Is silent from some step on, and goes on working. */
  'silent',
  /** Its process dies at a step drawn from the seed. */
  'crashing',
  /** Reports a commit that is not on the remote. */
  'lying_sha',
  /** Reports twice, the second time something else. */
  'lying_twice',
  /** Works on and reports after it was superseded. */
  'lying_late',
  /** Pushes to its branch again after its report. */
  'pushing_late',
  /** Ends its phase at a gate of any kind, and goes on as `good` in the next attempt. */
  'phased',
  'deferring',
  /** Asks a human. */
  'asking',
] as const;
export type PolecatManner = (typeof polecatManners)[number];

export interface BeadPlan {
  /** Unique in the scenario; the bead's title is `Do <name>`, which is how the model knows its job again. */
  readonly name: string;
  /** Names of beads of the same convoy. */
  readonly needs: readonly string[];
  readonly priority: number;
  /** One for each attempt; the last one repeats. */
  readonly manners: readonly PolecatManner[];
  /** Paths that it writes. Two beads that write the same path conflict. */
  readonly writes: readonly string[];
  /** Bead with which it cannot live on one main although they do not conflict: the gates fail on both together. */
  readonly breaksWith?: string;
}

export interface ConvoyPlan {
  readonly name: string;
  readonly rig: string;
  /** Milliseconds after the start. */
  readonly submittedAt: number;
  /** Its beads meet in a branch of its own, which lands as one. */
  readonly asOne?: boolean;
  readonly beads: readonly BeadPlan[];
}

export interface CiPlan {
  /** Chances that a run says the wrong thing, gives no verdict, is never heard of, speaks twice, takes back what it said. */
  readonly flakes: number;
  readonly infra: number;
  readonly lost: number;
  readonly duplicate: number;
  readonly contradicts: number;
  /** How long a run takes, at most, in milliseconds. */
  readonly slowMs: number;
}

export interface RigPlan {
  readonly name: string;
  readonly prefix: string;
  /** What the git model knows the repository by. */
  readonly url: string;
  readonly strategy: MergeStrategy;
  readonly gates: boolean;
  readonly requireCi: boolean;
  readonly ci: CiPlan;
  readonly polecatsMax: number;
  /** Further settings, as the API takes them. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What people do, through the API. */
export type Command = { readonly at: number } & (
  | { readonly do: 'stop' | 'thaw' }
  | { readonly do: 'pause' | 'resume'; readonly rig: string }
  /** What passed the old gates has not passed the new ones. */
  | { readonly do: 'change_gates'; readonly rig: string }
  | { readonly do: 'cancel_bead' | 'retry_bead' | 'reject_change'; readonly bead: string }
  | { readonly do: 'cancel_convoy'; readonly convoy: string }
  | { readonly do: 'nuke'; readonly bead: string }
  /** Has second thoughts about the convoy of the bead that comes before the Mayor next. */
  | { readonly do: 'cancel_judged' }
  /** Acknowledges, answers, retries or cancels whatever asks for a human at that moment. */
  | { readonly do: 'answer_all' }
);

export interface Scenario {
  readonly seed: number;
  readonly rigs: readonly RigPlan[];
  readonly convoys: readonly ConvoyPlan[];
  readonly commands: readonly Command[];
  readonly faults: FaultMix;
  readonly polecatsPerTown: number;
  /** The Mayor has a model, which reads why beads fail. */
  readonly hasModel: boolean;
  /** Virtual time with faults; then they end, and everything must come to rest. */
  readonly faultsForMs: number;
}

const minutes = 60_000;
const asOneChance = 0.15;
const crowdChance = 0.04;
const gateChance = 0.25;

export function drawScenario(seed: number): Scenario {
  const random = makeRandom(`scenario ${seed}`);
  const rigs = Array.from({ length: random.chance(0.8) ? 1 : 2 }, (_, i) => drawRig(random, i));
  const total = random.pick([2, 3, 4, 5, 6, 8]);
  const convoys = drawConvoys(random, rigs, total);
  const scenario: Scenario = {
    seed,
    rigs,
    convoys,
    commands: drawCommands(random, rigs, convoys),
    faults: drawFaults(random.stream('faults')),
    polecatsPerTown: random.between(1, 4),
    hasModel: random.stream('model').chance(0.85),
    faultsForMs: random.between(10, 90) * minutes,
  };
  const crowd = random.stream('crowd');
  return crowd.chance(crowdChance) ? crowded(scenario, crowd) : scenario;
}

/** Many hands, slow gates, short chains: what passed apart is carried, and others stand on it before it has landed. */
function crowded(scenario: Scenario, random: Random): Scenario {
  const beads = Array.from(
    { length: random.between(6, 10) },
    (_, i): BeadPlan => ({
      name: `b${i + 1}`,
      needs: [],
      priority: 2,
      manners: random.chance(0.3) ? ['bad', 'good'] : ['good'],
      writes: [`src/${i + 1}`],
    }),
  );
  const [rig] = scenario.rigs as readonly [RigPlan];
  const settings = {
    ...rig.settings,
    'refinery.slots': 4,
    'refinery.batch_max': random.pick([1, 2, 3]),
    // Nobody waits for money here.
    'budget.per_bead_usd': 4,
    'budget.per_convoy_usd': 100,
  };
  return {
    ...scenario,
    rigs: [{ ...rig, polecatsMax: 8, ci: { ...rig.ci, slowMs: 30 * minutes }, settings }],
    convoys: [{ name: 'c1', rig: rig.name, submittedAt: 0, beads }],
    polecatsPerTown: 8,
  };
}

function drawRig(random: Random, i: number): RigPlan {
  const prefix = ['gh', 'bb'][i] ?? 'xx';
  const gates = random.chance(0.8);
  const some = (p: number, max: number): number => (random.chance(p) ? random.next() * max : 0);
  const plan: Omit<RigPlan, 'settings'> = {
    name: ['greenhouse', 'bluebarn'][i] ?? `rig${i}`,
    prefix,
    url: `/rigs/${prefix}`,
    strategy: random.pick(['squash', 'squash', 'rebase', 'merge']),
    gates,
    requireCi: !gates || random.chance(0.2),
    ci: {
      flakes: some(0.3, 0.2),
      infra: some(0.3, 0.3),
      lost: some(0.2, 0.3),
      duplicate: some(0.3, 0.5),
      contradicts: some(0.2, 0.3),
      slowMs: random.pick([1, 5, 30]) * minutes,
    },
    polecatsMax: random.between(1, 3),
  };
  const settings = drawSettings(random.stream(`settings of rig ${i}`), plan.requireCi);
  return { ...plan, settings: { ...settings, ...drawAgent(random.stream(`agent of rig ${i}`), settings) } };
}

/** An agent that reads its bead, and few retries: then beads come before the Mayor. */
function drawAgent(random: Random, settings: RigPlan['settings']): RigPlan['settings'] {
  if (settings['agent.command'] === undefined || random.chance(0.1)) return {};
  return {
    'agent.runtime': 'command',
    'retry.same_agent': random.pick([0, 0, 1]),
    'retry.fresh': random.pick([0, 0, 0, 1]),
  };
}

function drawSettings(random: Random, requireCi: boolean): RigPlan['settings'] {
  const maybe = (p: number, settings: RigPlan['settings']): RigPlan['settings'] => (random.chance(p) ? settings : {});
  return {
    // Only where there is an agent are conflicts resolved.
    ...maybe(0.6, { 'agent.command': 'agent {prompt}' }),
    ...maybe(0.4, { 'budget.per_bead_usd': random.pick([4, 8]) }),
    // One slot and slow gates: then many wait, and are tested together.
    ...maybe(0.6, { 'refinery.slots': random.pick([1, 1, 2]) }),
    ...maybe(0.2, { 'refinery.batch_max': random.pick([1, 2]) }),
    // A pass must outlive the checks that come after it.
    ...maybe(0.3, { 'refinery.verdict_expires_s': requireCi ? 4 * 3600 : 600 }),
    ...maybe(0.4, { 'budget.per_convoy_usd': random.pick([9, 12, 20]) }),
  };
}

function drawConvoys(random: Random, rigs: readonly RigPlan[], total: number): ConvoyPlan[] {
  const count = Math.min(total, random.between(1, 3));
  const paths = ['src/a', 'src/b', 'src/c', 'src/d', 'README'];
  const convoys: { plan: Omit<ConvoyPlan, 'beads'>; beads: BeadPlan[] }[] = Array.from({ length: count }, (_, i) => ({
    plan: {
      name: `c${i + 1}`,
      rig: random.pick(rigs).name,
      submittedAt: i === 0 ? 0 : random.between(0, 20) * minutes,
    },
    beads: [],
  }));
  for (let i = 0; i < total; i += 1) {
    const { beads } = convoys[i % count] as (typeof convoys)[number];
    const before = beads.map(({ name }) => name);
    const breaksWith = i > 0 && random.chance(0.1) ? `b${random.between(1, i)}` : undefined;
    beads.push({
      name: `b${i + 1}`,
      needs: before.filter(() => random.chance(0.3)),
      priority: random.between(0, 4),
      manners: [
        ...(random.stream(`gate of b${i + 1}`).chance(gateChance) ? ['phased' as const] : []),
        ...drawManners(random),
      ],
      writes: [random.chance(0.3) ? 'README' : (paths[i % paths.length] ?? 'README')],
      ...(breaksWith === undefined ? {} : { breaksWith }),
    });
  }
  return convoys.map(({ plan, beads }) => ({
    ...plan,
    ...(random.stream(`land of ${plan.name}`).chance(asOneChance) ? { asOne: true } : {}),
    beads,
  }));
}

/** Mostly good at last, or nothing would ever land. */
function drawManners(random: Random): PolecatManner[] {
  const first = Array.from({ length: random.pick([0, 0, 1, 1, 2, 4]) }, () => random.pick(polecatManners));
  const bad = random.chance(0.25) ? (['bad'] as const) : [];
  return [...bad, ...first, random.chance(0.9) ? 'good' : random.pick(polecatManners)];
}

function drawCommands(random: Random, rigs: readonly RigPlan[], convoys: readonly ConvoyPlan[]): Command[] {
  const beads = convoys.flatMap((convoy) => convoy.beads.map(({ name }) => name));
  const at = (): number => random.between(1, 60) * minutes;
  const commands: Command[] = [];
  if (random.chance(0.15)) {
    const stopped = at();
    commands.push({ at: stopped, do: 'stop' }, { at: stopped + at(), do: 'thaw' });
  }
  if (random.chance(0.15)) {
    const paused = at();
    const { name: rig } = random.pick(rigs);
    commands.push({ at: paused, do: 'pause', rig }, { at: paused + at(), do: 'resume', rig });
  }
  if (random.chance(0.25)) commands.push({ at: at(), do: 'cancel_bead', bead: random.pick(beads) });
  if (random.chance(0.1)) commands.push({ at: at(), do: 'reject_change', bead: random.pick(beads) });
  if (random.chance(0.1)) commands.push({ at: at(), do: 'nuke', bead: random.pick(beads) });
  if (random.chance(0.05)) commands.push({ at: at(), do: 'cancel_convoy', convoy: random.pick(convoys).name });
  if (random.chance(0.3)) commands.push({ at: at(), do: 'answer_all' });
  const more = random.stream('more commands');
  const later = (): number => more.between(1, 90) * minutes;
  if (more.chance(0.2)) commands.push({ at: later(), do: 'retry_bead', bead: more.pick(beads) });
  const again = random.stream('answer again');
  if (again.chance(0.3)) commands.push({ at: again.between(45, 150) * minutes, do: 'answer_all' });
  const gated = rigs.filter(({ gates }) => gates);
  if (gated.length > 0 && more.chance(0.1))
    commands.push({ at: later(), do: 'change_gates', rig: more.pick(gated).name });
  if (random.stream('second thoughts').chance(0.15)) commands.push({ at: 0, do: 'cancel_judged' });
  return commands.sort((a, b) => a.at - b.at);
}
