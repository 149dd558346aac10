/** The grid, and which of it the short run takes. */
import { type PolicyName, policyNames } from './policies.ts';
import { backlog, type Load, type Scenario } from './scenario.ts';

/** What one policy is put through, whatever the seed. */
export interface Cell {
  readonly policy: PolicyName;
  readonly scenario: Omit<Scenario, 'seed'>;
  readonly seeds: number;
}

const saturated: Load = { kind: 'saturated' };
/** Light enough for a serial queue at p = .05: every policy's wait is finite. */
export const lightLoad: Load = { kind: 'poisson', share: 0.25 };

const warmUp = 500;
const plain = { textual: 0, semantic: 0, runTime: 'constant' } as const;

type Given = Pick<Scenario, 'p' | 'f' | 'slots' | 'load'> & Partial<Scenario> & { readonly measured?: number };

export function cell(policy: PolicyName, given: Given, seeds: number): Cell {
  const { measured = 3000, ...chosen } = given;
  const scenario = { ...plain, warmUp, changes: 0, ...chosen };
  /** What is in line at the end of a full line is not measured. */
  const unmeasured = scenario.load.kind === 'saturated' ? backlog(scenario) : 0;
  return { policy, seeds, scenario: { ...scenario, changes: warmUp + Math.ceil(measured) + unmeasured } };
}

/** What the targets name: K = 1, without conflicts. */
const targetP = [0.01, 0.02, 0.05, 0.1, 0.2];
const targetF = [0, 0.005, 0.02];

/** A rare culprit needs more changes for a figure as sure, and a fan more than it holds at once. */
const measuredFor = (p: number, slots: number): number => Math.max(3000, 100 / Math.max(p, 0.01), slots * 500);

export function shortRun(): Cell[] {
  const main = { p: 0.05, f: 0.02 };
  const rivals = policyNames.filter((policy) => policy !== 'oracle');
  const hard = {
    slots: 4,
    load: saturated,
    textual: 0.28,
    semantic: 5e-4,
    runTime: 'lognormal',
    faults: true,
  } as const;
  return [
    ...targetP.flatMap((p) =>
      targetF.map((f) => cell('ours', { p, f, slots: 1, load: saturated, measured: measuredFor(p, 1) }, 4)),
    ),
    cell('ours', { p: 0, f: 0, slots: 1, load: saturated }, 1),
    ...[1, 4, 16].flatMap((slots) =>
      rivals
        .filter((policy) => !(policy === 'ours' && slots === 1))
        .map((policy) => cell(policy, { ...main, slots, load: saturated, measured: measuredFor(0.05, slots) }, 2)),
    ),
    ...policyNames.map((policy) => cell(policy, { ...main, slots: 1, load: lightLoad }, 2)),
    ...rivals.map((policy) => cell(policy, { ...main, ...hard }, 1)),
  ];
}

const allP = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];
const allF = [0, 0.005, 0.02, 0.05];
const allSlots = [1, 4, 16];
const loads: readonly Load[] = [
  { kind: 'poisson', share: 0.25 },
  { kind: 'poisson', share: 0.5 },
  { kind: 'poisson', share: 0.75 },
  { kind: 'burst', size: 15 },
  { kind: 'burst', size: 100 },
];
const conflicts = [
  { textual: 0.05, semantic: 0 },
  { textual: 0.28, semantic: 0 },
  { textual: 0, semantic: 5e-4 },
  { textual: 0.28, semantic: 5e-4 },
];

/** The targets are held against ours; the others lie further off than their error after 3,000 changes. */
const seedsOfOurs = (slots: number): number => (slots === 1 ? 6 : slots === 4 ? 3 : 2);

/**
 * p, f and K with each other, for every policy. Conflicts, loads and lognormal run times each with some of these, but not
 * with one another; and everything at once, with faults.
 */
export function fullGrid(): Cell[] {
  const cross = (ps: readonly number[], fs: readonly number[]) =>
    ps.flatMap((p) => fs.flatMap((f) => allSlots.map((slots) => ({ p, f, slots, load: saturated }))));
  const queues = policyNames.filter((policy) => policy !== 'oracle');
  const some = [...cross([0.01, 0.05, 0.2], [0.02]), ...cross([0.05], [0])];
  const measured = 1000;
  const everything = { textual: 0.28, semantic: 5e-4, runTime: 'lognormal', faults: true } as const;
  return [
    ...cross(allP, allF).flatMap((at) =>
      queues.map((policy) =>
        policy === 'ours'
          ? cell(policy, { ...at, measured: measuredFor(at.p, at.slots) }, seedsOfOurs(at.slots))
          : cell(policy, at, 1),
      ),
    ),
    ...some.flatMap((at) => [
      ...conflicts.flatMap((conflict) => queues.map((policy) => cell(policy, { ...at, ...conflict, measured }, 1))),
      ...loads.flatMap((load) => policyNames.map((policy) => cell(policy, { ...at, load, measured }, 1))),
      ...queues.map((policy) => cell(policy, { ...at, runTime: 'lognormal', measured }, 1)),
      ...queues.map((policy) => cell(policy, { ...at, ...everything, measured }, 1)),
    ]),
  ];
}
