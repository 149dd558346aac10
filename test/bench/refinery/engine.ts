/**
 * Discrete events in virtual time. The engine alone knows which changes are bad; it starts runs, moves main, and keeps
 * watch: what lands was tested, nothing lands twice, main stays good, and in the end nothing is left over.
 */
import { pop, push, type Timed } from './heap.ts';
import type { Action, Policy, View } from './policy.ts';
import { backlog, Outcomes, resolverTime, type Scenario } from './scenario.ts';

/** A change that landed or was rejected. */
interface Resolved {
  readonly change: number;
  readonly at: number;
  /** Since it was first submitted. */
  readonly wait: number;
  readonly landed: boolean;
  /** It is bad, or fails together with what had landed. */
  readonly bad: boolean;
}

export interface Violations {
  /** Landings after which main had something bad in it. */
  red: number;
  lost: number;
  twice: number;
  /** Landings of what no passed run had tested on that very main. */
  untested: number;
}

export interface Outcome {
  readonly resolved: readonly Resolved[];
  /** When each run was started. */
  readonly runs: readonly number[];
  /** When the last change arrived. */
  readonly lastArrivalAt: number;
  readonly endedAt: number;
  readonly violations: Violations;
}

interface Run {
  readonly content: readonly number[];
  /** Main when it was built: how much had landed, and after how many pushes of others. */
  readonly landed: number;
  readonly pushes: number;
  readonly passes: boolean;
  state: 'running' | 'passed' | 'failed' | 'infra' | 'cancelled';
}

type Happening =
  | { readonly do: 'submit'; readonly change: number; readonly again: boolean }
  | { readonly do: 'end'; readonly run: number; readonly verdict: 'passed' | 'failed' | 'infra' }
  | { readonly do: 'push' };

/** Runs a change may take before a policy is said to turn in circles. */
const runsPerChangeMax = 200;

export function simulate(scenario: Scenario, makePolicy: (scenario: Scenario) => Policy): Outcome {
  return new Engine(scenario, makePolicy(scenario)).run();
}

class Engine {
  private now = 0;
  private order = 0;
  private readonly due: (Timed & { readonly what: Happening })[] = [];
  private readonly outcomes: Outcomes;
  private readonly main: number[] = [];
  private readonly onMain = new Set<number>();
  private red = false;
  private pushes = 0;
  private arrived = 0;
  private lastArrivalAt = 0;
  private readonly submittedAt = new Map<number, number>();
  /** Arrived, and neither landed nor rejected. */
  private readonly open = new Set<number>();
  private readonly withResolver = new Set<number>();
  private readonly runs = new Map<number, Run>();
  private readonly started: number[] = [];
  private running = 0;
  private readonly resolved: Resolved[] = [];
  private readonly violations: Violations = { red: 0, lost: 0, twice: 0, untested: 0 };
  private readonly scenario: Scenario;
  private readonly policy: Policy;

  constructor(scenario: Scenario, policy: Policy) {
    this.scenario = scenario;
    this.policy = policy;
    this.outcomes = new Outcomes(scenario);
  }

  run(): Outcome {
    for (const [change, at] of this.outcomes.arrivals().entries()) this.at(at, { do: 'submit', change, again: false });
    if (this.scenario.faults) this.at(this.outcomes.untilPush(0), { do: 'push' });
    for (;;) {
      this.keepFull();
      this.settle();
      const next = pop(this.due);
      if (!next) break;
      this.now = next.at;
      this.happen(next.what);
      for (let also = this.due[0]; also?.at === this.now; also = this.due[0]) {
        pop(this.due);
        this.happen(also.what);
      }
    }
    this.violations.lost = this.open.size;
    return {
      resolved: this.resolved,
      runs: this.started,
      lastArrivalAt: this.lastArrivalAt,
      endedAt: this.now,
      violations: this.violations,
    };
  }

  private keepFull(): void {
    const { load, changes } = this.scenario;
    if (load.kind !== 'saturated') return;
    while (this.arrived < changes && this.open.size < backlog(this.scenario)) this.submit(this.arrived, false);
  }

  private happen(due: Happening): void {
    switch (due.do) {
      case 'submit':
        this.submit(due.change, due.again);
        return;
      case 'push':
        this.pushes += 1;
        if (this.open.size > 0 || this.arrived < this.scenario.changes)
          this.at(this.now + this.outcomes.untilPush(this.pushes), { do: 'push' });
        this.policy.tell({ event: 'pushed' });
        return;
      case 'end': {
        const run = this.runs.get(due.run);
        if (run?.state !== 'running') return;
        run.state = due.verdict;
        this.running -= 1;
        this.policy.tell({ event: 'ended', run: due.run, verdict: due.verdict });
      }
    }
  }

