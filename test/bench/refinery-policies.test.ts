import { describe, expect, test } from '@jest/globals';
import { cell, lightLoad } from './refinery/cells.ts';
import { simulate } from './refinery/engine.ts';
import { figuresOf } from './refinery/measure.ts';
import { oracleScenario } from './refinery/policies/oracle.ts';
import { makePolicy, type PolicyName, policyNames } from './refinery/policies.ts';
import type { Mean, Row } from './refinery/rows.ts';
import type { Load, Scenario } from './refinery/scenario.ts';
import { summary } from './refinery/summary.ts';
import { targets } from './refinery/targets.ts';

const base: Scenario = {
  seed: 7,
  p: 0.05,
  f: 0.02,
  textual: 0,
  semantic: 0,
  slots: 1,
  load: { kind: 'saturated' },
  runTime: 'constant',
  changes: 300,
  warmUp: 50,
};
const clean = { red: 0, lost: 0, twice: 0, untested: 0 };

function figures(policy: PolicyName, more: Partial<Scenario> = {}) {
  const scenario = { ...base, ...more };
  const met = policy === 'oracle' ? oracleScenario(scenario) : scenario;
  return figuresOf(
    met,
    simulate(met, (of) => makePolicy(policy, of)),
  );
}

describe('every policy', () => {
  test.each(policyNames)('%s drains its queue and keeps main good, with conflicts and faults', (policy) => {
    const hard = { textual: 0.28, semantic: 5e-4, runTime: 'lognormal', faults: true, slots: 4 } as const;
    expect(figures(policy, hard).violations).toEqual(clean);
    expect(figures(policy, { load: { kind: 'burst', size: 15 } }).violations).toEqual(clean);
    expect(figures(policy, { load: { kind: 'poisson', share: 0.5 }, slots: 4 }).violations).toEqual(clean);
  });

  test('a serial queue takes a run for each change, and one more for each failure', () => {
    const serial = figures('serial', { p: 0, f: 0 });
    expect([serial.runsPerLanded, serial.ratio, serial.landedPerRunTime]).toEqual([1, undefined, 1]);
    expect(figures('serial', { p: 0.2, f: 0 }).runsPerLanded).toBeCloseTo(1.5, 0);
  });

  test('halving, without flakes, rejects nobody who is good, and takes the runs that its tree says', () => {
    const halving = figures('batchAndHalve', { f: 0, changes: 1500 });
    expect(halving.falseRejects).toBe(0);
    /** Per resolved change, batches of eight, p = .05. */
    expect(halving.runs / (halving.landed + halving.rejected)).toBeCloseTo(0.4, 1);
  });

  test('chain speculation pays for its slots in runs', () => {
    const [one, sixteen] = [figures('speculation'), figures('speculation', { slots: 16, changes: 700 })];
    expect(sixteen.landedPerRunTime).toBeGreaterThan(4 * one.landedPerRunTime);
    expect(sixteen.runsPerLanded).toBeGreaterThan(1.3 * one.runsPerLanded);
  });

  test('nobody waits less than the oracle', () => {
    const light = { load: { kind: 'poisson', share: 0.25 } } as const;
    const oracle = figures('oracle', light);
    for (const policy of policyNames)
      if (policy !== 'oracle') expect(figures(policy, light).waitP95).toBeGreaterThanOrEqual(oracle.waitP95);
  });
});

const mean = (value: number): Mean => ({ mean: value, error: 0 });

function row(policy: PolicyName, slots: number, more: Partial<Row> & { readonly load?: Load } = {}): Row {
  const { load = { kind: 'saturated' }, ...figures } = more;
  return {
    cell: cell(policy, { p: 0.05, f: 0.02, slots, load }, 2),
    landed: 1000,
    badFraction: 0.05,
    runsPerLanded: mean(0.4),
    bound: 0.33,
    ratio: mean(1.05),
    landedPerRunTime: mean(2.5 * slots),
    landedPerRunTimeBound: 3 * slots,
    waitP50: mean(1),
    waitP95: mean(2),
    falseRejects: mean(0.0005),
    falseRejectsEarly: mean(0.001),
    violations: clean,
    ...figures,
  };
}

describe('the last line', () => {
  const rows = [
    row('ours', 1),
    row('ours', 16, { runsPerLanded: mean(0.45) }),
    row('ours', 1, { load: lightLoad, waitP95: mean(3.5) }),
    row('serial', 1, { runsPerLanded: mean(1.1), landedPerRunTime: mean(0.9), falseRejects: mean(0.0004) }),
    row('serial', 1, { load: lightLoad, waitP95: mean(28) }),
  ];

  test('has the figures that were asked for, and no others', () => {
    const { policies, ...line } = summary(rows);
    expect(JSON.stringify(line)).toBe(
      '{"runsPerLanded":0.4,"bound":0.33,"ratio":1.05,"falseRejects":0.0005,"p95WaitRuns":3.5,"worstRatio":1.05,' +
        '"k16":{"landedPerRun":40,"bound":48,"runsPerLanded":0.45}}',
    );
    expect(Object.keys(policies)).toEqual(['serial', 'batchAndHalve', 'batchStop4', 'batchOfFive', 'speculation']);
    expect(policies.serial).toEqual({ runsPerLanded: 1.1, falseRejects: 0.0004, p95WaitRuns: 28 });
  });

  test('every target is kept by figures that keep it', () => {
    expect(targets(rows).filter(({ kept }) => !kept)).toEqual([]);
  });

  test.each<[string, Row]>([
    ['1.50', row('ours', 1, { ratio: mean(1.5) })],
    ['0.00200', row('ours', 1, { falseRejects: mean(0.002) })],
    ['0.00300', row('ours', 1, { falseRejectsEarly: mean(0.003) })],
    ['0.667', row('ours', 16, { landedPerRunTime: mean(32) })],
    ['1.00', row('serial', 1, { violations: { ...clean, lost: 1 } })],
    ['1.60', row('batchOfFive', 1, { ratio: mean(0.65625), landedPerRunTime: mean(1) })],
  ])('a target that is missed says by how much (%s) and where', (figure, spoilt) => {
    const missed = targets([
      ...rows.filter(({ cell: { policy } }) => policy !== spoilt.cell.policy),
      row('ours', 1),
      spoilt,
    ]).filter(({ kept }) => !kept);
    expect(missed.length).toBeGreaterThan(0);
    for (const { found } of missed)
      expect(found).toBe(`${figure} (${spoilt.cell.policy} at p=0.05, f=0.02, K=${spoilt.cell.scenario.slots}, full)`);
  });
});
