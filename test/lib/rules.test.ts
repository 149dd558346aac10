/** What must hold for the whole template, whatever was configured. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../core/ports.ts';
import { type ConfigName, configs } from './configs.ts';
import { at, listAt, type Resource, synthesizeEach, type Town, target } from './town.ts';

let towns: Readonly<Record<ConfigName, Town>>;
beforeAll(async () => {
  towns = await synthesizeEach(configs);
}, 240_000);

const idsOf = (resources: readonly Resource[]) => resources.map(({ id }) => id).sort();
/** Of resources that break a rule; a test that looks at none proves nothing. */
function breaking(resources: readonly Resource[], rule: (properties: Json, resource: Resource) => boolean): string[] {
  expect(resources.length).toBeGreaterThan(0);
  return idsOf(resources.filter((resource) => !rule(resource.Properties, resource)));
}
const statementsOf = (properties: Json, document: string) => listAt(properties, document, 'Statement');
const deniesPlainHttp = (policy: Json) =>
  statementsOf(policy, 'PolicyDocument').some(
    (statement) =>
      at(statement, 'Effect') === 'Deny' && at(statement, 'Condition', 'Bool', 'aws:SecureTransport') === 'false',
  );

describe.each(Object.keys(configs) as ConfigName[])('the template of %s', (name) => {
  const all = (type: string) => towns[name].ofType(type);
  const byId = (id: string | undefined) => towns[name].resources.find((resource) => resource.id === id);
  const functions = () => all('AWS::Lambda::Function');
  const allowed = () =>
    all('AWS::IAM::Policy')
      .flatMap(({ Properties }) => statementsOf(Properties, 'PolicyDocument'))
      .filter((statement) => at(statement, 'Effect') === 'Allow');

  test('nag finds nothing that was not acknowledged, each with a sentence that states a fact', () => {
    expect(towns[name].violations).toEqual([]);
    const reasons = towns[name].acknowledged
      .filter(([rule]) => rule.includes('AwsSolutions'))
      .map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((reason) => !/^[A-Za-z].{38,}\.$/s.test(reason))).toEqual([]);
    expect(reasons.filter((reason) => /\b(should|will be|later|for now|todo|temporar)/i.test(reason))).toEqual([]);
  });

  test('no action is a wildcard, and only actions that take no resource are granted on all', () => {
    const statements = allowed();
    expect(statements.length).toBeGreaterThan(30);
    const actions = statements.flatMap((statement) => listAt(statement, 'Action'));
    expect(actions.filter((action) => String(action).includes('*'))).toEqual([]);
    const onAll = statements.filter((statement) => listAt(statement, 'Resource').includes('*'));
    const withoutResource =
      /^(ecr:GetAuthorizationToken|logs:\w*(LogDelivery|LogDeliveries|ResourcePolic\w+|LogGroups)|xray:\w+)$/;
    expect(
      onAll
        .flatMap((statement) => listAt(statement, 'Action'))
        .filter((action) => !withoutResource.test(String(action))),
    ).toEqual([]);
  });

  test('every function has a time, a memory, a trace, a description, and logs that end', () => {
    const endless = (properties: Json) =>
      at(byId(target(at(properties, 'LoggingConfig', 'LogGroup')))?.Properties, 'RetentionInDays') === undefined;
    expect(
      breaking(
        functions(),
        (properties) =>
          Number(at(properties, 'Timeout')) > 0 &&
          Number(at(properties, 'MemorySize')) > 0 &&
          at(properties, 'TracingConfig', 'Mode') === 'Active' &&
          at(properties, 'Description') !== undefined &&
          !endless(properties),
      ),
    ).toEqual([]);
    expect(breaking(all('AWS::Logs::LogGroup'), (log) => Number(at(log, 'RetentionInDays')) > 0)).toEqual([]);
  });

  test('what a function fails to do is heard by its caller or kept in a dead-letter queue', () => {
    const queued = all('AWS::Lambda::EventSourceMapping').map(({ Properties }) => {
      const source = byId(target(at(Properties, 'EventSourceArn')));
      const kept =
        source?.Type === 'AWS::SQS::Queue'
          ? at(source.Properties, 'RedrivePolicy', 'deadLetterTargetArn')
          : at(Properties, 'DestinationConfig', 'OnFailure', 'Destination');
      expect(byId(target(kept))?.Type).toBe('AWS::SQS::Queue');
      return target(at(Properties, 'FunctionName'));
    });
    const targets = [
      ...all('AWS::Events::Rule').flatMap(({ Properties }) => listAt(Properties, 'Targets')),
      ...all('AWS::Scheduler::Schedule').map(({ Properties }) => at(Properties, 'Target')),
    ];
    const handedOver = targets.map((to) => target(at(to, 'Arn')));
    for (const id of handedOver)
      expect(byId(target(at(byId(id)?.Properties, 'DeadLetterConfig', 'TargetArn')))?.Type).toBe('AWS::SQS::Queue');
    const called = [
      ...all('AWS::ApiGatewayV2::Integration').map(({ Properties }) => target(at(Properties, 'IntegrationUri'))),
      ...all('AWS::StepFunctions::StateMachine').flatMap(({ Properties }) =>
        Object.values(at(Properties, 'DefinitionSubstitutions') ?? {}).map(target),
      ),
    ];
    const accounted = new Set([...queued, ...handedOver, ...called]);
    expect(breaking(functions(), (_, { id }) => accounted.has(id))).toEqual([]);
    const rules = all('AWS::Events::Rule');
    const kept = (to: Json) => at(to, 'DeadLetterConfig', 'Arn') !== undefined;
    expect(breaking(rules, (rule) => listAt(rule, 'Targets').every(kept))).toEqual([]);
  });

  test('every state machine logs and traces, and every alarm tells a topic', () => {
    expect(
      breaking(
        all('AWS::StepFunctions::StateMachine'),
        (machine) =>
          at(machine, 'TracingConfiguration', 'Enabled') === true &&
          at(machine, 'LoggingConfiguration', 'Level') !== 'OFF' &&
          listAt(machine, 'LoggingConfiguration', 'Destinations').length > 0,
      ),
    ).toEqual([]);
    const tells = (alarm: Json) =>
      listAt(alarm, 'AlarmActions').some((action) => byId(target(action))?.Type === 'AWS::SNS::Topic');
    expect(breaking(all('AWS::CloudWatch::Alarm'), tells)).toEqual([]);
  });

  test('every queue and topic refuses what is not TLS, and queues are encrypted with a key that costs nothing', () => {
    const refusing = (type: string, list: string) =>
      all(type)
        .filter(({ Properties }) => deniesPlainHttp(Properties))
        .flatMap(({ Properties }) => listAt(Properties, list).map(target));
    const guarded = new Set([
      ...refusing('AWS::SQS::QueuePolicy', 'Queues'),
      ...refusing('AWS::SNS::TopicPolicy', 'Topics'),
    ]);
    const queues = all('AWS::SQS::Queue');
    expect(breaking([...queues, ...all('AWS::SNS::Topic')], (_, { id }) => guarded.has(id))).toEqual([]);
    expect(breaking(queues, (queue) => at(queue, 'SqsManagedSseEnabled') === true)).toEqual([]);
    expect(all('AWS::KMS::Key')).toEqual([]);
  });

  test('CloudWatch may publish to every topic, for this account only', () => {
    const publishes = (policy: Json) =>
      statementsOf(policy, 'PolicyDocument').some(
        (statement) =>
          at(statement, 'Principal', 'Service') === 'cloudwatch.amazonaws.com' &&
          at(statement, 'Condition', 'StringEquals', 'aws:SourceAccount') !== undefined,
      );
    expect(breaking(all('AWS::SNS::TopicPolicy'), publishes)).toEqual([]);
    expect(all('AWS::SNS::TopicPolicy')).toHaveLength(all('AWS::SNS::Topic').length);
  });

  test('the bucket is private, encrypted, TLS only, and forgets; the table can be restored', () => {
    const isPrivate = (bucket: Json) =>
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every(
        (block) => at(bucket, 'PublicAccessBlockConfiguration', block) === true,
      );
    const buckets = all('AWS::S3::Bucket');
    expect(breaking(buckets, isPrivate)).toEqual([]);
    expect(
      breaking(buckets, (bucket) => {
        const [encryption] = listAt(bucket, 'BucketEncryption', 'ServerSideEncryptionConfiguration');
        const [lifecycle] = listAt(bucket, 'LifecycleConfiguration', 'Rules');
        return (
          at(encryption, 'ServerSideEncryptionByDefault', 'SSEAlgorithm') === 'AES256' &&
          Number(at(lifecycle, 'ExpirationInDays')) > 0 &&
          at(lifecycle, 'Status') === 'Enabled'
        );
      }),
    ).toEqual([]);
    expect(breaking(all('AWS::S3::BucketPolicy'), deniesPlainHttp)).toEqual([]);
    expect(
      breaking(
        all('AWS::DynamoDB::Table'),
        (table) => at(table, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') === true,
      ),
    ).toEqual([]);
  });

  test('a role trusts one service, on behalf of this account where the service says for whom it acts', () => {
    const trustsOne = (role: Json) => {
      const statements = statementsOf(role, 'AssumeRolePolicyDocument');
      const [statement] = statements;
      const service = at(statement, 'Principal', 'Service');
      return (
        statements.length === 1 &&
        typeof service === 'string' &&
        (service === 'lambda.amazonaws.com' ||
          (JSON.stringify(at(statement, 'Condition', 'StringEquals', 'aws:SourceAccount')) ===
            '{"Ref":"AWS::AccountId"}' &&
            at(statement, 'Condition', 'ArnLike', 'aws:SourceArn') !== undefined))
      );
    };
    expect(breaking(all('AWS::IAM::Role'), trustsOne)).toEqual([]);
    expect(breaking(all('AWS::Lambda::Permission'), (permission) => at(permission, 'SourceArn') !== undefined)).toEqual(
      [],
    );
  });

  test('every environment value is there, and none is a secret', () => {
    const known = new Set([...idsOf(towns[name].resources), ...Object.keys(towns[name].template.Parameters ?? {})]);
    const isKnown = (id: Json | undefined) => typeof id === 'string' && (known.has(id) || id.startsWith('AWS::'));
    const resolves = (value: Json): boolean => {
      if (typeof value === 'string') return value !== '' && !/\$\{Token|\{\{resolve:/.test(value);
      const [[intrinsic, argument] = ['', null]] = Object.entries(value ?? {});
      if (intrinsic === 'Ref') return isKnown(argument as Json);
      if (intrinsic === 'Fn::GetAtt') return isKnown(listAt(argument as Json)[0]);
      if (intrinsic === 'Fn::Join')
        return listAt(listAt(argument as Json)[1]).every((part) => part === '' || resolves(part));
      return false;
    };
    const ofFunctions = functions().flatMap(({ Properties }) =>
      Object.entries(at(Properties, 'Environment', 'Variables') ?? {}),
    );
    const ofTasks = all('AWS::ECS::TaskDefinition')
      .flatMap(({ Properties }) => listAt(Properties, 'ContainerDefinitions'))
      .flatMap((container) => listAt(container, 'Environment'))
      .map((variable): [string, Json] => [String(at(variable, 'Name')), at(variable, 'Value') ?? null]);
    const variables = [...ofFunctions, ...ofTasks] as [string, Json][];
    expect(variables.length).toBeGreaterThan(20);
    expect(variables.filter(([, value]) => !resolves(value))).toEqual([]);
    const secretive = variables
      .map(([variable]) => variable)
      .filter((variable) => /SECRET|TOKEN|PASSWORD|_KEY/.test(variable));
    expect(secretive.filter((variable) => !variable.endsWith('_SECRET_PREFIX'))).toEqual([]);
    expect(all('AWS::SecretsManager::Secret').filter(({ Properties }) => at(Properties, 'SecretString'))).toEqual([]);
  });

  test('nothing can come in to a task, and no task is in a default security group', () => {
    expect(
      breaking(all('AWS::EC2::SecurityGroup'), (group) => at(group, 'SecurityGroupIngress') === undefined),
    ).toEqual([]);
    expect([...all('AWS::EC2::SecurityGroupIngress'), ...all('AWS::EC2::NatGateway')]).toEqual([]);
    const used = functions().flatMap(({ Properties }) => {
      const id = at(Properties, 'Environment', 'Variables', 'SECURITY_GROUP_ID');
      return id === undefined ? [] : [id];
    });
    const groups = idsOf(all('AWS::EC2::SecurityGroup'));
    expect([...new Set(used.map(target))]).toEqual(groups);
    expect(JSON.stringify(towns[name].template)).not.toContain('DefaultSecurityGroup');
  });

  test('a person finds the API, the dashboard, the record and the topics in the outputs', () => {
    const outputs = Object.keys(towns[name].template.Outputs ?? {});
    expect(outputs).toEqual(
      expect.arrayContaining(['ApiUrl', 'DashboardUrl', 'TableName', 'BucketName', 'criticalTopic', 'lowTopic']),
    );
  });
});
