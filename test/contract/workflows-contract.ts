/** What every `Workflows` does, and refuses. Written in terms of the port alone, so that it can run against AWS too. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PortRefused } from '../../core/errors.ts';
import type { Json, Workflows } from '../../core/ports.ts';
import { fresh } from './fresh.ts';
import { claims, type Gaps } from './gaps.ts';

/** Filled in at deployment. */
const functionName = '$'.concat('{Function}');

/**
 * The machine that the suite needs: asks a function with a token, for at most the seconds of its input, and tells it
 * what came back. The function is `${Function}`.
 */
export const contractDefinition = JSON.stringify({
  QueryLanguage: 'JSONata',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: {
        FunctionName: functionName,
        Payload: {
          name: '{% $states.context.Execution.Name %}',
          token: '{% $states.context.Task.Token %}',
          input: '{% $states.input %}',
        },
      },
      TimeoutSeconds: '{% $states.input.seconds %}',
      Next: 'Tell',
    },
    Tell: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: {
        FunctionName: functionName,
        Payload: { name: '{% $states.context.Execution.Name %}', answer: '{% $states.input %}' },
      },
      End: true,
    },
  },
});

export interface ContractCall {
  readonly name: string;
  readonly token?: string;
  readonly input?: Json;
  readonly answer?: Json;
}

export interface WorkflowsUnderTest {
  readonly workflows: Workflows;
  /** A machine that runs `contractDefinition`. */
  readonly machine: string;
  /** Everything the function was called with so far; it answers `null`. */
  calls(): Promise<readonly ContractCall[]>;
  dispose(): Promise<void>;
}

interface WorkflowsContractOptions {
  /** A call, or the end of an execution, shows within this. */
  readonly withinMs: number;
  readonly gaps?: Gaps;
}

