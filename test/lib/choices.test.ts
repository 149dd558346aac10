/** What each choice of a deployment changes in the template, and that nothing of it is there without the choice. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../core/ports.ts';
import { configs } from './configs.ts';
import { at, listAt, synthesizeEach, type Town, target } from './town.ts';

const { default: none, zip, ownNetwork, allowList, spot, jwt } = configs;
let towns: Readonly<Record<'none' | 'zip' | 'ownNetwork' | 'allowList' | 'spot' | 'jwt', Town>>;
beforeAll(async () => {
  towns = await synthesizeEach({ none, zip, ownNetwork, allowList, spot, jwt });
}, 240_000);

const variablesOf = (town: Town, name: string) =>
  town
    .ofType('AWS::Lambda::Function')
    .map(({ Properties }) => at(Properties, 'Environment', 'Variables', name))
    .filter((value) => value !== undefined);
const egressOf = (town: Town) =>
  town
    .ofType('AWS::EC2::SecurityGroup')
    .flatMap(({ Properties }) => listAt(Properties, 'SecurityGroupEgress'))
    .map((rule) => [at(rule, 'IpProtocol'), at(rule, 'FromPort'), at(rule, 'ToPort')]);
const statementsOf = (town: Town, action: string) =>
  town
    .ofType('AWS::IAM::Policy')
    .flatMap(({ Properties }) => listAt(Properties, 'PolicyDocument', 'Statement'))
    .filter((statement) => listAt(statement, 'Action').includes(action));

test('with an issuer its tokens let people in instead of AWS credentials; polecats and webhooks are as they were', () => {
  const [authorizer] = towns.jwt.ofType('AWS::ApiGatewayV2::Authorizer');
  expect(at(authorizer?.Properties, 'JwtConfiguration')).toEqual({
    Issuer: jwt.jwtIssuer,
    Audience: jwt.jwtAudience,
  });
  const routesOf = (town: Town) =>
    town.ofType('AWS::ApiGatewayV2::Route').map(({ Properties }) => ({
      [String(at(Properties, 'RouteKey'))]: [
        at(Properties, 'AuthorizationType'),
        target(at(Properties, 'AuthorizerId')),
      ],
    }));
  expect(Object.assign({}, ...routesOf(towns.jwt))).toEqual({
    'ANY /v1/polecat/{path+}': ['AWS_IAM', undefined],
    'ANY /{path+}': ['JWT', authorizer?.id],
    'ANY /': ['JWT', authorizer?.id],
    'POST /v1/webhooks/{path+}': ['NONE', undefined],
  });
  expect(towns.none.ofType('AWS::ApiGatewayV2::Authorizer')).toEqual([]);
});

describe('the way out of a task', () => {
  test('is HTTPS alone, and each port that was configured', () => {
    expect(egressOf(towns.none)).toEqual([['tcp', 443, 443]]);
    expect(egressOf(towns.ownNetwork)).toEqual([
      ['tcp', 443, 443],
      ['tcp', 22, 22],
    ]);
  });

  test('with allowed domains leads to those and to what the town itself needs, and to no other name', () => {
    const rulesOf = (town: Town) => town.resources.filter(({ Type }) => Type.startsWith('AWS::Route53Resolver::'));
    expect(rulesOf(towns.none)).toEqual([]);
    const [group] = towns.allowList.ofType('AWS::Route53Resolver::FirewallRuleGroup');
    const lists = new Map(
      towns.allowList
        .ofType('AWS::Route53Resolver::FirewallDomainList')
        .map(({ id, Properties }) => [id, listAt(Properties, 'Domains')]),
    );
    const [allow, block, ...others] = listAt(group?.Properties, 'FirewallRules');
    expect(others).toEqual([]);
    expect([at(allow, 'Priority'), at(allow, 'Action')]).toEqual([1, 'ALLOW']);
    /** Otherwise whatever an allowed name is an alias of would have to be in the list too. */
    expect(at(allow, 'FirewallDomainRedirectionAction')).toBe('TRUST_REDIRECTION_DOMAIN');
    expect([at(block, 'Priority'), at(block, 'Action')]).toEqual([2, 'BLOCK']);
    const domains = (rule: Json | undefined) => lists.get(target(at(rule, 'FirewallDomainListId')) ?? '');
    expect(domains(block)).toEqual(['*']);
    expect(domains(allow)).toEqual(expect.arrayContaining([...allowList.allowedDomains]));
    const text = JSON.stringify(domains(allow));
    for (const service of [
      'ApiEndpoint',
      'api.ecr.',
      '.dkr.ecr.',
      'starport-layer-bucket.s3.',
      'logs.',
      'bedrock-runtime.',
    ])
      expect(text).toContain(service);
    const [association] = towns.allowList.ofType('AWS::Route53Resolver::FirewallRuleGroupAssociation');
    const [vpc] = towns.allowList.ofType('AWS::EC2::VPC');
    expect(target(at(association?.Properties, 'VpcId'))).toBe(vpc?.id);
    expect(target(at(association?.Properties, 'FirewallRuleGroupId'))).toBe(group?.id);
  });
});

