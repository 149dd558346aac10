import { describe, expect, test } from '@jest/globals';
import { simulate } from './refinery/engine.ts';
import { serial } from './refinery/policies/serial.ts';
import type { Action, Policy } from './refinery/policy.ts';
import { Outcomes, type Scenario } from './refinery/scenario.ts';

const scenario: Scenario = {
  seed: 1,
  p: 0.2,
  f: 0,
  textual: 0,
  semantic: 0,
  slots: 1,
  load: { kind: 'saturated' },
  runTime: 'constant',
  changes: 300,
  warmUp: 0,
};
const clean = { red: 0, lost: 0, twice: 0, untested: 0 };

/** Serial by a script: each change as it arrives, its fate decided by `fate` when its run has ended. */
const scripted = (fate: (passed: boolean, run: number, change: number) => readonly Action[]) => (): Policy => {
  const line: number[] = [];
  let running: number | undefined;
  let actions: readonly Action[] = [];
  let runs = 0;
  return {
    tell(event) {
      if (event.event === 'submitted') line.push(event.change);
      if (event.event !== 'ended' || running === undefined) return;
      actions = fate(event.verdict === 'passed', event.run, running);
      running = undefined;
    },
    plan() {
      const now = actions;
      actions = [];
      if (now.length > 0 || running !== undefined) return now;
      running = line.shift();
      runs += 1;
      return running === undefined ? [] : [{ do: 'start', run: runs, content: [running] }];
    },
  };
};

describe('the engine', () => {
  test('lands every good change and rejects every bad one for a policy that tests each', () => {
    const { resolved, violations } = simulate(scenario, serial);
    expect(violations).toEqual(clean);
    expect(resolved).toHaveLength(300);
    expect(resolved.every(({ landed, bad }) => landed !== bad)).toBe(true);
  });

  test('sees a landing of what failed, as untested and as a red main', () => {
    const { violations } = simulate(
      scenario,
      scripted((_, run) => [{ do: 'land', run }]),
    );
    expect(violations.untested).toBeGreaterThan(0);
    expect(violations.red).toBeGreaterThan(0);
  });

  test('sees a landing of what was tested on another main', () => {
    const twoOnOneMain = (): Policy => {
      const line: number[] = [];
      const ended: number[] = [];
      let runs = 0;
      return {
        tell(event) {
          if (event.event === 'submitted') line.push(event.change);
          if (event.event === 'ended') ended.push(event.run);
        },
        plan: (view) => {
          if (ended.length > 0) return ended.splice(0).map((run) => ({ do: 'land', run }));
          return line.splice(0, view.free).map((change) => {
            runs += 1;
            return { do: 'start', run: runs, content: [change] };
          });
        },
      };
    };
    const { violations } = simulate({ ...scenario, p: 0, slots: 2 }, twoOnOneMain);
    expect(violations).toEqual({ ...clean, untested: 150 });
  });

  test('sees a main that two changes break together, though each passed apart', () => {
    const pair = { ...scenario, p: 0, semantic: 0.01 };
    const good = simulate(pair, serial);
    expect(good.violations).toEqual(clean);
    expect(good.resolved.some(({ landed }) => !landed)).toBe(true);
    expect(
      simulate(
        pair,
        scripted((_, run) => [{ do: 'land', run }]),
      ).violations.red,
    ).toBeGreaterThan(0);
  });

  test('sees a change that lands twice', () => {
    const bothWays = (): Policy => {
      let asked = false;
      const ended: number[] = [];
      return {
        tell(event) {
          if (event.event === 'ended') ended.push(event.run);
        },
        plan() {
          if (asked) return ended.splice(0).map((run) => ({ do: 'land', run }));
          asked = true;
          return [
            { do: 'start', run: 1, content: [0, 1] },
            { do: 'start', run: 2, content: [1, 0] },
          ];
        },
      };
    };
    const { violations } = simulate({ ...scenario, p: 0, slots: 2, changes: 2 }, bothWays);
    expect(violations).toEqual({ ...clean, twice: 2, untested: 1 });
  });

  test('sees a change that lands after its rejection', () => {
    const { violations } = simulate(
      { ...scenario, p: 0 },
      scripted((_, run, change) => [
        { do: 'reject', change },
        { do: 'land', run },
      ]),
    );
    expect(violations.twice).toBe(300);
  });

  test('sees changes that are left over', () => {
    const { violations } = simulate(
      scenario,
      scripted((passed, run) => (passed ? [{ do: 'land', run }] : [])),
    );
    expect(violations).toEqual({ ...clean, lost: simulate(scenario, serial).resolved.filter(({ bad }) => bad).length });
  });

  test('counts a good change that was rejected as such', () => {
    const { resolved } = simulate(
      { ...scenario, f: 0.1 },
      scripted((passed, run, change) => (passed ? [{ do: 'land', run }] : [{ do: 'reject', change }])),
    );
    const wronged = resolved.filter(({ landed, bad }) => !landed && !bad).length;
    expect(wronged).toBeGreaterThan(0);
    expect(wronged).toBe(resolved.filter(({ landed }) => !landed).length - resolved.filter(({ bad }) => bad).length);
  });

  test('starts no run without a slot, and none of changes that conflict or have ended', () => {
    const asking =
      (...contents: readonly (readonly number[])[]) =>
      (): Policy => ({
        tell: () => undefined,
        plan: () => contents.map((content, run) => ({ do: 'start', run, content })),
      });
    expect(() => simulate(scenario, asking([0], [1]))).toThrow('without a slot');
    expect(() => simulate(scenario, asking([300]))).toThrow('had ended');
    const clashing = { ...scenario, textual: 1 };
    const [other = 0] = new Outcomes(clashing).clashesWith(30);
    expect(() => simulate(clashing, asking([30, other]))).toThrow('conflicts');
  });

  test('gives up on a policy that turns in circles', () => {
    const again = (): Policy => {
      let running = false;
      let runs = 0;
      return {
        tell(event) {
          if (event.event === 'ended') running = false;
        },
        plan() {
          if (running) return [];
          running = true;
          runs += 1;
          return [{ do: 'start', run: runs, content: [0] }];
        },
      };
    };
    expect(() => simulate({ ...scenario, changes: 5 }, again)).toThrow('circles');
  });

  test('deals every policy the same luck', () => {
    const [one, other] = [new Outcomes(scenario), new Outcomes({ ...scenario, slots: 16 })];
    const changes = Array.from({ length: 1000 }, (_, i) => i);
    expect(changes.map((change) => one.isBad(change))).toEqual(changes.map((change) => other.isBad(change)));
    expect(changes.filter((change) => one.isBad(change)).length / 1000).toBeCloseTo(0.2, 1);
  });

  test('deals conflicts both ways, and as often as it was asked to', () => {
    const outcomes = new Outcomes({ ...scenario, textual: 0.28, semantic: 0.01 });
    const changes = Array.from({ length: 2000 }, (_, i) => i);
    for (const change of changes) {
      if (!outcomes.clashesWith(change).every((other) => outcomes.clashesWith(other).includes(change))) throw change;
      if (!outcomes.failsWith(change).every((other) => outcomes.failsWith(other).includes(change))) throw change;
    }
    const clashes = changes.flatMap((change) => outcomes.clashesWith(change)).length / 2 / 2000;
    expect(clashes).toBeGreaterThan(0.25);
    expect(clashes).toBeLessThan(0.31);
  });
});
