/** Workflows on Step Functions (Standard). What it calls an exception and the town expects is a result here. */
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  type ExecutionStatus as SfnStatus,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PortRefused } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { ExecutionStatus, Json, TokenResult, Workflows } from '../core/ports.ts';
import { answerOf, messageOf, nameOf } from './errors.ts';

export interface WorkflowsConfig {
  /** ARN of each state machine that this function may use, by its name. */
  readonly machines: Readonly<Record<string, string>>;
}

/** CloudWatch Logs stumbles over a dot in an execution's name, so the town allows none. */
const namePattern = /^[A-Za-z0-9_-]{1,80}$/;
/** Step Functions: an error of 256 characters, a cause of 32,768, a task token of 2,048. */
const errorCharsMax = 256;
const causeCharsMax = 32_768;
const tokenCharsMax = 2048;

/** The execution has moved on without this token: that is news, not an error. */
const tokenGone = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const refusals = new Set(['InvalidName', 'InvalidExecutionInput', 'InvalidOutput', 'ValidationException']);

const statuses: Readonly<Record<SfnStatus, ExecutionStatus>> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed_out',
  ABORTED: 'aborted',
};

function payloadOf(value: Json): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new PortRefused('BAD_PAYLOAD', `${typeof value} is not JSON`);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.messageBytesMax) {
    throw new PortRefused('PAYLOAD_TOO_LARGE', `${bytes} bytes, at most ${limits.messageBytesMax} fit`);
  }
  return text;
}

/** What the service refuses in the same way every time comes as `PortRefused`. */
async function call<Answer>(what: string, sent: Promise<Answer>): Promise<Answer> {
  try {
    return await answerOf(what, sent);
  } catch (error) {
    throw refusals.has(nameOf(error)) ? new PortRefused('WORKFLOW_REFUSED', `${what}: ${messageOf(error)}`) : error;
  }
}

async function tokenResult(token: string, what: string, send: () => Promise<unknown>): Promise<TokenResult> {
  if (token === '' || token.length > tokenCharsMax) {
    throw new PortRefused('TOKEN_INVALID', `a task token of ${token.length} characters; 1 to ${tokenCharsMax}`);
  }
  try {
    await call(what, send());
    return 'done';
  } catch (error) {
    if (tokenGone.has(nameOf(error))) return 'gone';
    throw error;
  }
}

function machineOf({ machines }: WorkflowsConfig, machine: string): string {
  const arn = machines[machine];
  if (arn === undefined) throw new PortRefused('MACHINE_UNKNOWN', `no state machine ${machine}`);
  return arn;
}

function checkName(name: string): void {
  if (!namePattern.test(name)) throw new PortRefused('NAME_INVALID', `execution name ${JSON.stringify(name)}`);
}

function executionOf(config: WorkflowsConfig, machine: string, name: string): string {
  checkName(name);
  return `${machineOf(config, machine).replace(':stateMachine:', ':execution:')}:${name}`;
}

export const makeWorkflows = (client: SFNClient, config: WorkflowsConfig): Workflows => ({
  /** A repeat with the same input, while the first still runs, is answered `started`: Step Functions does not tell. */
  async start(machine, name, input) {
    checkName(name);
    const command = new StartExecutionCommand({
      stateMachineArn: machineOf(config, machine),
      name,
      input: payloadOf(input),
    });
    try {
      await call(`start ${machine} ${name}`, client.send(command));
      return 'started';
    } catch (error) {
      if (nameOf(error) === 'ExecutionAlreadyExists') return 'exists';
      throw error;
    }
  },
  async succeed(token, output) {
    const command = new SendTaskSuccessCommand({ taskToken: token, output: payloadOf(output) });
    return tokenResult(token, 'send task success', () => client.send(command));
  },
  async fail(token, error, cause) {
    const command = new SendTaskFailureCommand({
      taskToken: token,
      error: error.slice(0, errorCharsMax),
      cause: cause.slice(0, causeCharsMax),
    });
    return tokenResult(token, 'send task failure', () => client.send(command));
  },
  async stop(machine, name, cause) {
    const executionArn = executionOf(config, machine, name);
    const command = new StopExecutionCommand({ executionArn, cause: cause.slice(0, causeCharsMax) });
    const what = `stop ${machine} ${name}`;
    try {
      await answerOf(what, client.send(command));
    } catch (error) {
      const hasEnded = nameOf(error) === 'ValidationException' && /not running/i.test(messageOf(error));
      if (!hasEnded && nameOf(error) !== 'ExecutionDoesNotExist') throw error;
    }
  },
  async describe(machine, name) {
    const command = new DescribeExecutionCommand({ executionArn: executionOf(config, machine, name) });
    try {
      const { status } = await call(`describe ${machine} ${name}`, client.send(command));
      if (status === undefined) throw new Error(`BUG: ${machine} ${name} was described without a status`);
      return statuses[status];
    } catch (error) {
      if (nameOf(error) === 'ExecutionDoesNotExist') return 'absent';
      throw error;
    }
  },
});