const kept = 3600;
const over256KB = 'x'.repeat(256 * 1024);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function workflowsContract(
  what: string,
  make: () => Promise<WorkflowsUnderTest>,
  { withinMs, gaps = {} }: WorkflowsContractOptions,
): void {
  describe(`the workflows, ${what}`, () => {
    const claim = claims(gaps);
    let made: WorkflowsUnderTest;
    let workflows: Workflows;
    let machine: string;
    beforeAll(async () => {
      made = await make();
      ({ workflows, machine } = made);
    });
    afterAll(async () => made.dispose());

    async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
      for (let left = withinMs; ; left -= 20) {
        const seen = await look();
        if (seen !== undefined) return seen;
        if (left <= 0) throw new Error(`not within ${withinMs} ms`);
        await pause(20);
      }
    }
    const callsOf = async (name: string) => (await made.calls()).filter((call) => call.name === name);
    const tokenOf = (name: string) => eventually(async () => (await callsOf(name))[0]?.token);
    const statusOf = (name: string) =>
      eventually(async () => {
        const status = await workflows.describe(machine, name);
        return status === 'running' ? undefined : status;
      });
    const started = async (seconds = kept): Promise<{ name: string; token: string }> => {
      const name = fresh('run');
      expect(await workflows.start(machine, name, { seconds })).toBe('started');
      return { name, token: await tokenOf(name) };
    };

    claim('an execution is absent, then running with its input, then succeeded', async () => {
      const name = fresh('run');
      expect(await workflows.describe(machine, name)).toBe('absent');
      await workflows.start(machine, name, { seconds: kept, list: [1, { deep: null }] });
      const token = await tokenOf(name);
      expect((await callsOf(name))[0]?.input).toEqual({ seconds: kept, list: [1, { deep: null }] });
      expect(await workflows.describe(machine, name)).toBe('running');
      expect(await workflows.succeed(token, { n: 1 })).toBe('done');
      expect(await statusOf(name)).toBe('succeeded');
      expect((await callsOf(name))[1]?.answer).toEqual({ n: 1 });
    });

    claim('a name starts once: not again while it runs, nor after it has ended', async () => {
      const { name, token } = await started();
      expect(await workflows.start(machine, name, { seconds: 1 })).toBe('exists');
      await workflows.succeed(token, null);
      await statusOf(name);
      expect(await workflows.start(machine, name, { seconds: 2 })).toBe('exists');
      expect(await workflows.describe(machine, name)).toBe('succeeded');
      expect(await callsOf(name)).toHaveLength(2);
    });

    claim('of two starts of one name at once, one starts', async () => {
      const name = fresh('run');
      const answers = await Promise.all([1, 2].map((n) => workflows.start(machine, name, { seconds: kept, n })));
      expect(answers.sort()).toEqual(['exists', 'started']);
      await workflows.stop(machine, name, 'the test is over');
    });

    claim('a token counts once: repeated, it is gone, whichever way', async () => {
      const { name, token } = await started();
      expect(await workflows.succeed(token, 'first')).toBe('done');
      expect(await workflows.succeed(token, 'second')).toBe('gone');
      expect(await workflows.fail(token, 'Late', '')).toBe('gone');
      expect(await statusOf(name)).toBe('succeeded');
      expect((await callsOf(name))[1]?.answer).toBe('first');
    });

    claim('a failed task that nothing catches fails its execution', async () => {
      const { name, token } = await started();
      expect(await workflows.fail(token, 'Refused', 'by the test')).toBe('done');
      expect(await statusOf(name)).toBe('failed');
      expect(await workflows.succeed(token, {})).toBe('gone');
    });

    claim('an error name or cause longer than the service takes is cut, not refused', async () => {
      const { name, token } = await started();
      expect(await workflows.fail(token, 'E'.repeat(300), 'c'.repeat(40_000))).toBe('done');
      expect(await statusOf(name)).toBe('failed');
    });

    claim('a token that comes after its time-out is gone', async () => {
      const { name, token } = await started(1);
      await eventually(async () => ((await workflows.describe(machine, name)) === 'running' ? undefined : true));
      expect(await workflows.succeed(token, {})).toBe('gone');
      expect(await callsOf(name)).toHaveLength(1);
    });

    claim('a token that nobody gave out is gone', async () => {
      expect(await workflows.succeed('0'.repeat(64), {})).toBe('gone');
      expect(await workflows.fail('0'.repeat(64), 'Boom', '')).toBe('gone');
    });

    claim('a stopped execution is aborted, its token gone; stopping again, or nothing, is fine', async () => {
      const { name, token } = await started();
      await workflows.stop(machine, name, 'enough');
      expect(await statusOf(name)).toBe('aborted');
      expect(await workflows.succeed(token, {})).toBe('gone');
      await workflows.stop(machine, name, 'again');
      await workflows.stop(machine, fresh('never'), 'nothing');
      expect(await workflows.start(machine, name, { seconds: 3 })).toBe('exists');
    });

    claim('stopping what has ended does not change how it ended', async () => {
      const { name, token } = await started();
      await workflows.succeed(token, {});
      await statusOf(name);
      await workflows.stop(machine, name, 'too late');
      expect(await workflows.describe(machine, name)).toBe('succeeded');
    });

    test.each(['', 'a.b', 'a b', 'a/b', 'a#b', 'käfer', 'x'.repeat(81)])('the name %j is refused', async (name) => {
      await expect(workflows.start(machine, name, {})).rejects.toBeInstanceOf(PortRefused);
      await expect(workflows.describe(machine, name)).rejects.toBeInstanceOf(PortRefused);
      await expect(workflows.stop(machine, name, '')).rejects.toBeInstanceOf(PortRefused);
    });

    claim('names of 80 letters, digits, - and _ are taken', async () => {
      const name = `${fresh('A_')}${'z'.repeat(80)}`.slice(0, 80);
      expect(await workflows.start(machine, name, { seconds: kept })).toBe('started');
      await workflows.stop(machine, name, 'the test is over');
    });

    claim('a machine that does not exist is refused', async () => {
      await expect(workflows.start('no-such-machine', fresh('run'), {})).rejects.toBeInstanceOf(PortRefused);
    });

    claim('more than 256 KB is refused, as input and as output, and the token still counts', async () => {
      const { name, token } = await started();
      await expect(workflows.start(machine, fresh('run'), over256KB)).rejects.toBeInstanceOf(PortRefused);
      await expect(workflows.succeed(token, over256KB)).rejects.toBeInstanceOf(PortRefused);
      expect(await workflows.succeed(token, {})).toBe('done');
      expect(await statusOf(name)).toBe('succeeded');
    });

    claim('an empty token is refused', async () => {
      await expect(workflows.succeed('', {})).rejects.toBeInstanceOf(PortRefused);
    });
  });
}
