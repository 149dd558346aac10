/** The town's own planner, told neither p nor f. Does with its decisions what the Refinery does, on a main made of names. */
import { limits } from '../../../../core/limits.ts';
import {
  type Board,
  type Decision,
  emptyBoard,
  failed,
  joined,
  landed,
  mainMoved,
  mainPassed,
  type Run,
  rejected,
  started,
  unbuilt,
  withdrawn,
  withoutIdle,
} from '../../../../core/refinery/planner/board.ts';
import {
  type Estimates,
  freshEstimates,
  learnedGreen,
  learnedLanding,
  learnedPass,
  learnedRejection,
} from '../../../../core/refinery/planner/estimate.ts';
import { decide } from '../../../../core/refinery/planner/next.ts';
import { prefixMax } from '../../../../core/refinery/planner/prefix.ts';
import { riskOf } from '../../../../core/refinery/planner/risk.ts';
import type { Action, Event, Policy, View } from '../policy.ts';
import type { Scenario } from '../scenario.ts';

type Ended = Extract<Event, { event: 'ended' }>;

class Ours implements Policy {
  private board: Board = emptyBoard;
  private estimates: Estimates = freshEstimates;
  /** In order of submission: how often each conflicted. */
  private readonly line = new Map<string, number>();
  private readonly runs = new Map<number, Run>();
  /** The run that checks main, if any. */
  private check: { readonly name: number; readonly base: string } | undefined;
  private readonly ended: Ended[] = [];
  private main = 'main';
  private pushes = 0;
  private started = 0;
  private readonly commitNames = new Map<string, string>();
  private readonly slots: number;

  constructor({ slots }: Scenario) {
    this.slots = slots;
  }

  tell(event: Event): void {
    switch (event.event) {
      case 'submitted':
        this.line.set(String(event.change), event.again ? 1 : 0);
        return;
      case 'withdrawn':
        this.line.delete(String(event.change));
        this.board = withdrawn(this.board, [String(event.change)]);
        return;
      case 'pushed':
        this.pushes += 1;
        this.main = `push ${this.pushes}`;
        this.board = mainMoved(this.board);
        return;
      case 'ended':
        this.ended.push(event);
    }
  }

  /** Verdict by verdict: a pass lands before the next is looked at, and lets a culprit go. */
  plan(view: View): readonly Action[] {
    const end = this.ended.shift();
    const landing = end ? this.settle(end) : [];
    if (landing.length > 0) return landing;
    const next = this.decider();
    const first = next();
    if (first.do === 'reject') return [this.reject(first)];
    if (this.ended.length > 0) return this.plan(view);
    const actions: Action[] = [];
    for (let decision: Decision = first; decision.do !== 'wait'; decision = next()) {
      if (decision.do === 'reject') return [...actions, this.reject(decision)];
      actions.push(...this.start(decision, view));
    }
    return actions;
  }

  /** Asks the planner, as long as no change comes or goes. */
  private decider(): () => Decision {
    const risks = [0, 1].map((conflicts) => riskOf({ retries: 0, conflicts }, this.estimates));
    const changes = new Map([...this.line].map(([id, conflicts]) => [id, { id, risk: risks[conflicts] ?? 0 }]));
    const waiting = [...changes.values()];
    return () => {
      const runs = [...this.runs.values()];
      this.board = withoutIdle(this.board, runs);
      return decide({
        board: this.board,
        waiting,
        changeOf: (id) => changes.get(id),
        runs,
        checkingMain: this.check !== undefined,
        slots: this.slots,
        batchMax: prefixMax,
        landMax: limits.landedAtOnceMax,
        estimates: this.estimates,
      });
    };
  }

  /** A commit is named by what it stands on and its change, so a prefix built again is the same. */
  private commitsOf(content: readonly string[]): string[] {
    let below = this.main;
    return content.map((id) => {
      const place = `${below} ${id}`;
      below = this.commitNames.get(place) ?? `commit ${this.commitNames.size + 1}`;
      this.commitNames.set(place, below);
      return below;
    });
  }

  private settle({ run: name, verdict }: Ended): readonly Action[] {
    if (name === this.check?.name) {
      if (verdict === 'passed' && this.check.base === this.main) {
        this.board = mainPassed(this.board);
        this.estimates = learnedGreen(this.estimates);
      }
      this.check = undefined;
      return [];
    }
    const run = this.runs.get(name);
    this.runs.delete(name);
    if (!run || verdict === 'infra') return [];
    if (verdict === 'failed') {
      this.board = failed(this.board, run);
      return [];
    }
    this.estimates = learnedPass(this.estimates, this.board, run);
    if (run.base !== this.main && !run.commits.includes(this.main)) {
      this.board = joined(this.board, run);
      return [];
    }
    this.board = landed(this.board, run);
    this.main = run.commits.at(-1) ?? run.base;
    const fresh = run.content.filter((id) => this.line.delete(id)).length;
    this.estimates = learnedLanding(this.estimates, { fresh, resubmitted: 0 });
    return [{ do: 'land', run: name }];
  }

  private reject(decision: Extract<Decision, { do: 'reject' }>): Action {
    this.estimates = learnedRejection(this.estimates, this.board, decision, false);
    this.board = rejected(this.board, decision.chain);
    this.line.delete(decision.id);
    return { do: 'reject', change: Number(decision.id) };
  }

  /** Nothing, if nothing of the chain can be built: then another decision is due. */
  private start(decision: Extract<Decision, { do: 'test' | 'check_main' }>, view: View): Action[] {
    const content = decision.do === 'test' ? this.buildable(decision, view) : [];
    if (content === undefined) return [];
    this.started += 1;
    if (decision.do === 'check_main') this.check = { name: this.started, base: this.main };
    else {
      const { chain } = decision;
      const commits = this.commitsOf(content);
      const { era } = this.board;
      this.runs.set(this.started, {
        content,
        base: this.main,
        commits,
        era,
        ...(chain === undefined ? {} : { chain }),
      });
    }
    return [{ do: 'start', run: this.started, content: content.map(Number) }];
  }

  /** Up to the first that conflicts with what is before it: that one waits, and the chain is shorter. */
  private buildable(test: Extract<Decision, { do: 'test' }>, view: View): readonly string[] | undefined {
    const { chain, members, content } = test;
    if (chain !== undefined && members) this.board = started(this.board, chain, members);
    const changes = content.map(Number);
    const stuck = changes.findIndex((change, i) => !view.fits(change, changes.slice(0, i)));
    if (stuck < 0) return content;
    this.board = unbuilt(this.board, content, content[stuck] ?? '');
    const left = content.slice(0, stuck);
    const isOfChain = this.board.chains.some(({ id, members: of }) => id === chain && of.includes(left.at(-1) ?? ''));
    return isOfChain ? left : undefined;
  }
}

export const ours = (scenario: Scenario) => new Ours(scenario);
