import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { configKeys, readConfig } from '../../lib/config.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';
import { configs } from './configs.ts';

describe('the configuration of a deployment', () => {
  test('needs nothing, and keeps the data', () => {
    expect(readConfig({})).toMatchObject({ town: 'gastown', packaging: 'image', keepData: true, logDays: 30 });
  });

  test('reads words of a command line as numbers and truth values', () => {
    expect(readConfig({ logDays: '90', keepData: 'false', polecatsMax: '100' })).toMatchObject({
      logDays: 90,
      keepData: false,
      polecatsMax: 100,
    });
  });

  test('takes one audience as a word and several as a list', () => {
    const jwtIssuer = 'https://login.example.com/pool';
    const audience = (jwtAudience: unknown) => readConfig({ jwtIssuer, jwtAudience }).jwtAudience;
    expect(audience('gastown')).toEqual(['gastown']);
    expect(audience('["gastown","web"]')).toEqual(['gastown', 'web']);
  });

  test('reads a list as JSON, as words with commas, and as one word', () => {
    expect(readConfig({ egressPorts: '443,22' }).egressPorts).toEqual([443, 22]);
    expect(readConfig({ egressPorts: '[80]' }).egressPorts).toEqual([80]);
    expect(readConfig({ egressPorts: 8443 }).egressPorts).toEqual([8443]);
    expect(readConfig({ allowedDomains: 'github.com, *.npmjs.org' }).allowedDomains).toEqual([
      'github.com',
      '*.npmjs.org',
    ]);
  });

  test('reads an object as JSON, with a word where a list is meant', () => {
    const emails = '{"critical":["a@example.com","b@example.com"],"low":"c@example.com"}';
    expect(readConfig({ emails }).emails).toEqual({
      critical: ['a@example.com', 'b@example.com'],
      low: ['c@example.com'],
    });
    expect(readConfig({ tags: '{"cost-centre":"42"}' }).tags).toEqual({ 'cost-centre': '42' });
  });

  test.each(Object.entries(configs))('takes %s, in JSON and in words', (_, context) => {
    const inWords = Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    expect(readConfig(Object.fromEntries(inWords))).toEqual(readConfig(context));
  });

  test('is documented key by key, with its defaults', () => {
    const page = readFileSync(path.join(projectRoot, 'docs/configuration.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| (?:`(.+?)` )?\| \S/gm)].map(([, key, value]) => [key, value]);
    const defaults = Object.entries<unknown>({
      ...Object.fromEntries(configKeys.map((key) => [key])),
      ...readConfig({}),
    });
    const inWords = ([key, value]: [string, unknown]) => [
      key,
      typeof value === 'string' || value === undefined ? value : JSON.stringify(value),
    ];
    expect(rows).toEqual(defaults.map(inWords));
  });

  test('leaves CDK its own keys', () => {
    const theirs = {
      '@aws-cdk/core:x': true,
      'aws:cdk:y': 1,
      'availability-zones:account=1': [],
      'acknowledged-issue-numbers': [34892],
      'cli-telemetry': false,
    };
    expect(() => readConfig(theirs)).not.toThrow();
  });

  test.each([
    [{ packging: 'zip' }, 'no such key "packging"; did you mean "packaging"?'],
    [{ colour: 'red' }, 'no such key "colour"; the keys are town, email'],
    [{ packaging: 'tar' }, 'packaging = "tar"'],
    [{ packaging: 'zip' }, 'gitLayer = undefined: is needed with packaging=zip'],
    [{ gitLayer: 'layer' }, 'is only used with packaging=zip'],
    [{ logDays: '8' }, 'logDays = "8": must be one of 1, 3, 5'],
    [{ town: 'Gas Town' }, 'town = "Gas Town": must be 1 to 25 of a-z'],
    [{ email: 'me' }, 'email = "me": must be one email address'],
    [{ keepData: 'perhaps' }, 'keepData = "perhaps": must be true or false'],
    [
      { jwtIssuer: 'http://login.example.com', jwtAudience: 'gastown' },
      'jwtIssuer = "http://login.example.com": must be',
    ],
    [{ jwtIssuer: 'https://login.example.com' }, 'jwtAudience = undefined: is needed too'],
    [{ jwtAudience: 'gastown' }, 'jwtIssuer = undefined: is needed too'],
    [{ emails: '{"urgent":["a@example.com"]}' }, 'emails.urgent: there is no such severity; they are critical, high'],
    [{ emails: '{"low":["me"]}' }, 'must be one email address'],
    [{ emails: 'me@example.com' }, 'emails = "me@example.com": must be an object'],
    [{ models: 'Claude' }, 'models.0 = "Claude": must be ids of Bedrock models'],
    [{ polecatImage: 'polecat' }, 'polecatImage = "polecat": must be an image with its tag or digest'],
    [{ vpcId: 'vpc-12345678' }, 'subnetIds = undefined: is needed too'],
    [{ subnetIds: 'subnet-12345678' }, 'vpcId = undefined: is needed too'],
    [{ vpcId: 'my-vpc', subnetIds: 'subnet-12345678' }, 'vpcId = "my-vpc": must be vpc- and 8 to 17'],
    [{ publicIp: 'false' }, 'publicIp = "false": must be true without vpcId'],
    [
      { vpcId: 'vpc-12345678', subnetIds: 'subnet-12345678', allowedDomains: 'github.com' },
      'allowedDomains = "github.com": cannot be used with vpcId',
    ],
    [{ allowedDomains: 'https://github.com' }, 'allowedDomains.0 = "https://github.com": must be names such as'],
    [{ allowedDomains: '[]' }, 'allowedDomains = "[]": must hold at least one'],
    [{ egressPorts: '70000' }, 'egressPorts.0 = "70000": must be'],
    [{ permissionsBoundary: 'two words' }, 'must be the name or the ARN of a managed policy'],
    [{ tags: '{"aws:x":"1"}' }, 'must have names of 1 to 128'],
    [{ tags: '{"x":1}' }, 'must have texts as values'],
    [{ dayBudgetUsd: '-1' }, 'dayBudgetUsd = "-1": must be at least 0'],
    [{ dayBudgetUsd: 'much' }, 'dayBudgetUsd = "much": must be an amount in dollars'],
    [{ polecatsMax: '0' }, 'polecatsMax = "0": must be a whole number from 1 to 10000'],
    [
      { polecatsMax: '9000', apiRequestsPerSecond: '299' },
      'apiRequestsPerSecond = "299": must be at least 300: 9000 polecats (polecatsMax) beat every 30 s',
    ],
    [{ polecatsMax: '10000' }, 'apiRequestsPerSecond = undefined: must be at least 334'],
    [{ blobDays: '7' }, 'blobDays = "7": must be a whole number from 30 to 3650'],
    [{ polecatCpu: '1000' }, 'polecatCpu = "1000": must be one of 512, 1024'],
    [{ polecatMemoryMiB: '65536' }, 'must be 2048 to 8192 in steps of 1024 with 1024 CPU units'],
  ])('refuses %j with a sentence', (context, sentence) => {
    expect(() => readConfig(context)).toThrow(sentence);
  });

  test('takes an API that just carries the beats', () => {
    expect(readConfig({ polecatsMax: 9000, apiRequestsPerSecond: 300 })).toMatchObject({ apiRequestsPerSecond: 300 });
  });

  test('names every fault at once', () => {
    expect(() => readConfig({ town: '?', logDays: 8 })).toThrow(/CONFIG_INVALID: .*town.*logDays/);
  });
});
