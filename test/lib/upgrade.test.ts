/** What an upgrade, a change of configuration and the way back leave in place. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { configs } from './configs.ts';
import { type Change, diff } from './diff.ts';
import { at, synthesizeEach, type Town } from './town.ts';

/**
 * What holds something that no deployment makes again: records, blobs, messages under way, executions, subscriptions that
 * people confirmed, the address they use. Each logical id is for ever; so are the properties whose change would have
 * CloudFormation make another one. A fixed name is not among them: a name would forbid any replacement at all.
 */
const kept: readonly (readonly [id: string, type: string, fixed: Readonly<Record<string, unknown>>])[] = [
  [
    'TownTableB1BD4D50',
    'AWS::DynamoDB::Table',
    {
      TableName: undefined,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    },
  ],
  ['BlobsBucket1038ED5D', 'AWS::S3::Bucket', { BucketName: undefined }],
  ['PolecatsSlingQueueCDECC59D', 'AWS::SQS::Queue', { QueueName: undefined, FifoQueue: undefined }],
  ['TicksWakesQueue03C78A0D', 'AWS::SQS::Queue', { QueueName: undefined, FifoQueue: true }],
  ['RefineryTicksQueueEADD1612', 'AWS::SQS::Queue', { QueueName: undefined, FifoQueue: true }],
  ['DeadLettersStandardEE31D236', 'AWS::SQS::Queue', { QueueName: undefined, FifoQueue: undefined }],
  ['DeadLettersFifo3F0F12BA', 'AWS::SQS::Queue', { QueueName: undefined, FifoQueue: true }],
  [
    'MoleculesMachine4214AB4E',
    'AWS::StepFunctions::StateMachine',
    { StateMachineName: undefined, StateMachineType: 'STANDARD' },
  ],
  [
    'IntentsMachineD77DCACC',
    'AWS::StepFunctions::StateMachine',
    { StateMachineName: undefined, StateMachineType: 'STANDARD' },
  ],
  ['Topicscritical673E377D', 'AWS::SNS::Topic', { TopicName: undefined, FifoTopic: undefined }],
  ['Topicshigh18CAFD93', 'AWS::SNS::Topic', { TopicName: undefined, FifoTopic: undefined }],
  ['Topicsmedium6E27B7DF', 'AWS::SNS::Topic', { TopicName: undefined, FifoTopic: undefined }],
  ['TopicslowC7A0EDFC', 'AWS::SNS::Topic', { TopicName: undefined, FifoTopic: undefined }],
  ['ApiHttp17514DA7', 'AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' }],
  ['YardCluster8A526AD5', 'AWS::ECS::Cluster', { ClusterName: undefined }],
];
const keptIds = kept.map(([id]) => id);
const keptTypes = new Set(kept.map(([, type]) => type));

/** Every choice that a running town may change. */
const changed = {
  ...configs.spot,
  ...configs.ownNetwork,
  ...configs.jwt,
  packaging: 'zip',
  gitLayer: configs.zip.gitLayer,
  models: configs.allowList.models,
  emails: configs.allowList.emails,
  logDays: 90,
  blobDays: 90,
  polecatsMax: 500,
  dayBudgetUsd: 500,
  apiRequestsPerSecond: 20,
};

let towns: Readonly<Record<'now' | 'changed' | 'thrownAway' | 'other', Town>>;
beforeAll(async () => {
  towns = await synthesizeEach({ now: {}, changed, thrownAway: { keepData: false }, other: { town: 'other' } });
}, 240_000);

const lost = (changes: readonly Change[]) => changes.filter(({ impact }) => impact !== '').map(({ id }) => id);
const within = (ids: readonly string[]) => ids.filter((id) => keptIds.includes(id));

describe('what must not be replaced', () => {
  test.each(kept)('%s is there, with the properties that hold it', (id, type, fixed) => {
    const found = towns.now.resources.find((resource) => resource.id === id);
    expect(found?.Type).toBe(type);
    expect(Object.fromEntries(Object.keys(fixed).map((name) => [name, at(found?.Properties, name)]))).toEqual(fixed);
  });

  test('is all there is of its types', () => {
    const stateful = towns.now.resources.filter(({ Type }) => keptTypes.has(Type)).map(({ id }) => id);
    expect(stateful.sort()).toEqual([...keptIds].sort());
  });
});

describe('a changed configuration', () => {
  let there: readonly Change[];
  let back: readonly Change[];
  beforeAll(async () => {
    there = await diff(towns.now, towns.changed);
    back = await diff(towns.changed, towns.now);
  }, 120_000);

  test('every choice at once replaces and removes nothing that holds something', () => {
    expect(there.length).toBeGreaterThan(30);
    /** A security group cannot move to another network: the diff does tell what is replaced. */
    expect(lost(there)).toContain('YardNoIngress715E3B93');
    expect(within(lost(there))).toEqual([]);
  });

  test('the way back touches the same resources, and keeps as much', () => {
    const ids = (changes: readonly Change[]) => changes.map(({ id }) => id).sort();
    expect(ids(back)).toEqual(ids(there));
    expect(within(lost(back))).toEqual([]);
    const removed = there.filter(({ how }) => how === 'removed').map(({ id }) => id);
    expect(back.filter(({ how }) => how === 'added').map(({ id }) => id)).toEqual(expect.arrayContaining(removed));
  });
});

test('keepData=false removes nothing by itself: it lets go of the table and the bucket, and of nothing else', async () => {
  const changes = await diff(towns.now, towns.thrownAway);
  expect(changes.map(({ id, how, impact }) => [id, how, impact]).sort()).toEqual([
    ['BlobsBucket1038ED5D', 'changed', ''],
    ['TownTableB1BD4D50', 'changed', ''],
  ]);
  const policies = (town: Town) =>
    town.resources
      .filter(({ Type }) => Type === 'AWS::DynamoDB::Table' || Type === 'AWS::S3::Bucket')
      .map(({ DeletionPolicy, UpdateReplacePolicy }) => [DeletionPolicy, UpdateReplacePolicy]);
  expect(policies(towns.now)).toEqual([
    ['Retain', 'Retain'],
    ['Retain', 'Retain'],
  ]);
  expect(policies(towns.thrownAway)).toEqual([
    ['Delete', 'Delete'],
    ['Delete', 'Delete'],
  ]);
}, 120_000);

test('another name is another town: the two share no name that must be unique in an account', () => {
  const unique = /^(LogGroupName|DashboardName|AlarmName|Family|FunctionName|RoleName|TableName|BucketName|QueueName)$/;
  const names = (town: Town) =>
    new Set(
      town.resources.flatMap(({ Properties }) =>
        Object.entries(Properties ?? {}).flatMap(([key, value]) =>
          unique.test(key) && typeof value === 'string' ? [`${key} ${value}`] : [],
        ),
      ),
    );
  const ours = names(towns.now);
  expect(ours.size).toBeGreaterThan(3);
  expect([...names(towns.other)].filter((name) => ours.has(name))).toEqual([]);
});
