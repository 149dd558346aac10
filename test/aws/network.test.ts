import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { fakeService, ok, type Reaction } from './fake-service.ts';

const probe = new URL('network-probe.ts', import.meta.url).pathname;
const startMs = 60_000;

async function errorNamesAt(...endpoints: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', probe, ...endpoints]);
  return JSON.parse(stdout);
}

async function serviceThat(reaction: Reaction) {
  const service = await fakeService();
  service.willAnswer(reaction);
  return service;
}

test(
  'a connection that breaks, silence, and a service that is not there are worth repeating',
  async () => {
    const services = await Promise.all([ok(), 'hang up' as const, 'say nothing' as const].map(serviceThat));
    const gone = await fakeService();
    await gone.close();
    const endpoints = [...services, gone].map(({ settings }) => settings.endpoint);
    expect(await errorNamesAt(...endpoints)).toEqual(['none', 'Unavailable', 'Unavailable', 'Unavailable']);
    await Promise.all(services.map((service) => service.close()));
  },
  startMs,
);