describe('a network of one’s own', () => {
  test('is used as it was given: its subnets, no public address, and no resource of a network made', () => {
    expect(towns.ownNetwork.resources.filter(({ Type }) => /^AWS::EC2::(?!SecurityGroup$)/.test(Type))).toEqual([]);
    expect(new Set(variablesOf(towns.ownNetwork, 'SUBNET_IDS'))).toEqual(new Set([ownNetwork.subnetIds.join(',')]));
    expect(new Set(variablesOf(towns.ownNetwork, 'PUBLIC_IP'))).toEqual(new Set(['false']));
    expect(new Set(variablesOf(towns.none, 'PUBLIC_IP'))).toEqual(new Set(['true']));
    const [group] = towns.ownNetwork.ofType('AWS::EC2::SecurityGroup');
    expect(at(group?.Properties, 'VpcId')).toBe(ownNetwork.vpcId);
  });

  test('every role keeps to the permissions boundary, and what can be tagged is', () => {
    const boundaries = towns.ownNetwork
      .ofType('AWS::IAM::Role')
      .map(({ Properties }) => JSON.stringify(at(Properties, 'PermissionsBoundary') ?? ''));
    expect(boundaries.filter((boundary) => !boundary.includes(`:policy/${ownNetwork.permissionsBoundary}`))).toEqual(
      [],
    );
    const [record] = towns.ownNetwork.ofType('AWS::DynamoDB::Table');
    expect(listAt(record?.Properties, 'Tags')).toContainEqual({ Key: 'cost-centre', Value: '42' });
    expect(JSON.stringify(towns.none.template)).not.toContain('PermissionsBoundary');
  });
});

describe('models', () => {
  test('none may be invoked unless it is named', () => {
    expect(statementsOf(towns.none, 'bedrock:InvokeModel')).toEqual([]);
    expect(statementsOf(towns.none, 'bedrock:CountTokens')).toEqual([]);
  });

  test('tasks may count prompts, of Anthropic’s models themselves and in this region alone', () => {
    const behind = allowList.models[0].replace(/^eu\./, '');
    const resources = statementsOf(towns.allowList, 'bedrock:CountTokens').map((one) =>
      JSON.stringify(at(one, 'Resource')),
    );
    expect(resources).toEqual([expect.stringContaining(`::foundation-model/${behind}"`)]);
    expect(resources.join()).not.toMatch(/:bedrock:\*:|nova/);
  });

  test('those that are named may be, by the Mayor and by tasks, and what is behind a profile only through it', () => {
    const [profile, model] = allowList.models;
    const behind = profile.replace(/^eu\./, '');
    const statements = statementsOf(towns.allowList, 'bedrock:InvokeModel');
    expect(statements).toHaveLength(2 * 3);
    const resources = statements.map((statement) => JSON.stringify(at(statement, 'Resource')));
    const among = (part: string) => resources.filter((resource) => resource.includes(part));
    expect(among(`:inference-profile/${profile}"`)).toHaveLength(2);
    expect(among(`::foundation-model/${model}"`)).toHaveLength(2);
    expect(among(`:bedrock:*::foundation-model/${behind}"`)).toHaveLength(2);
    const anywhere = statements.filter((statement) =>
      JSON.stringify(at(statement, 'Resource')).includes(':bedrock:*:'),
    );
    for (const statement of anywhere)
      expect(JSON.stringify(at(statement, 'Condition', 'StringEquals', 'bedrock:InferenceProfileArn'))).toContain(
        `:inference-profile/${profile}"`,
      );
  });
});

describe('people', () => {
  const told = (town: Town) =>
    town
      .ofType('AWS::SNS::Subscription')
      .map(({ Properties }) => [
        target(at(Properties, 'TopicArn'))?.match(/critical|high|medium|low/)?.[0],
        at(Properties, 'Endpoint'),
      ])
      .sort();

  test('nobody is told by email unless asked for; `email` hears what is high and critical, `emails` what it names', () => {
    expect(told(towns.none)).toEqual([]);
    expect(told(towns.spot)).toEqual([
      ['critical', 'ops@example.com'],
      ['high', 'ops@example.com'],
    ]);
    expect(told(towns.allowList)).toEqual([
      ['critical', 'night@example.com'],
      ['medium', 'day@example.com'],
    ]);
  });
});

test('spot changes the capacity of tasks, and their size is the one configured', () => {
  expect(new Set(variablesOf(towns.none, 'CAPACITY_PROVIDER'))).toEqual(new Set(['FARGATE']));
  expect(new Set(variablesOf(towns.spot, 'CAPACITY_PROVIDER'))).toEqual(new Set(['FARGATE_SPOT']));
  const providersOf = (town: Town) => listAt(town.ofType('AWS::ECS::Cluster')[0]?.Properties, 'CapacityProviders');
  expect(providersOf(towns.spot)).toEqual(['FARGATE', 'FARGATE_SPOT']);
  expect(providersOf(towns.none)).toEqual([]);
  const sizes = towns.spot
    .ofType('AWS::ECS::TaskDefinition')
    .map(({ Properties }) => [at(Properties, 'Cpu'), at(Properties, 'Memory')]);
  expect(sizes).toEqual(sizes.map(() => ['4096', '8192']));
});

test('zip with an image that is built already needs no Docker, and tasks may pull from its repository alone', () => {
  for (const definition of towns.zip.ofType('AWS::ECS::TaskDefinition')) {
    const [harness] = listAt(definition.Properties, 'ContainerDefinitions');
    expect(JSON.stringify(at(harness, 'Image'))).toContain('/polecat:1');
  }
  expect(towns.zip.ofType('AWS::Lambda::Function').filter(({ Properties }) => at(Properties, 'PackageType'))).toEqual(
    [],
  );
  const pulls = statementsOf(towns.zip, 'ecr:BatchGetImage').map((statement) => at(statement, 'Resource'));
  expect(new Set(pulls)).toEqual(new Set(['arn:aws:ecr:eu-west-1:123456789012:repository/polecat']));
});
