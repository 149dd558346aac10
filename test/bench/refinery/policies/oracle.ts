/**
 * Who knows every outcome, and so rejects without a run: whatever waits is tested in one go as soon as a slot is free, on
 * top of what is under test already. Its latency bounds everyone's.
 */
import type { Action, Event, Policy, View } from '../policy.ts';
import { Outcomes, type Scenario } from '../scenario.ts';

class Oracle implements Policy {
  private line: number[] = [];
  /** Under test, the oldest first; each tests what is before it as well. */
  private readonly testing: { readonly run: number; readonly content: readonly number[]; done: boolean }[] = [];
  private readonly main = new Set<number>();
  private runs = 0;
  private readonly outcomes: Outcomes;

  constructor(scenario: Scenario) {
    this.outcomes = new Outcomes(scenario);
  }

  tell(event: Event): void {
    if (event.event === 'submitted') this.line.push(event.change);
    else if (event.event === 'withdrawn') this.line = this.line.filter((change) => change !== event.change);
    else if (event.event === 'ended') for (const test of this.testing) if (test.run === event.run) test.done = true;
  }

  plan(view: View): readonly Action[] {
    const [first] = this.testing;
    if (first?.done) {
      this.testing.shift();
      for (const change of first.content) this.main.add(change);
      return [{ do: 'land', run: first.run }];
    }
    const bad = this.line.filter((change) => this.isBad(change));
    if (bad.length > 0) {
      this.line = this.line.filter((change) => !bad.includes(change));
      return bad.map((change) => ({ do: 'reject', change }));
    }
    const ahead = this.testing.flatMap(({ content }) => content);
    if (view.free === 0) return [];
    const fresh: number[] = [];
    for (const change of this.line) {
      const before = [...ahead, ...fresh];
      const good = !this.outcomes.failsWith(change).some((other) => before.includes(other));
      if (good && view.fits(change, before)) fresh.push(change);
    }
    if (fresh.length === 0) return [];
    this.line = this.line.filter((change) => !fresh.includes(change));
    this.runs += 1;
    this.testing.push({ run: this.runs, content: fresh, done: false });
    return [{ do: 'start', run: this.runs, content: [...ahead, ...fresh] }];
  }

  private isBad(change: number): boolean {
    return this.outcomes.isBad(change) || this.outcomes.failsWith(change).some((other) => this.main.has(other));
  }
}

/** Nothing flakes for it: it would know. */
export const oracleScenario = (scenario: Scenario): Scenario => ({ ...scenario, f: 0, faults: false });
export const oracle = (scenario: Scenario) => new Oracle(scenario);
