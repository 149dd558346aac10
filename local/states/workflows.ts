/**
 * The `Workflows` port in memory: an interpreter of the same state-machine files that Step Functions runs. After a
 * restart nothing is left of it; what was in flight is rebuilt from the record (the next run of each molecule).
 */
import { PortRefused, Unavailable } from '../../core/errors.ts';
import type { Json, TokenResult, Workflows } from '../../core/ports.ts';
import { Executions, type World } from './executions.ts';
import { loadMachine } from './load.ts';
import type { Machine } from './machine.ts';
import { bytesOf, payloadBytesMax } from './template.ts';
import type { Waiter } from './visit.ts';

export interface WorkflowsOptions extends World {
  /** By machine name. `definition` is the text of the ASL file; a machine was loaded before. */
  readonly machines: Readonly<Record<string, { readonly definition: string } | Machine>>;
  /** What `${Name}` stands for in the definitions. Function names and queue URLs become local names here. */
  readonly substitutions: Readonly<Record<string, string>>;
}

export interface LocalWorkflows extends Workflows {
  /** Executions that have not ended. */
  running(): number;
  /** Resets the heartbeat of a task, as SendTaskHeartbeat does. */
  heartbeat(token: string): Promise<TokenResult>;
  /** Drops everything that runs, without a word to anybody; nothing starts any more. */
  close(): void;
}

const namePattern = /^[A-Za-z0-9_-]{1,80}$/;
/** Step Functions' own bounds. What is longer is cut: the end of a stack is no reason to lose the failure. */
const tokenCharsMax = 2048;
const errorCharsMax = 256;
const causeCharsMax = 32_768;

/** Throws a `TownError` with every fault of every definition that it cannot interpret to the letter. */
export function makeWorkflows(options: WorkflowsOptions): LocalWorkflows {
  const machines = new Map<string, Machine>();
  for (const [name, given] of Object.entries(options.machines)) {
    machines.set(name, 'definition' in given ? loadMachine(name, given.definition, options) : given);
  }
  const executions = new Executions(options);
  let closed = false;

  const machineOf = (name: string): Machine => {
    const machine = machines.get(name);
    if (machine) return machine;
    throw new PortRefused(
      'MACHINE_UNKNOWN',
      `no state machine "${name}"; there are: ${[...machines.keys()].join(', ')}`,
    );
  };
  /** The waiter leaves with its token: whoever comes next with it finds nobody. */
  const answer = (token: string, act: (waiter: Waiter) => void): TokenResult => {
    if (token.length < 1 || token.length > tokenCharsMax) {
      throw new PortRefused('TOKEN_INVALID', `a task token of ${token.length} characters; 1 to ${tokenCharsMax}`);
    }
    const waiter = executions.waiter(token);
    if (!waiter) return 'gone';
    act(waiter);
    return 'done';
  };

  return {
    async start(machineName, name, input) {
      checkName(name);
      const machine = machineOf(machineName);
      const own = payloadOf(input);
      if (closed) throw new Unavailable('the workflows are closed');
      if (executions.statusOf(machineName, name) !== 'absent') return 'exists';
      executions.begin(machine, name, own);
      return 'started';
    },
    async succeed(token, output) {
      const own = payloadOf(output);
      return answer(token, (waiter) => waiter.succeed(own));
    },
    fail: async (token, error, cause) =>
      answer(token, (waiter) => waiter.fail(error.slice(0, errorCharsMax), cause.slice(0, causeCharsMax))),
    heartbeat: async (token) => answer(token, (waiter) => waiter.beat()),
    async stop(machine, name, cause) {
      checkName(name);
      executions.stop(machineOf(machine).name, name, cause.slice(0, causeCharsMax));
    },
    async describe(machine, name) {
      checkName(name);
      return executions.statusOf(machineOf(machine).name, name);
    },
    running: () => executions.running,
    close() {
      closed = true;
      executions.close();
    },
  };
}

function checkName(name: string): void {
  if (namePattern.test(name)) return;
  throw new PortRefused('NAME_INVALID', `execution name ${JSON.stringify(name)}: 1 to 80 of letters, digits, - and _`);
}

/** A copy that nobody else can change. */
function payloadOf(value: Json): Json {
  const bytes = bytesOf(value);
  if (bytes > payloadBytesMax)
    throw new PortRefused('PAYLOAD_TOO_LARGE', `${bytes} bytes, at most ${payloadBytesMax} fit`);
  return JSON.parse(JSON.stringify(value)) as Json;
}
