import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FakeService, fakeService, ok, type Reaction } from './fake-service.ts';

let service: FakeService;
beforeAll(async () => {
  service = await fakeService();
});
afterAll(() => service.close());

const probe = new URL('network-probe.ts', import.meta.url).pathname;

async function errorNameAt(endpoint: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', probe, endpoint]);
  return stdout;
}

test.each<[string, Reaction, string]>([
  ['an answer', ok(), 'none'],
  ['a connection that breaks', 'hang up', 'Unavailable'],
  ['silence', 'say nothing', 'Unavailable'],
])('after %s a call is repeated or not', async (_, reaction, name) => {
  service.willAnswer(reaction);
  expect(await errorNameAt(service.settings.endpoint)).toBe(name);
});

test('a service that is not there is worth repeating', async () => {
  const gone = await fakeService();
  await gone.close();
  expect(await errorNameAt(gone.settings.endpoint)).toBe('Unavailable');
});
