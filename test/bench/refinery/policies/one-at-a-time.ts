/** What serial and batching queues share: one candidate at a time, on main, in order of submission. */
import type { Action, Event, Policy, View } from '../policy.ts';

/** Yields what is tested next on main, and is told whether it passed; then it has landed. */
export type Trial = Generator<readonly number[], void, boolean>;

export class OneAtATime implements Policy {
  private readonly line: number[] = [];
  private readonly rejected: number[] = [];
  private trial: Trial | undefined;
  private content: readonly number[] | undefined;
  private runs = 0;
  private state: 'idle' | 'running' | 'passed' | 'failed' | 'infra' = 'idle';
  private stale = false;
  private readonly batchMax: number;
  private readonly makeTrial: (batch: readonly number[], reject: (change: number) => void) => Trial;

  constructor(batchMax: number, makeTrial: OneAtATime['makeTrial']) {
    this.batchMax = batchMax;
    this.makeTrial = makeTrial;
  }

  tell(event: Event): void {
    if (event.event === 'submitted') this.line.push(event.change);
    else if (event.event === 'withdrawn') this.line.splice(this.line.indexOf(event.change), 1);
    else if (event.event === 'ended') this.state = event.verdict;
    else this.stale = true;
  }

  plan(view: View): readonly Action[] {
    if (this.state === 'running' || view.free === 0) return [];
    if (this.state === 'passed' && !this.stale) {
      const landed = this.runs;
      this.goOn(true);
      return [{ do: 'land', run: landed }];
    }
    if (this.state === 'failed') this.goOn(false);
    if (!this.trial) this.begin(view);
    const actions: Action[] = this.rejected.splice(0).map((change) => ({ do: 'reject', change }));
    if (this.content) {
      this.runs += 1;
      this.state = 'running';
      this.stale = false;
      actions.push({ do: 'start', run: this.runs, content: this.content });
    }
    return actions;
  }

  private begin(view: View): void {
    const batch: number[] = [];
    for (const change of this.line) {
      if (batch.length === this.batchMax) break;
      if (view.fits(change, batch)) batch.push(change);
    }
    if (batch.length === 0) return;
    for (const change of batch) this.line.splice(this.line.indexOf(change), 1);
    this.trial = this.makeTrial(batch, (change) => this.rejected.push(change));
    this.goOn(false);
  }

  private goOn(passed: boolean): void {
    const next = this.trial?.next(passed);
    this.state = 'idle';
    this.content = next?.done === false ? next.value : undefined;
    if (next?.done) this.trial = undefined;
  }
}
