import { beforeAll, describe, expect, test } from '@jest/globals';
import { table } from '../../aws/table.ts';
import type { EnvContract } from '../../core/env.ts';
import { type FunctionName, functions, machines, queues, stream } from '../../core/wiring.ts';
import { apiEnv } from '../../lambdas/api/api.env.ts';
import { mayorEnv } from '../../lambdas/intents/mayor.env.ts';
import { moleculeEnv } from '../../lambdas/molecules/molecule.env.ts';
import { effectsEnv } from '../../lambdas/platform/effects.env.ts';
import { fleetEnv } from '../../lambdas/polecats/fleet.env.ts';
import { refineryEnv } from '../../lambdas/refinery/refinery.env.ts';
import { ticksEnv } from '../../lambdas/ticks/ticks.env.ts';
import { witnessEnv } from '../../lambdas/witness/witness.env.ts';
import { at, listAt, type Resource, synthesize, type Town, target } from './town.ts';

const contracts: Readonly<Record<FunctionName, EnvContract<string>>> = {
  api: apiEnv,
  mayor: mayorEnv,
  molecule: moleculeEnv,
  ticks: ticksEnv,
  refinery: refineryEnv,
  fleet: fleetEnv,
  effects: effectsEnv,
  witness: witnessEnv,
};
const functionNames = Object.keys(functions) as FunctionName[];

let town: Town;
let throwAway: Town;
beforeAll(async () => {
  const gitLayer = 'arn:aws:lambda:eu-west-1:123456789012:layer:git:1';
  const towns = await synthesize({}, { packaging: 'zip', gitLayer, keepData: 'false' });
  [town, throwAway] = towns as [Town, Town];
}, 120_000);

const functionOf = (name: string): Resource => {
  const found = town
    .ofType('AWS::Lambda::Function')
    .find(({ Properties }) => at(Properties, 'Description') === `Gas Town: ${name}`);
  if (!found) throw new Error(`no function ${name}`);
  return found;
};
const byId = (id: string | undefined): Resource | undefined => town.resources.find((resource) => resource.id === id);

describe('functions', () => {
  test.each(functionNames)('%s has the time, memory and processor that the wiring gives it', (name) => {
    const { Properties } = functionOf(name);
    expect(at(Properties, 'Timeout')).toBe(functions[name].timeoutSeconds);
    expect(at(Properties, 'MemorySize')).toBe(functions[name].memoryMiB);
    expect(at(Properties, 'Architectures')).toEqual(['arm64']);
  });

  test.each(functionNames)('the environment of %s is its contract', (name) => {
    const given = Object.keys(at(functionOf(name).Properties, 'Environment', 'Variables') ?? {});
    const { NODE_OPTIONS: _, ...ours } = Object.fromEntries(given.map((variable) => [variable, true]));
    expect(Object.keys(ours).sort()).toEqual([...contracts[name].names].sort());
  });

  test('there are those of the wiring and no others', () => {
    expect(town.ofType('AWS::Lambda::Function')).toHaveLength(functionNames.length);
  });

  test('each traces, and logs to a group of its own that forgets; of Lambda itself only what failed', () => {
    const groups = town.ofType('AWS::Lambda::Function').map(({ id, Properties }) => {
      expect([id, at(Properties, 'TracingConfig', 'Mode')]).toEqual([id, 'Active']);
      expect([id, at(Properties, 'LoggingConfig', 'SystemLogLevel')]).toEqual([id, 'WARN']);
      return target(at(Properties, 'LoggingConfig', 'LogGroup'));
    });
    expect(new Set(groups).size).toBe(functionNames.length);
    for (const group of groups) expect(at(byId(group)?.Properties, 'RetentionInDays')).toBe(30);
  });

  test('no log group keeps its lines for ever', () => {
    const groups = town.ofType('AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(functionNames.length);
    for (const { Properties } of groups) expect(at(Properties, 'RetentionInDays')).toBe(30);
  });
});

describe('queues', () => {
  test('every queue has a dead-letter queue of its own type, except those two', () => {
    const all = town.ofType('AWS::SQS::Queue');
    const dead = new Set<string>();
    const sources = all.filter(({ Properties }) => at(Properties, 'RedrivePolicy') !== undefined);
    for (const { Properties } of sources) {
      const id = target(at(Properties, 'RedrivePolicy', 'deadLetterTargetArn'));
      expect(at(byId(id)?.Properties, 'FifoQueue')).toBe(at(Properties, 'FifoQueue'));
      if (id) dead.add(id);
    }
    expect(sources).toHaveLength(Object.keys(queues).length);
    expect(dead.size).toBe(2);
    expect(all).toHaveLength(sources.length + dead.size);
  });

  test.each(Object.entries(queues))('%s feeds its function as the wiring says', (_, wiring) => {
    const feeds = town
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ Properties }) => target(at(Properties, 'FunctionName')) === functionOf(wiring.feeds).id);
    expect(feeds).toHaveLength(1);
    const mapping = feeds[0]?.Properties;
    expect(at(mapping, 'BatchSize')).toBe(wiring.batchSize);
    expect(at(mapping, 'ScalingConfig', 'MaximumConcurrency')).toBe(wiring.concurrencyMax);
    expect(at(mapping, 'FunctionResponseTypes')).toEqual(['ReportBatchItemFailures']);
    const queue = byId(target(at(mapping, 'EventSourceArn')))?.Properties;
    expect(at(queue, 'FifoQueue') ?? false).toBe(wiring.type === 'fifo');
    expect(at(queue, 'VisibilityTimeout')).toBe(wiring.visibilitySeconds);
    expect(at(queue, 'RedrivePolicy', 'maxReceiveCount')).toBe(wiring.receivesMax);
  });

  test('the visibility of a queue outlasts the function that it feeds', () => {
    for (const wiring of Object.values(queues)) {
      expect(wiring.visibilitySeconds).toBeGreaterThan(functions[wiring.feeds].timeoutSeconds);
    }
  });
});

