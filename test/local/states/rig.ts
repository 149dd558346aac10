/** What the tests of the interpreter share: one machine, a virtual clock, functions and queues that a test plays. */
import type { Ids, Json, Message } from '../../../core/ports.ts';
import { type LocalWorkflows, makeWorkflows } from '../../../local/states/workflows.ts';
import { type VirtualClock, virtualClock } from '../virtual-clock.ts';

export function seededIds(seed = 1): Ids {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const digits = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  return { ulid: () => digits(26), secret: () => digits(64), random };
}

interface Ending {
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface Rig {
  readonly clock: VirtualClock;
  readonly workflows: LocalWorkflows;
  readonly calls: { readonly functionName: string; readonly payload: Json; readonly at: number }[];
  readonly messages: Message[];
  readonly endings: Ending[];
  /** States, once for each transition that Step Functions would bill. */
  readonly entered: string[];
  /** Starts an execution, lets it come to rest, and says how it ended, if it did. */
  run(input?: Json, name?: string): Promise<Ending | undefined>;
  /** The payload of the newest call. */
  last(): Json;
}

interface RigOptions {
  readonly functions?: Readonly<Record<string, (payload: Json) => Json | Promise<Json>>>;
  readonly substitutions?: Readonly<Record<string, string>>;
  readonly send?: (message: Message) => Promise<void>;
}

/** `functions` missing a name: `echo` gives its payload back. */
export function rig(definition: object, { functions = {}, substitutions = {}, send }: RigOptions = {}): Rig {
  const clock = virtualClock();
  const start = clock.now();
  const calls: Rig['calls'] = [];
  const messages: Message[] = [];
  const endings: Ending[] = [];
  const entered: string[] = [];
  const workflows = makeWorkflows({
    machines: { m: { definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }) } },
    substitutions,
    clock,
    ids: seededIds(),
    async invoke(functionName, payload) {
      calls.push({ functionName, payload, at: clock.now() - start });
      const play = functions[functionName] ?? ((given: Json) => given);
      return play(payload);
    },
    send: async (message) => {
      await send?.(message);
      messages.push(message);
    },
    onEntered: (_machine, state) => entered.push(state),
    onEnded: (_machine, name, status, fault) => endings.push({ name, status, ...fault }),
  });
  return {
    clock,
    workflows,
    calls,
    messages,
    endings,
    entered,
    async run(input = {}, name = 'one') {
      await workflows.start('m', name, input);
      await clock.settle();
      return endings.find((ending) => ending.name === name);
    },
    last: () => calls.at(-1)?.payload ?? null,
  };
}

export const invoke = (functionName: string, payload: Json, more: object = {}): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionName, Payload: payload },
  ...more,
});

export const awaitToken = (more: object = {}): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
  ...more,
});

/** A machine whose last state shows a function what it got. */
export const showing = (states: Record<string, object>, startAt = Object.keys(states)[0]): object => ({
  StartAt: startAt,
  States: { ...states, Show: invoke('show', '{% $states.input %}', { End: true }) },
});

/** Throws an error with this name. */
export const thrower = (name: string) => (): never => {
  throw Object.assign(new Error(`${name} it is`), { name });
};

/** `${name}`, as a definition writes what is filled in at deployment. */
export const placeholder = (name: string): string => `\${${name}}`;
