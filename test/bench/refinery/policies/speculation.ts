/**
 * Chain speculation, as Zuul does it: every change in the window is tested on top of those before it; one that fails is
 * taken out of the chain of those behind it, which start again; at the head it is rejected. The window grows by one with
 * each merge and is halved by each failure.
 */
import type { Action, Event, Policy, View } from '../policy.ts';

const windowFirst = 20;
const windowFloor = 3;

interface Item {
  readonly change: number;
  /** The run of it on top of what was before it; `content` without what has landed since. */
  run?: { readonly name: number; readonly content: readonly number[]; readonly state: 'running' | 'passed' | 'failed' };
}

class Speculation implements Policy {
  private items: Item[] = [];
  private window = windowFirst;
  private runs = 0;
  /** Runs that nobody waits for any more. */
  private readonly stale: number[] = [];

  tell(event: Event): void {
    switch (event.event) {
      case 'submitted':
        this.items.push({ change: event.change });
        return;
      case 'withdrawn':
        for (const item of this.items) if (item.change === event.change) this.forget(item);
        this.items = this.items.filter(({ change }) => change !== event.change);
        return;
      case 'pushed':
        for (const item of this.items) this.forget(item);
        return;
      case 'ended': {
        const item = this.items.find(({ run }) => run?.name === event.run);
        if (!item?.run) return;
        if (event.verdict === 'infra') delete item.run;
        else item.run = { ...item.run, state: event.verdict };
      }
    }
  }

  plan(view: View): readonly Action[] {
    const [head] = this.items;
    if (head?.run && head.run.state !== 'running' && same(head.run.content, [head.change])) {
      this.items.shift();
      if (head.run.state === 'passed') {
        this.window += 1;
        for (const item of this.items) this.headLanded(item, head.change);
        return [{ do: 'land', run: head.run.name }];
      }
      this.window = Math.max(windowFloor, Math.floor(this.window / 2));
      return [{ do: 'reject', change: head.change }];
    }
    const starts = this.starts(view);
    const cancels: Action[] = this.stale.splice(0).map((run) => ({ do: 'cancel', run }));
    if (cancels.length > 0) return cancels;
    for (const { item, content } of starts.slice(0, view.free)) {
      this.runs += 1;
      item.run = { name: this.runs, content, state: 'running' };
    }
    return starts
      .slice(0, view.free)
      .map(({ content }, i, { length }) => ({ do: 'start', run: this.runs - length + i + 1, content }));
  }

  /** Who in the window wants a run: each on what has not failed before it. */
  private starts(view: View) {
    const wanted: { readonly item: Item; readonly content: readonly number[] }[] = [];
    const ahead: number[] = [];
    for (const item of this.items.slice(0, this.window)) {
      const fits = view.fits(item.change, ahead);
      const content = [...ahead, item.change];
      if (item.run && (!fits || !same(item.run.content, content))) this.forget(item);
      if (!fits) continue;
      if (!item.run) wanted.push({ item, content });
      if (item.run?.state !== 'failed') ahead.push(item.change);
    }
    return wanted;
  }

  private headLanded(item: Item, head: number): void {
    if (item.run?.content[0] === head) item.run = { ...item.run, content: item.run.content.slice(1) };
    else this.forget(item);
  }

  private forget(item: Item): void {
    if (item.run?.state === 'running') this.stale.push(item.run.name);
    delete item.run;
  }
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((change, i) => b[i] === change);

export const speculation = () => new Speculation();
