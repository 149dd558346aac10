import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findTown } from '../../bin/gt/address.ts';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import { intentText, openTown, type TestTown } from '../lambdas/api/fixture.ts';
import { runGt, shipGt } from './command.ts';
import { type Gateway, type Key, openGateway, region, secret } from './gateway.ts';

// Every command is a process: on a busy machine that takes its time.
jest.setTimeout(120_000);

let dir: string;
let command: string;
let rig: TestRig;
let town: TestTown;
let gateway: Gateway;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gastown-deployed-'));
  command = await shipGt(dir);
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  town = await openTown({
    authenticate: () => ({ name: 'ada' }),
    fleet: { polecatsMax: 32, fargate: { vcpusEach: 2, spot: true } },
  });
  gateway = await openGateway(town);
  writeFileSync(join(dir, 'token'), 'ey.J.WT');
  writeFileSync(join(dir, 'intent.md'), intentText.replace('greet', 'grüße 🌾, greet'));
});
afterAll(async () => {
  expect(town.bugs).toEqual([]);
  await gateway.close();
  await town.close();
  rig.remove();
  rmSync(dir, { recursive: true, force: true });
});

const bare = (environment: Record<string, string>, ...words: string[]) => {
  const nobody = { HOME: dir, AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: gateway.url };
  return runGt(command, dir, { ...nobody, ...environment }, words);
};
const as = (key: Key, ...words: string[]) => {
  const keys = { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: 'Fwo+/=' };
  return bare(keys, ...words, '--url', gateway.url, '--region', region);
};
const refused = (pattern: RegExp) => ({ code: 1, out: '', err: expect.stringMatching(pattern) });

