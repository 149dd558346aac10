/**
 * The town as it is deployed: `cdk deploy` to an emulator with IAM in force, intents over the API, each launched task a
 * process of the real harness, a git host over HTTPS. One story: each test goes on where the last one ended. Run by
 * `npm run test:aws`, which starts the emulator.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { itemOf } from '../../aws/items.ts';
import type { Bead } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';
import type { Sling } from '../../core/deliveries.ts';
import type { EffectRecord } from '../../core/effects.ts';
import { kindOf } from '../../core/keys.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { breachesOf } from '../town/invariants.ts';
import { assumeRole, call, elements, query } from './aws-api.ts';
import { gitLayer } from './emulator.ts';
import { type Fargate, startFargate } from './fargate.ts';
import { type GitHost, startGitHost } from './git-host.ts';
import { type Mail, subscribe } from './inbox.ts';
import { effectsEver, effectsLeft, itemsOf, putAgain, recordOf } from './record.ts';
import { makeRepository, type Repository } from './repository.ts';
import { cdk } from './stack.ts';
import { type DeployedTown, deployTown, until } from './town.ts';

type ConvoyDetail = Convoy & { readonly beads: readonly Bead[] };

const dir = process.env.GASTOWN_EMULATOR_DIR ?? '';
/** What the git host wants; in AWS it is the secret of the rig. */
const gitToken = 'a-token-of-the-git-host';
const minute = 60_000;

const script = (name: string, needs: string, command: string): string =>
  `- [ ] ${name}: Raise the ${name}\n${needs ? `  needs: ${needs}\n` : ''}\n  \`\`\`sh\n  ${command}\n  \`\`\`\n`;

const barn = [
  '# Raise a barn\n',
  script('ground', '', 'echo stone > ground.txt'),
  script('left', 'ground', 'cat ground.txt > left.txt; echo oak >> left.txt'),
  script('right', 'ground', 'cat ground.txt > right.txt; echo elm >> right.txt'),
  script('roof', 'left, right', 'cat left.txt right.txt > roof.txt'),
].join('\n');

/** Fails once: the next attempt goes on from what this one has pushed. */
const wobble = `# Prop it up\n\n${script('prop', '', 'test -f oak.txt || { echo oak > oak.txt; exit 1; }; mv oak.txt prop.txt')}`;

const question = 'Which colour shall the barn have?';
const paint = `# Paint the barn\n\n${script('paint', '', `gt done --status escalated --severity high --question "${question}"`)}`;

