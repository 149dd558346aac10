/** Where a bench sees what the same town would be billed for in AWS. Nothing is different for being watched. */
import type { Ports } from '../core/ports.ts';
import type { FunctionName } from '../core/wiring.ts';

export interface Watch {
  /** The ports that a function is given. `states` are the state machines, which send to a queue of themselves. */
  ports<Given extends Partial<Ports>>(who: FunctionName | 'states', given: Given): Given;
  /** Around each run of a function. */
  run<Out>(name: FunctionName, work: () => Promise<Out>): Promise<Out>;
  /** A state was entered, or tried once more. */
  entered(machine: string, state: string): void;
}

export const unwatched: Watch = {
  ports: (_, given) => given,
  run: (_, work) => work(),
  entered: () => undefined,
};
