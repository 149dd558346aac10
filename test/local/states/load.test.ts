import { describe, expect, test } from '@jest/globals';
import { TownError } from '../../../core/errors.ts';
import { loadMachine } from '../../../local/states/load.ts';
import { virtualClock } from '../virtual-clock.ts';
import { invoke, placeholder, seededIds } from './rig.ts';

const end = { Type: 'Succeed' };
const pass = { Type: 'Pass', Next: 'End' };
const states = (first: object): object => ({ StartAt: 'First', States: { First: first, End: end } });
const task = (more: object): object => states(invoke('f', {}, { Next: 'End', ...more }));
const choice = (rule: object): object => states({ Type: 'Choice', Choices: [rule] });
const retry = (retrier: object): object => task({ Retry: [{ ErrorEquals: ['Boom'], ...retrier }] });

function faultsOf(definition: object | string): readonly string[] {
  const text =
    typeof definition === 'string' ? definition : JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
  try {
    loadMachine('m', text, { substitutions: { Known: 'f' }, clock: virtualClock(), ids: seededIds() });
    return [];
  } catch (error) {
    if (!(error instanceof TownError)) throw error;
    expect(error.code).toBe('DEFINITION_REFUSED');
    return error.faults.map(({ what }) => what);
  }
}

describe('a definition is refused at load, with its place,', () => {
  const refused: [why: string, definition: object | string, fault: string][] = [
    ['that is not JSON', '{', 'The definition is not JSON'],
    ['that is not an object', '[]', 'not a JSON object'],
    [
      'that names a state twice',
      '{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"},"A":{"Type":"Succeed"}}}',
      'The key "A" stands twice',
    ],
    [
      'without a query language',
      '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
      'field "QueryLanguage": is missing',
    ],
    [
      'in JSONPath',
      { QueryLanguage: 'JSONPath', StartAt: 'First', States: { First: end } },
      '"JSONPath" is not known here',
    ],
    [
      'with one state in JSONPath',
      states({ ...pass, QueryLanguage: 'JSONPath' }),
      'state "First", field "QueryLanguage": "JSONPath"',
    ],
    ['without StartAt', { States: { First: end } }, 'field "StartAt": is missing'],
    ['without States', { StartAt: 'First' }, 'field "States": is missing'],
    [
      'whose StartAt names nothing',
      { StartAt: 'Frist', States: { First: end } },
      'names "Frist", which is not a state',
    ],
    [
      'with an unknown top-level field',
      { ...states(pass), Logging: true },
      'machine "m", field "Logging": is not a field',
    ],
    ['of another version', { ...states(pass), Version: '2.0' }, 'field "Version": "2.0" is not known'],
    ['with a state of unknown type', states({ Type: 'Sleep' }), 'state "First", field "Type": "Sleep" is not known'],
    ['with a state without a type', states({ Next: 'End' }), 'state "First", field "Type": is missing'],
    [
      'with a JSONPath field',
      states({ ...pass, ResultPath: '$.x' }),
      'state "First", field "ResultPath": is not a field',
    ],
    [
      'with a field of another type of state',
      states({ ...pass, TimeoutSeconds: 3 }),
      'field "TimeoutSeconds": is not a field',
    ],
    ['with a dangling Next', states({ Type: 'Pass', Next: 'Ned' }), 'state "First", field "Next": leads to "Ned"'],
    ['with both Next and End', states({ ...pass, End: true }), 'either Next or End'],
    ['with neither Next nor End', states({ Type: 'Pass' }), 'either Next or End'],
    ['with End false', states({ ...pass, End: false }), 'field "End": must be true'],
    [
      'with an unreachable state',
      { StartAt: 'A', States: { A: end, B: end } },
      'state "B", field "name": cannot be reached',
    ],
    ['with a comment that is no text', states({ ...pass, Comment: 3 }), 'field "Comment": must be a string'],
    [
      'with an unknown substitution',
      task({ Comment: placeholder('Unknown') }),
      `no substitution for ${placeholder('Unknown')}; there are: Known`,
    ],
    [
      'with an expression that does not parse',
      states({ ...pass, Output: '{% 1 + %}' }),
      'state "First", field "Output": JSONata says',
    ],
    ['with an expression that is not closed', states({ ...pass, Output: '{% 1' }), 'begins with {% and ends with %}'],
    [
      'with an expression that is not opened',
      states({ ...pass, Output: { a: ['1 %}'] } }),
      'field "Output/a/0": an expression begins',
    ],
    ['that uses $eval', states({ ...pass, Output: "{% $eval('1') %}" }), 'no $eval'],
    [
      'that asks the clock behind our back',
      states({ ...pass, Output: "{% $toMillis('07', '[M]') %}" }),
      '$toMillis with a picture',
    ],
    ['that uses an unknown variable', states({ ...pass, Output: '{% $turn %}' }), 'uses $turn, which no state here'],
    ['that assigns states', states({ ...pass, Assign: { states: 1 } }), 'field "states": is a reserved name'],
    ['that assigns the name of a function', states({ ...pass, Assign: { sum: 1 } }), 'field "sum": is a reserved name'],
    ['that assigns no name', states({ ...pass, Assign: { 'a-b': 1 } }), 'field "a-b": is not a name'],
    [
      'that reads a result before there is one',
      task({ TimeoutSeconds: '{% $states.result %}' }),
      '$states.result does not exist here',
    ],
    [
      'that reads a result of a Pass',
      states({ ...pass, Output: '{% $states.result %}' }),
      '$states.result does not exist here',
    ],
    [
      'that reads an error where there is none',
      task({ Output: '{% $states.errorOutput %}' }),
      '$states.errorOutput does not exist',
    ],
    [
      'with a resource that we do not run',
      task({ Resource: 'arn:aws:states:::dynamodb:putItem' }),
      'field "Resource": "arn:aws:states:::dynamodb:putItem"',
    ],
    [
      'with a resource that runs another machine',
      task({ Resource: 'arn:aws:states:::lambda:invoke.sync' }),
      'field "Resource"',
    ],
    [
      'with an argument that we do not know',
      task({ Arguments: { FunctionName: 'f', Qualifier: 'v1' } }),
      'Arguments, field "Qualifier": is not a field',
    ],
    ['without a function name', task({ Arguments: { Payload: {} } }), 'field "FunctionName": is missing'],
    [
      'without arguments',
      states({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Next: 'End' }),
      'field "Arguments": is missing',
    ],
    [
      'with a message that is no object',
      task({ Resource: 'arn:aws:states:::sqs:sendMessage', Arguments: { QueueUrl: 'q', MessageBody: 'x' } }),
      'field "MessageBody": must be an object',
    ],
    [
      'whose token goes nowhere',
      task({ Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' }),
      'pass $states.context.Task.Token to nobody',
    ],
    [
      'with a token that does not exist',
      task({ Arguments: { FunctionName: 'f', Payload: '{% $states.context.Task.Token %}' } }),
      'only with .waitForTaskToken',
    ],
    [
      'whose heartbeat is not shorter than its time-out',
      task({ TimeoutSeconds: 60, HeartbeatSeconds: 60 }),
      'field "HeartbeatSeconds": is 60, which must be less',
    ],
    ['with a time-out of 0', task({ TimeoutSeconds: 0 }), 'whole number from 1 to 99999999'],
    ['with a time-out in text', task({ TimeoutSeconds: '60' }), 'whole number from 1 to 99999999'],
    [
      'with half a second',
      { ...states(pass), TimeoutSeconds: 0.5 },
      'machine "m", field "TimeoutSeconds": must be a whole number',
    ],
    [
      'that retries nothing',
      retry({ ErrorEquals: [] }),
      'Retry/0, field "ErrorEquals": must be a list with at least one',
    ],
    [
      'that retries an unknown States. error',
      retry({ ErrorEquals: ['States.Timeuot'] }),
      'no error called States.Timeuot',
    ],
    ['that retries States.ALL and another', retry({ ErrorEquals: ['States.ALL', 'Boom'] }), 'stands alone, and last'],
    [
      'that catches States.ALL first',
      task({
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'End' },
          { ErrorEquals: ['A'], Next: 'End' },
        ],
      }),
      'Catch/0, field "ErrorEquals": States.ALL stands alone',
    ],
    ['with an unknown retry field', retry({ Interval: 1 }), 'Retry/0, field "Interval": is not a field'],
    ['with a backoff that shrinks', retry({ BackoffRate: 0.5 }), 'field "BackoffRate": must be a number from 1'],
    ['with an unknown jitter', retry({ JitterStrategy: 'HALF' }), 'field "JitterStrategy": "HALF" is not known'],
    [
      'whose longest delay is not above the first',
      retry({ IntervalSeconds: 5, MaxDelaySeconds: 5 }),
      'field "MaxDelaySeconds": must be greater',
    ],
    [
      'with a catcher that leads nowhere',
      task({ Catch: [{ ErrorEquals: ['A'] }] }),
      'Catch/0, field "Next": is missing',
    ],
    [
      'with a dangling catcher',
      task({ Catch: [{ ErrorEquals: ['A'], Next: 'Gone' }] }),
      'field "Catch/0/Next": leads to "Gone"',
    ],
    ['without choices', states({ Type: 'Choice', Default: 'End' }), 'field "Choices": is missing'],
    ['with an empty list of choices', states({ Type: 'Choice', Choices: [], Default: 'End' }), 'at least one object'],
    [
      'with a JSONPath rule',
      choice({ Variable: '$.x', BooleanEquals: true, Next: 'End' }),
      'Choices/0, field "Variable": is not a field',
    ],
    [
      'with a condition that is no expression',
      choice({ Condition: 'true', Next: 'End' }),
      'field "Condition": must be a {% JSONata %}',
    ],
    [
      'with a dangling choice',
      choice({ Condition: '{% true %}', Next: 'Gone' }),
      'field "Choices/0/Next": leads to "Gone"',
    ],
    [
      'with a dangling default',
      states({ Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'End' }], Default: 'Gone' }),
      'field "Default": leads to "Gone"',
    ],
    [
      'that waits in two ways',
      states({ Type: 'Wait', Seconds: 1, Timestamp: '2030-01-01T00:00:00Z', Next: 'End' }),
      'either Seconds or Timestamp',
    ],
    [
      'that waits for a date without a time',
      states({ Type: 'Wait', Timestamp: '2030-01-01', Next: 'End' }),
      'field "Timestamp": must look like',
    ],
    ['without branches', states({ Type: 'Parallel', Next: 'End' }), 'field "Branches": is missing'],
    [
      'that leaves its branch',
      states({
        Type: 'Parallel',
        Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Next: 'End' } } }],
        Next: 'End',
      }),
      'state "In", field "Next": leads to "End", which is not a state of this scope',
    ],
    [
      'that uses a name in two scopes',
      states({ Type: 'Parallel', Branches: [{ StartAt: 'End', States: { End: end } }], Next: 'End' }),
      'names are unique in the whole machine',
    ],
    [
      'whose branch assigns an outer variable',
      states({
        Type: 'Parallel',
        Assign: { x: 1 },
        Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Assign: { x: 2 }, End: true } } }],
        Next: 'End',
      }),
      'assigns $x, which belongs to an outer scope',
    ],
    [
      'with an unknown field in a branch',
      states({ Type: 'Parallel', Branches: [{ StartAt: 'In', States: { In: end }, Name: 'b' }], Next: 'End' }),
      'Branches/0, field "Name": is not a field',
    ],
    [
      'with a distributed Map',
      states({
        Type: 'Map',
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'In', States: { In: end } },
        Next: 'End',
      }),
      'field "Mode": "DISTRIBUTED" is not known',
    ],
    [
      'with a Map over a reader',
      states({ Type: 'Map', ItemReader: {}, ItemProcessor: { StartAt: 'In', States: { In: end } }, Next: 'End' }),
      'field "ItemReader": is not a field',
    ],
    [
      'with a Map over no list',
      states({ Type: 'Map', Items: 3, ItemProcessor: { StartAt: 'In', States: { In: end } }, Next: 'End' }),
      'field "Items": must be a list',
    ],
    ['with a Map that does nothing', states({ Type: 'Map', Next: 'End' }), 'field "ItemProcessor": is missing'],
  ];

  test.each(refused)('%s', (_why, definition, fault) => {
    expect(faultsOf(definition)).toEqual(expect.arrayContaining([expect.stringContaining(fault)]));
  });
});

test('all faults of a definition are told at once', () => {
  const faults = faultsOf({
    StartAt: 'A',
    States: { A: { Type: 'Pass', Next: 'Gone', Odd: 1 }, B: { Type: 'Wait', Seconds: -1, End: true } },
  });
  expect(faults).toHaveLength(4);
});

test('a substitution may be any part of a text', () => {
  const definition = task({
    Arguments: { FunctionName: placeholder('Known'), Payload: `a ${placeholder('Known')} b` },
  });
  expect(faultsOf(definition)).toEqual([]);
});

test('the partition of a resource may be any', () => {
  expect(faultsOf(task({ Resource: 'arn:aws-us-gov:states:::lambda:invoke' }))).toEqual([]);
});

test('variables that an expression binds itself need no state to assign them', () => {
  const text =
    '{% ($a := 1; $f := function($b) { $a + $b }; $f(2) + $sum($map([1, 2], function($v, $i) { $v * $i }))) %}';
  expect(faultsOf(states({ ...pass, Output: text }))).toEqual([]);
});