const deployed = dir === '' ? describe.skip : describe;
deployed(dir === '' ? 'a deployed town (skipped: needs the emulator of npm run test:aws)' : 'a deployed town', () => {
  let town: DeployedTown;
  let table: string;
  let fargate: Fargate;
  let host: GitHost;
  let repository: Repository;
  let mails: () => Promise<readonly Mail[]>;
  const zip = () => [
    'packaging=zip',
    'polecatImage=registry.example.com/polecat:1',
    `gitLayer=${gitLayer(dir, process.env.NODE_EXTRA_CA_CERTS ?? '')}`,
  ];

  beforeAll(async () => {
    const repositories = path.join(dir, 'repositories');
    mkdirSync(repositories);
    repository = makeRepository(repositories, 'barn');
    const tls = path.join(dir, 'tls');
    const files = { cert: path.join(tls, 'server.pem'), key: path.join(tls, 'server.key') };
    host = await startGitHost(repositories, files, gitToken);
    town = await deployTown('gastown', dir, ...zip());
    console.log(
      `${town.resources.length} resources deployed in ${town.deploySeconds.toFixed(1)} s, synthesis included`,
    );
    table = town.ids('AWS::DynamoDB::Table')[0] ?? '';
    mails = await subscribe(town.ids('AWS::SNS::Topic', /high/)[0] ?? '');
    fargate = await startFargate({
      ecs: new ECSClient(),
      cluster: town.ids('AWS::ECS::Cluster')[0] ?? '',
      harness: path.join(projectRoot, 'dist/functions/polecat/dist/harness.cjs'),
      dir: path.join(dir, 'tasks'),
      environment: {
        PATH: `${path.join(dir, 'layer/bin')}:${process.env.PATH}`,
        NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS ?? '',
        AWS_REGION: 'us-east-1',
        GASTOWN_TASK_DIR: path.join(dir, 'tasks'),
      },
    });
  }, 5 * minute);

  afterAll(async () => {
    await fargate?.stop();
    host?.close();
  });

  async function submit(text: string, key: string): Promise<string> {
    const intent = { rig: 'barn', text };
    const { convoy } = await town.must<{ convoy: Convoy }>('POST', '/v1/intents', intent, { 'idempotency-key': key });
    return convoy.id;
  }

  const rest = (id: string, withinMs = 3 * minute): Promise<ConvoyDetail> =>
    until(`convoy ${id} comes to rest`, withinMs, async () => {
      const convoy = await town.must<ConvoyDetail>('GET', `/v1/convoys/${id}`);
      return convoy.status === 'planning' || convoy.status === 'open' ? undefined : convoy;
    });

  test('lets in who signs with a grant, and nobody else', async () => {
    const status = { method: 'GET', service: 'execute-api', url: `${town.api}/v1/status` };
    expect((await call({ ...status, as: 'none' })).status).toBe(403);
    expect((await call({ ...status, as: { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' } })).status).toBe(403);
    expect((await call(status)).status).toBe(200);
  });

  test(
    'lands every bead of an intent on a git host that wants a token',
    async () => {
      const secret = { Name: `${town.name}/git/barn`, SecretString: gitToken };
      await new SecretsManagerClient().send(new CreateSecretCommand(secret));
      await town.must('POST', '/v1/rigs', { name: 'barn', url: host.remote('barn.git') });
      await town.must('PATCH', '/v1/rigs/barn/config', {
        'refinery.gates.test': 'test -f README.md',
        'retry.backoff_s': [1],
      });
      const startedAt = Date.now();
      const convoy = await rest(await submit(barn, 'barn-1'));
      console.log(`POST to the last of four merges: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      expect(convoy.beads.map(({ name, status }) => [name, status])).toEqual(
        ['ground', 'left', 'right', 'roof'].map((name) => [name, 'closed']),
      );
      expect(repository.git('show', 'main:roof.txt')).toBe('stone\noak\nstone\nelm');
    },
    5 * minute,
  );

  test(
    'a task of the fleet speaks for the attempt that it was launched for, and for nobody else',
    async () => {
      const role = town.ids('AWS::IAM::Role', /YardTaskRole/)[0] ?? '';
      const as = await assumeRole(`arn:aws:iam::000000000000:role/${role}`, 'another-task');
      const people = { method: 'GET', service: 'execute-api', url: `${town.api}/v1/status`, as };
      expect((await call(people)).status).toBe(403);
      const id = await submit(`# Rest\n\n${script('nap', '', 'sleep 4; touch rested.txt')}`, 'rest-1');
      const bead = await until('a polecat works', minute, async () => {
        const { beads } = await town.must<ConvoyDetail>('GET', `/v1/convoys/${id}`);
        return beads.find(({ status }) => status === 'in_progress');
      });
      const body = JSON.stringify({ subject: { kind: 'polecat', bead: bead.id, attempt: bead.attempt } });
      const headers = { 'content-type': 'application/json' };
      const claim = { ...people, method: 'POST', url: `${town.api}/v1/polecat/claim`, headers, body };
      expect((await call(claim)).status).toBe(401);
      expect((await rest(id)).status).toBe('landed');
      expect(JSON.parse((await call(claim)).text)).toEqual({ superseded: true });
    },
    3 * minute,
  );

  test(
    'every effect performed again and every message delivered again change nothing',
    async () => {
      const atRest = () =>
        until('no effect is left', minute, async () => ((await effectsLeft(table)) === 0 ? true : undefined));
      await atRest();
      const before = recordOf(await itemsOf(table));
      const main = repository.git('rev-parse', 'main');
      const launched = fargate.started.size;
      const effects = await effectsEver(table);
      expect(effects.length).toBeGreaterThan(20);
      for (const row of effects) await putAgain(table, row);
      const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
      const [sling = ''] = town.ids('AWS::SQS::Queue', /Sling/);
      const tokens = effects.flatMap((row) => {
        const { effect } = itemOf(row).body as unknown as EffectRecord;
        return effect.do === 'succeed_task' ? [effect.token] : [];
      });
      for (const item of await itemsOf(table)) {
        if (kindOf(item) !== 'bead') continue;
        const { id, run } = item.body as unknown as Bead;
        for (const token of tokens) {
          const again: Sling = { bead: id, run, token };
          await sqs.send(new SendMessageCommand({ QueueUrl: sling, MessageBody: JSON.stringify(again) }));
        }
      }
      await atRest();
      await until('the sling queue is empty', minute, async () =>
        (await waiting(sqs, sling)) === 0 ? true : undefined,
      );
      console.log(`${effects.length} effects performed again, ${tokens.length * 4} slings delivered again`);
      expect(recordOf(await itemsOf(table))).toEqual(before);
      expect(repository.git('rev-parse', 'main')).toBe(main);
      expect(fargate.started.size).toBe(launched);
    },
    4 * minute,
  );

  test(
    'an agent’s question reaches the topic of its severity, with the command that answers it',
    async () => {
      const id = await submit(paint, 'paint-1');
      const mail = await until('the question is mailed', 2 * minute, async () =>
        (await mails()).find(({ Message }) => Message.includes(question)),
      );
      console.log(`Subject: ${mail.Subject}\n\n${mail.Message}`);
      expect(mail.Message).toContain('gt escalations answer');
      await town.must('POST', `/v1/convoys/${id}/cancel`, {});
      expect((await rest(id)).status).toBe('cancelled');
    },
    4 * minute,
  );

  /** The emulator breaks an execution at its rest (it knows no expression in TimeoutSeconds): the Witness replaces it. */
  test(
    'a failed attempt is followed by one that goes on from its work, though its execution was lost',
    async () => {
      const convoy = await rest(await submit(wobble, 'prop-1'), 5 * minute);
      const [bead] = convoy.beads;
      expect([convoy.status, bead?.attempt]).toEqual(['landed', 2]);
      expect(repository.git('show', 'main:prop.txt')).toBe('oak');
    },
    6 * minute,
  );

  test(
    'at rest nothing is lost, held or left over, and main has each bead once',
    async () => {
      await until('no effect is left', minute, async () => ((await effectsLeft(table)) === 0 ? true : undefined));
      const items = (await itemsOf(table)).map((item) =>
        kindOf(item) === 'rig' ? { ...item, body: { ...(item.body as unknown as Rig), url: repository.bare } } : item,
      );
      expect(breachesOf(items as never)).toEqual([]);
    },
    2 * minute,
  );

  test(
    'cdk destroy keeps the record and the blobs of a town, and nothing that runs, alarms or bills',
    async () => {
      await cdk('destroy', '--force', '-c', `town=${town.name}`, ...zip().flatMap((setting) => ['-c', setting]));
      const kept = await new DynamoDBClient().send(new DescribeTableCommand({ TableName: table }));
      expect(kept.Table?.TableStatus).toBe('ACTIVE');
      await new S3Client().send(new HeadBucketCommand({ Bucket: town.ids('AWS::S3::Bucket')[0] }));
      expect(await leftOf(town.name)).toEqual([]);
    },
    3 * minute,
  );

  test(
    'cdk destroy of a throw-away town leaves neither',
    async () => {
      const tent = await deployTown('tent', dir, 'keepData=false', ...zip());
      const [bucket = ''] = tent.ids('AWS::S3::Bucket');
      await cdk(
        'destroy',
        '--force',
        '-c',
        'town=tent',
        '-c',
        'keepData=false',
        ...zip().flatMap((one) => ['-c', one]),
      );
      expect(await leftOf('tent')).toEqual([]);
      const { TableNames = [] } = await new DynamoDBClient().send(new ListTablesCommand());
      expect(TableNames.filter((name) => name.startsWith('tent'))).toEqual([]);
      await expect(new S3Client().send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
        name: 'NotFound',
      });
    },
    6 * minute,
  );
});

async function waiting(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
  );
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

/** Names of what runs or bills that a town of that name still has. */
async function leftOf(town: string): Promise<readonly string[]> {
  const [queues, topics, machines, clusters, functions, roles, alarms] = await Promise.all([
    new SQSClient().send(new ListQueuesCommand()),
    new SNSClient().send(new ListTopicsCommand()),
    new SFNClient().send(new ListStateMachinesCommand()),
    new ECSClient().send(new ListClustersCommand()),
    call({ method: 'GET', service: 'lambda', url: `${process.env.AWS_ENDPOINT_URL}/2015-03-31/functions/` }),
    query('iam', '2010-05-08', 'ListRoles', { MaxItems: '1000' }),
    query('monitoring', '2010-08-01', 'DescribeAlarms', { MaxRecords: '100' }),
  ]);
  const { Functions } = JSON.parse(functions.text) as { Functions: { FunctionName: string }[] };
  return [
    ...(queues.QueueUrls ?? []),
    ...(topics.Topics ?? []).map(({ TopicArn = '' }) => TopicArn),
    ...(machines.stateMachines ?? []).map(({ name = '' }) => name),
    ...(clusters.clusterArns ?? []),
    ...Functions.map(({ FunctionName }) => FunctionName),
    ...elements(roles, 'RoleName'),
    ...elements(alarms, 'AlarmName'),
  ].filter((name) => new RegExp(`(^|[:/])${town}[-:]`, 'i').test(name));
}