describe('gt with AWS credentials', () => {
  test('signs what a town behind IAM accepts: reads, queries, ids that need escaping, bodies beyond ASCII', async () => {
    const added = await as('AKIDALLOWED', 'rig', 'add', 'green', rig.remote.url);
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('green lands on main') });
    const answers = await Promise.all([
      as('AKIDALLOWED', 'status'),
      as('AKIDALLOWED', 'feed', '--limit', '5'),
      as('AKIDALLOWED', 'mq', 'list', 'green', '--target', 'rel 1+é/x'),
      as('AKIDALLOWED', 'submit', 'intent.md', '--rig', 'green', '--key', 'k', '--json'),
      as('AKIDALLOWED', 'why', 'a b/ü*(x)'),
    ]);
    expect(
      [0, 1, 3].map((i) => [answers[i]?.code, answers[i]?.err.startsWith('Warning') ? '' : answers[i]?.err]),
    ).toEqual(Array(3).fill([0, '']));
    expect(answers[2]?.err).toMatch(/^TARGET_UNKNOWN: Nothing of green lands on "rel 1\+é\/x"/);
    expect(answers[4]?.err).toMatch(/^ID_UNKNOWN: Nothing in this town is called "a b\/ü\*\(x\)"/);
  });

  test('takes the credentials of a profile as well, and finds the town by its stack', async () => {
    writeFileSync(
      join(dir, 'profiles'),
      `[farm]\naws_access_key_id = AKIDALLOWED\naws_secret_access_key = ${secret}\n`,
    );
    const farm = { AWS_SHARED_CREDENTIALS_FILE: join(dir, 'profiles'), AWS_PROFILE: 'farm', AWS_REGION: region };
    expect(await bare(farm, 'status', '--stack', 'gastown')).toMatchObject({ code: 0, err: '' });
    expect(await bare({ ...farm, GASTOWN_STACK: 'gastown' }, 'status')).toMatchObject({ code: 0, err: '' });
    expect(await bare(farm, 'status', '--stack', 'other')).toMatchObject(
      refused(/^STACK_UNREADABLE: The stack "other" in eu-west-1 cannot be read: ValidationError/),
    );
    expect((await bare(farm, 'status', '--stack', 'gastown', '--url', gateway.url)).code).toBe(2);
  });

  test('says what is wrong with whoever asks: no credentials, expired ones, no permission, a wrong clock', async () => {
    const denied = `arn:aws:execute-api:eu-west-1:123456789012:<api id>/*/GET/v1/status`;
    expect(await bare({}, 'status', '--url', gateway.url, '--region', region)).toMatchObject(
      refused(/^CREDENTIALS_MISSING: .*aws sso login/),
    );
    expect(await as('AKIDEXPIRED', 'status')).toMatchObject(
      refused(/^CREDENTIALS_EXPIRED: .*ExpiredToken.*aws sso login/),
    );
    const stranger = await as('AKIDSTRANGER', 'status');
    expect(stranger).toMatchObject(refused(/^ACCESS_DENIED: .*"Forbidden": arn:aws:sts::123456789012:\S+ may not/));
    expect(stranger.err).toContain(`execute-api:Invoke on ${denied}`);
    expect(await as('AKIDLATE', 'status')).toMatchObject(
      refused(/^CLOCK_SKEWED: .* are 6[56]\d s apart.*Set the clock/),
    );
  });

  test('asks again what was throttled or failed, but never sends a command twice', async () => {
    const busy = { status: 429, body: '{"message":"Too Many Requests"}' };
    const broken = { status: 503, body: '{"message":"Service Unavailable"}' };
    gateway.next.push(busy, broken);
    expect(await as('AKIDALLOWED', 'status')).toMatchObject({ code: 0, err: '' });
    gateway.next.push(busy, busy, busy, busy);
    expect(await as('AKIDALLOWED', 'status')).toMatchObject(refused(/^TOWN_BUSY: /));
    gateway.next.push(broken);
    gateway.asked.length = 0;
    expect(await as('AKIDALLOWED', 'estop')).toMatchObject(refused(/^TOWN_FAILED: .*Whether it happened is not known/));
    expect(gateway.asked).toEqual(['execute-api POST /v1/estop']);
  });

  test('follows nobody elsewhere, and knows what is no town', async () => {
    gateway.next.push({ status: 307, body: '', headers: { location: 'http://127.0.0.1:9/v1/status' } });
    expect(await as('AKIDALLOWED', 'status')).toMatchObject(refused(/^TOWN_STRANGE: .*status 307/));
    gateway.next.push({ status: 200, body: '<html>' });
    expect(await as('AKIDALLOWED', 'status')).toMatchObject(refused(/^TOWN_STRANGE: .*status 200/));
    gateway.next.push({ status: 404, body: '{"message":"Not Found"}' });
    expect(await as('AKIDALLOWED', 'status')).toMatchObject(refused(/^TOWN_STRANGE: .*status 404/));
  });
});

describe('gt with a token', () => {
  const withToken = () => bare({ GASTOWN_TOKEN_FILE: 'token' }, 'status', '--url', gateway.url);

  test('says why an authorizer does not take it', async () => {
    expect(await withToken()).toMatchObject(refused(/^TOKEN_REFUSED: .*leave --token-file/));
    const why = { 'www-authenticate': 'Bearer error_description="the token has expired"' };
    const unauthorized = { status: 401, body: '{"message":"Unauthorized"}', headers: why };
    gateway.next.push(unauthorized);
    expect(await withToken()).toMatchObject(refused(/^TOKEN_REFUSED: .*the token has expired.*a new token/));
    gateway.next.push(unauthorized);
    expect(await as('AKIDALLOWED', 'status')).toMatchObject(refused(/^TOKEN_MISSING: .*--token-file/));
  });
});