describe('the table', () => {
  test('has the shape that the ledger writes', () => {
    const properties = town.ofType('AWS::DynamoDB::Table')[0]?.Properties;
    expect(at(properties, 'KeySchema')).toEqual([
      { AttributeName: table.partitionKey.name, KeyType: 'HASH' },
      { AttributeName: table.sortKey.name, KeyType: 'RANGE' },
    ]);
    expect(at(properties, 'TimeToLiveSpecification')).toEqual({ AttributeName: table.timeToLive, Enabled: true });
    expect(at(properties, 'StreamSpecification', 'StreamViewType')).toBe(table.stream);
    expect(at(properties, 'GlobalSecondaryIndexes')).toEqual([
      {
        IndexName: table.attention.name,
        KeySchema: [
          { AttributeName: table.attention.partitionKey.name, KeyType: 'HASH' },
          { AttributeName: table.attention.sortKey.name, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('outlives the stack, and so do the blobs', () => {
    const [record] = town.ofType('AWS::DynamoDB::Table');
    expect(at(record?.Properties, 'DeletionProtectionEnabled')).toBe(true);
    expect(at(record?.Properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled')).toBe(true);
    expect(record?.DeletionPolicy).toBe('Retain');
    expect(town.ofType('AWS::S3::Bucket').map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Retain']);
  });

  test('its stream wakes the effects function for new effects only, and gives up to a dead-letter queue', () => {
    const [mapping] = town
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ Properties }) => target(at(Properties, 'FunctionName')) === functionOf(stream.feeds).id);
    const properties = mapping?.Properties;
    expect(at(properties, 'BatchSize')).toBe(stream.batchSize);
    expect(at(properties, 'MaximumRetryAttempts')).toBe(stream.triesMax);
    expect(at(properties, 'BisectBatchOnFunctionError')).toBe(true);
    expect(at(properties, 'DestinationConfig', 'OnFailure', 'Destination')).toBeDefined();
    expect(
      listAt(properties, 'FilterCriteria', 'Filters').map((filter) => JSON.parse(String(at(filter, 'Pattern')))),
    ).toEqual([{ eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'EFFECT#' }] } } } }]);
  });
});

describe('permissions', () => {
  test('a task may speak to the town as a polecat, and nothing else', () => {
    const [definition] = town.ofType('AWS::ECS::TaskDefinition');
    const role = target(at(definition?.Properties, 'TaskRoleArn'));
    const policies = town
      .ofType('AWS::IAM::Policy')
      .filter(({ Properties }) => listAt(Properties, 'Roles').some((one) => target(one) === role));
    const statements = policies.flatMap(({ Properties }) => listAt(Properties, 'PolicyDocument', 'Statement'));
    expect(statements.map((statement) => at(statement, 'Action'))).toEqual(['execute-api:Invoke']);
    expect(JSON.stringify(at(statements[0], 'Resource'))).toContain('/*/*/v1/polecat/*"');
  });

  test('whoever launches does it on this cluster alone, and hands a task none but its own two roles', () => {
    const [definition] = town.ofType('AWS::ECS::TaskDefinition');
    const [cluster] = town.ofType('AWS::ECS::Cluster');
    const onThisCluster = { ArnEquals: { 'ecs:cluster': { 'Fn::GetAtt': [cluster?.id, 'Arn'] } } };
    const roles = ['TaskRoleArn', 'ExecutionRoleArn'].map((role) => at(definition?.Properties, role));
    const granted = town
      .ofType('AWS::IAM::Policy')
      .flatMap(({ Properties }) => listAt(Properties, 'PolicyDocument', 'Statement'))
      .filter((statement) => listAt(statement, 'Action').some((action) => /^(ecs|iam):/.test(String(action))));
    const conditions: Record<string, object> = {
      'ecs:RunTask': onThisCluster,
      'ecs:StopTask': onThisCluster,
      'ecs:DescribeTasks': onThisCluster,
      'ecs:TagResource': { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
      'iam:PassRole': { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    };
    expect(new Set(granted.map((statement) => at(statement, 'Action')))).toEqual(new Set(Object.keys(conditions)));
    for (const statement of granted) {
      const action = String(at(statement, 'Action'));
      expect([action, at(statement, 'Condition')]).toEqual([action, conditions[action]]);
      if (action === 'iam:PassRole') expect(at(statement, 'Resource')).toEqual(roles);
    }
  });

  test('every route of the API asks for a signature: of AWS, or in the body of a webhook', () => {
    const routes = town
      .ofType('AWS::ApiGatewayV2::Route')
      .map(({ Properties }) => [at(Properties, 'RouteKey'), at(Properties, 'AuthorizationType')]);
    expect(Object.fromEntries(routes)).toEqual({
      'ANY /v1/polecat/{path+}': 'AWS_IAM',
      'ANY /{path+}': 'AWS_IAM',
      'ANY /': 'AWS_IAM',
      'POST /v1/webhooks/{path+}': 'NONE',
    });
    const [stage] = town.ofType('AWS::ApiGatewayV2::Stage');
    expect(at(stage?.Properties, 'RouteSettings', 'POST /v1/webhooks/{path+}')).toEqual({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 200,
    });
  });
});

describe('state machines', () => {
  test('each logs, without task tokens, and traces', () => {
    const all = town.ofType('AWS::StepFunctions::StateMachine');
    expect(all).toHaveLength(Object.keys(machines).length);
    for (const { Properties } of all) {
      expect(at(Properties, 'TracingConfiguration', 'Enabled')).toBe(true);
      expect(at(Properties, 'LoggingConfiguration', 'Level')).toBe('ERROR');
      expect(at(Properties, 'LoggingConfiguration', 'IncludeExecutionData')).toBe(false);
    }
  });

  test('each name in a definition stands for something', () => {
    for (const { Properties } of town.ofType('AWS::StepFunctions::StateMachine')) {
      const names = [...JSON.stringify(at(Properties, 'DefinitionString')).matchAll(/\$\{(\w+)\}/g)].map(
        ([, name]) => name,
      );
      const given = Object.keys(at(Properties, 'DefinitionSubstitutions') ?? {});
      expect(given.sort()).toEqual([...new Set(names)].sort());
    }
  });
});

test('the Witness hears of every task of this cluster that stopped, and of nothing else', () => {
  const [cluster] = town.ofType('AWS::ECS::Cluster');
  expect(town.ofType('AWS::Events::Rule').map(({ Properties }) => at(Properties, 'EventPattern'))).toEqual([
    {
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: { clusterArn: [{ 'Fn::GetAtt': [cluster?.id, 'Arn'] }], lastStatus: ['STOPPED'] },
    },
  ]);
});

test('nothing in the stack needs more than CloudFormation itself', () => {
  const foreign = town.resources.filter(({ Type }) =>
    /^Custom::|CustomResource$|^AWS::EC2::SecurityGroupIngress$|^AWS::Logs::MetricFilter$/.test(Type),
  );
  expect(foreign).toEqual([]);
});

test('a throw-away town without containers keeps nothing and takes git from a layer', () => {
  const stores = [...throwAway.ofType('AWS::DynamoDB::Table'), ...throwAway.ofType('AWS::S3::Bucket')];
  expect(stores.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Delete', 'Delete']);
  const all = throwAway.ofType('AWS::Lambda::Function');
  expect(all.filter(({ Properties }) => at(Properties, 'Layers') !== undefined)).toHaveLength(2);
  expect(all.filter(({ Properties }) => at(Properties, 'PackageType') === 'Image')).toEqual([]);
});
