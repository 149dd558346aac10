/** A state machine after loading: every field checked, every expression parsed. */
import type { Expression } from './expression.ts';
import type { Template } from './template.ts';

export type Assignments = readonly (readonly [name: string, value: Template])[];

/** What every state may do on its way out; `next` is absent where the state ends its scope. */
export interface Exit {
  readonly next?: string;
  readonly output?: Template;
  readonly assign: Assignments;
}

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly attemptsMax: number;
  readonly backoffRate: number;
  readonly delayMaxSeconds: number;
  readonly jitter: 'NONE' | 'FULL';
}

export interface Catcher extends Exit {
  readonly errorEquals: readonly string[];
}

interface Recovery {
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export type Service = 'lambda:invoke' | 'sqs:sendMessage';

export type State = { readonly name: string } & (
  | (Exit &
      Recovery & {
        readonly type: 'Task';
        readonly service: Service;
        readonly waitsForToken: boolean;
        readonly arguments: Template;
        readonly timeoutSeconds?: Template;
        readonly heartbeatSeconds?: Template;
      })
  | (Exit &
      Recovery & { readonly type: 'Parallel'; readonly arguments?: Template; readonly branches: readonly States[] })
  | (Exit &
      Recovery & {
        readonly type: 'Map';
        readonly items?: Template;
        readonly itemSelector?: Template;
        readonly concurrencyMax?: Template;
        readonly processor: States;
      })
  | (Exit & { readonly type: 'Choice'; readonly choices: readonly Choice[] })
  | (Exit & { readonly type: 'Wait'; readonly seconds?: Template; readonly timestamp?: Template })
  | (Exit & { readonly type: 'Pass' })
  | (Exit & { readonly type: 'Succeed' })
  | { readonly type: 'Fail'; readonly error?: Template; readonly cause?: Template }
);

export type StateOf<Type extends State['type']> = Extract<State, { readonly type: Type }>;

interface Choice extends Exit {
  readonly condition: Expression;
  readonly next: string;
}

export interface States {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export interface Machine extends States {
  readonly name: string;
  readonly timeoutSeconds?: number;
}