describe('the address of a town', () => {
  const at = (url: string, flags = {}, environment = {}) => findTown({ dir, url, ...flags }, environment);
  const api = 'https://abc123.execute-api.eu-north-1.amazonaws.com';

  test('says its region, which --region may not deny; a name of one’s own needs to be told it', async () => {
    expect(await at(api)).toEqual({ url: api, token: undefined, region: 'eu-north-1' });
    expect(await at(api, {}, { AWS_REGION: 'us-east-1' })).toMatchObject({ region: 'eu-north-1' });
    await expect(at(api, { region: 'us-east-1' })).rejects.toMatchObject({ code: 'REGION_MISMATCH' });
    await expect(at('https://town.example')).rejects.toMatchObject({ code: 'REGION_UNKNOWN' });
    expect(await at('https://town.example', {}, { AWS_DEFAULT_REGION: 'x-1' })).toMatchObject({ region: 'x-1' });
  });

  test('takes a token instead of a signature, from a town with a JWT authorizer', async () => {
    expect(await at(api, { tokenFile: join(dir, 'token') })).toEqual({ url: api, token: 'ey.J.WT' });
  });

  test.each(['http://town.example', 'http://10.0.0.7:4780', 'http://127.0.0.1.example'])(
    'is sent no secret in clear text: %s',
    async (url) => {
      await expect(at(url, { tokenFile: join(dir, 'token') })).rejects.toMatchObject({ code: 'CLEAR_TEXT' });
      await expect(at(url, { region })).rejects.toMatchObject({ code: 'CLEAR_TEXT' });
    },
  );

  test.each(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1', 'http://x.execute-api.localhost:4566'])(
    'may be http on this machine: %s',
    async (url) => {
      expect(await at(url, { tokenFile: join(dir, 'token') })).toMatchObject({ token: 'ey.J.WT' });
    },
  );
});

describe('the doctor of a deployed town', () => {
  const findings = async (key: Key) => {
    const { code, out } = await as(key, 'doctor', '--json');
    const list = JSON.parse(out) as { check: string; state: string; found: string; remedy: string }[];
    const of = (check: string) => list.filter((one) => one.check === check);
    return { code, of, checks: list.map(({ check }) => check) };
  };

  test('names the caller, and the alarms that ring with their runbooks', async () => {
    const well = await findings('AKIDALLOWED');
    expect(well.checks).not.toContain('disk');
    expect(well.of('credentials')).toMatchObject([
      { state: 'ok', found: expect.stringContaining('role/Dev/AKIDALLOWED') },
    ]);
    expect(well.of('alarms')).toMatchObject([{ state: 'ok' }]);
    expect(well.of('clock')).toMatchObject([{ state: 'ok' }]);
    gateway.alarms.push(
      'Somebody else’s',
      'The Witness is silent.\nStart with: gt doctor\nWhat to do: docs/runbooks/witness.md#the-witness-is-silent',
    );
    const ill = await findings('AKIDALLOWED');
    gateway.alarms.length = 0;
    expect(ill.code).toBe(1);
    expect(ill.of('alarms')).toMatchObject([
      {
        state: 'fail',
        found: 'The Witness is silent',
        remedy: expect.stringMatching(/^Start with: gt doctor What to do: .*witness.md#the-witness-is-silent$/),
      },
    ]);
  });

  test('says what the account’s vCPU hold, and both ways out', async () => {
    expect((await findings('AKIDALLOWED')).of('fargate')).toMatchObject([
      { state: 'warn', found: expect.stringContaining('not checked: NoSuchResourceException') },
    ]);
    gateway.quotas['L-36FBB829'] = 6;
    const [short] = (await findings('AKIDALLOWED')).of('fargate');
    expect(short).toMatchObject({
      state: 'warn',
      found:
        '6 vCPU of Fargate Spot vCPU resource count hold 3 tasks; polecatsMax is 32, and gates need room beside them',
    });
    expect(short?.remedy).toMatch(
      / --region eu-west-1 --service-code fargate --quota-code L-36FBB829 --desired-value 80\. .*polecatsMax=2\.$/,
    );
    gateway.quotas['L-36FBB829'] = 80;
    expect((await findings('AKIDALLOWED')).of('fargate')).toMatchObject([{ state: 'ok' }]);
  });

  test('says what it could not look at, and why', async () => {
    const stranger = await findings('AKIDSTRANGER');
    expect(stranger.of('alarms')).toMatchObject([
      { state: 'warn', found: expect.stringContaining('not checked: AccessDenied') },
    ]);
    expect(stranger.of('town')).toMatchObject([
      { state: 'fail', remedy: expect.stringContaining('execute-api:Invoke') },
    ]);
    const expired = await findings('AKIDEXPIRED');
    expect(expired.of('credentials')).toMatchObject([
      { state: 'fail', found: expect.stringContaining('ExpiredToken') },
    ]);
  });
});
