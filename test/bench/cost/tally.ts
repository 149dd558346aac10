/** Counts what a watched town does: by function, each port call with its units, each run with its time. */
import { meterPorts } from '../../../core/costs/meter.ts';
import { sum, type Units } from '../../../core/costs/prices.ts';
import type { FunctionName } from '../../../core/wiring.ts';
import type { Watch } from '../../../local/watch.ts';

export interface Spender {
  runs: number;
  /** Of each run, on this machine. */
  readonly ms: number[];
  readonly calls: Map<string, { count: number; units: Units }>;
}

export class Tally implements Watch {
  readonly spenders = new Map<FunctionName | 'states', Spender>();
  readonly transitions = new Map<string, number>();

  readonly ports: Watch['ports'] = (who, given) => {
    const { calls } = this.of(who);
    return meterPorts(given, (call, units) => {
      const before = calls.get(call) ?? { count: 0, units: {} };
      calls.set(call, { count: before.count + 1, units: sum(before.units, units) });
    });
  };

  async run<Out>(name: FunctionName, work: () => Promise<Out>): Promise<Out> {
    const spender = this.of(name);
    const started = performance.now();
    try {
      return await work();
    } finally {
      spender.runs += 1;
      spender.ms.push(performance.now() - started);
    }
  }

  entered(machine: string): void {
    this.transitions.set(machine, (this.transitions.get(machine) ?? 0) + 1);
  }

  of(who: FunctionName | 'states'): Spender {
    const found = this.spenders.get(who) ?? { runs: 0, ms: [], calls: new Map() };
    this.spenders.set(who, found);
    return found;
  }

  calls(call: string): number {
    return [...this.spenders.values()].reduce((total, { calls }) => total + (calls.get(call)?.count ?? 0), 0);
  }
}