  private submit(change: number, again: boolean): void {
    if (!again) {
      this.arrived += 1;
      this.lastArrivalAt = this.now;
      this.submittedAt.set(change, this.now);
      this.open.add(change);
      if (this.outcomes.clashesWith(change).some((other) => this.onMain.has(other))) {
        this.resolve(change);
        return;
      }
    }
    this.withResolver.delete(change);
    this.policy.tell({ event: 'submitted', change, again });
  }

  /** A resolver makes it fit main. */
  private resolve(change: number): void {
    this.withResolver.add(change);
    this.at(this.now + resolverTime, { do: 'submit', change, again: true });
  }

  /** Asks the policy until it has nothing to say. */
  private settle(): void {
    for (;;) {
      const view: View = {
        now: this.now,
        free: this.scenario.slots - this.running,
        fits: (change, others) => !others.some((other) => this.outcomes.clashes(change, other)),
      };
      const actions = this.policy.plan(view);
      if (actions.length === 0) return;
      for (const action of actions) this.act(action);
      this.keepFull();
    }
  }

  private act(action: Action): void {
    switch (action.do) {
      case 'start':
        this.start(action.run, action.content);
        return;
      case 'cancel': {
        const run = this.runs.get(action.run);
        if (run?.state !== 'running') return;
        run.state = 'cancelled';
        this.running -= 1;
        return;
      }
      case 'land':
        this.land(action.run);
        return;
      case 'reject':
        this.reject(action.change);
    }
  }

  private start(name: number, content: readonly number[]): void {
    if (this.running >= this.scenario.slots) throw new Error('a run without a slot');
    if (this.runs.has(name)) throw new Error(`run ${name} is started twice`);
    const index = this.started.length;
    if (index > runsPerChangeMax * this.scenario.changes) throw new Error('the policy turns in circles');
    for (const [at, change] of content.entries()) {
      if (!this.open.has(change)) throw new Error(`change ${change} is tested, and had ended`);
      if (this.withResolver.has(change) || content.some((other, i) => i < at && this.outcomes.clashes(change, other)))
        throw new Error(`change ${change} conflicts with what it is built on`);
    }
    const bad = this.red || !this.good(content);
    const passes = !bad && !this.outcomes.flakes(index);
    const run: Run = { content, landed: this.main.length, pushes: this.pushes, passes, state: 'running' };
    this.runs.set(name, run);
    this.started.push(this.now);
    this.running += 1;
    const verdict = this.outcomes.lost(index) ? 'infra' : passes ? 'passed' : 'failed';
    this.at(this.now + this.outcomes.runTime(index), { do: 'end', run: name, verdict });
  }

  /** Main with these changes on it. */
  private good(content: readonly number[]): boolean {
    return content.every(
      (change) =>
        !this.outcomes.isBad(change) &&
        !this.outcomes.failsWith(change).some((other) => this.onMain.has(other) || content.includes(other)),
    );
  }

  private land(name: number): void {
    const run = this.runs.get(name);
    if (!run) throw new Error(`no run ${name}`);
    const since = this.main.slice(run.landed);
    const tested =
      run.state === 'passed' && run.pushes === this.pushes && since.every((change, i) => run.content[i] === change);
    if (!tested) this.violations.untested += 1;
    const fresh = tested ? run.content.slice(since.length) : run.content;
    if (!this.good(fresh)) this.red = true;
    if (this.red) this.violations.red += 1;
    for (const change of fresh) {
      if (!this.open.has(change)) this.violations.twice += 1;
      this.end(change, true);
      this.main.push(change);
      this.onMain.add(change);
      for (const other of this.outcomes.clashesWith(change)) {
        if (!this.open.has(other) || this.withResolver.has(other)) continue;
        this.policy.tell({ event: 'withdrawn', change: other });
        this.resolve(other);
      }
    }
  }

  private reject(change: number): void {
    if (!this.open.has(change)) throw new Error(`change ${change} is rejected, and had ended`);
    this.end(change, false);
  }

  private end(change: number, landed: boolean): void {
    if (!this.open.delete(change)) return;
    const wait = this.now - (this.submittedAt.get(change) ?? 0);
    this.resolved.push({ change, at: this.now, wait, landed, bad: !this.good([change]) });
  }

  private at(at: number, what: Happening): void {
    this.order += 1;
    push(this.due, { at, order: this.order, what });
  }
}
