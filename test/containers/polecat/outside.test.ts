/** Where only a proxy leads to the model: the Mayor's calls and the agent's, each from a process with a company's environment. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { MessagesServer } from '../../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../../core/costs/model-usage.ts';
import { Outside } from './outside.ts';
import { jobFor, type Rig, Yard } from './rig.ts';

jest.setTimeout(60_000);

const name = 'model.gastown.invalid';
const yard = new Yard();
const server = new MessagesServer();
let outside: Outside;
let rig: Rig;
let company: Readonly<Record<string, string>>;

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
  outside = new Outside(yard.dir, name, Number(new URL(await server.listen()).port));
  company = {
    ANTHROPIC_API_KEY: 'sk-ant-the-key',
    ANTHROPIC_BASE_URL: `https://${name}:8443`,
    NODE_EXTRA_CA_CERTS: outside.certificate,
    HTTPS_PROXY: `http://overseer:pass%20word@${await outside.open()}`,
    NO_PROXY: 'localhost,127.0.0.1',
  };
});
afterAll(async () => {
  await outside.close();
  await server.close();
  await yard.close();
});
beforeEach(() => {
  outside.asked.length = 0;
  outside.refusal = '';
});
afterEach(() => expect(yard.town.faults).toEqual([]));

const usage = { input_tokens: 1000, output_tokens: 50 };
const ask = `
  cat > ask.mjs <<'END'
const { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key } = process.env;
const body = { model: 'claude-sonnet-4-6', max_tokens: 1000, stream: true, messages: [{ role: 'user', content: 'x' }], tools: [{}] };
const response = await fetch(base + '/v1/messages', { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(body) });
console.log(response.status, await response.text());
END
  node ask.mjs; rm ask.mjs; date > asked.txt`;
const through = {
  authority: `${name}:8443`,
  credential: `Basic ${Buffer.from('overseer:pass word').toString('base64')}`,
};

test('an agent’s calls go through it, and are billed as any', async () => {
  server.script({ text: 'hello from outside', usage });
  const report = await yard.polecat(jobFor(rig, ask, { budgetUsd: 1 }), company);
  expect(report).toMatchObject({ status: 'completed', costUsd: usdOf('claude-sonnet-4-6', usage) });
  expect(yard.town.logOf(report)).toContain('hello from outside');
  expect(outside.asked).toEqual([through]);
});

test('where the proxy refuses, the agent is told by whom and why, and nothing is billed', async () => {
  outside.refusal = '407 Proxy Authentication Required';
  const report = await yard.polecat(jobFor(rig, ask, { budgetUsd: 1 }), company);
  expect(report).toMatchObject({ costUsd: 0 });
  expect(yard.town.logOf(report)).toMatch(
    /502 .*PROXY_REFUSED: the proxy 127\.0\.0\.1:\d+ answered 407 when asked for/,
  );
  expect(yard.town.logOf(report)).not.toMatch(/pass(%20| )word/);
});

test('the Mayor’s call goes through it', async () => {
  server.script({ text: 'a plan', usage });
  const script = `
    import { modelOfEnvironment } from './local/model.ts';
    const tools = [{ name: 'submit_plan', description: 'd', schema: { type: 'object' } }];
    const asked = { system: '', messages: [{ role: 'user', content: 'x' }], tools, maxTokens: 100 };
    console.log(JSON.stringify(await modelOfEnvironment(process.env).complete(asked)));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { env: { ...process.env, ...company } },
  );
  expect(JSON.parse(stdout)).toMatchObject({ inputTokens: 1000, outputTokens: 50 });
  expect(outside.asked).toEqual([through]);
});
