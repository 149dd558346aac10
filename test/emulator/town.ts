/** A town that CDK has deployed to the emulator, and what one asks of it. */
import path from 'node:path';
import { type Answer, call } from './aws-api.ts';
import { cdk, outputsOf, type Resource, resourcesOf, widenGrants } from './stack.ts';

export interface DeployedTown {
  readonly name: string;
  readonly api: string;
  readonly resources: readonly Resource[];
  readonly deploySeconds: number;
  /** Physical ids of its resources of a type, those whose id matches. */
  ids(type: string, pattern?: RegExp): readonly string[];
  ask<T>(
    method: string,
    route: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer & { body: T }>;
  /** Throws if the answer is not well. */
  must<T>(method: string, route: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<T>;
}

/** `dir`: for the file of outputs. `context`: as on the command line, `packaging=zip`. */
export async function deployTown(name: string, dir: string, ...context: readonly string[]): Promise<DeployedTown> {
  const outputs = path.join(dir, `${name}.json`);
  const startedAt = Date.now();
  const settings = [`town=${name}`, ...context].flatMap((setting) => ['-c', setting]);
  await cdk('deploy', '--require-approval', 'never', '--outputs-file', outputs, ...settings);
  const deploySeconds = (Date.now() - startedAt) / 1000;
  const api = outputsOf(outputs, name).ApiUrl ?? '';
  const resources = await resourcesOf(name);
  await widenGrants(resources);
  const town: DeployedTown = {
    name,
    api,
    resources,
    deploySeconds,
    ids: (type, pattern = /./) =>
      resources.filter((resource) => resource.type === type && pattern.test(resource.id)).map(({ id }) => id),
    async ask(method, route, body, headers = {}) {
      const type = body ? { 'content-type': 'application/json' } : {};
      const text = body ? { body: JSON.stringify(body) } : {};
      const url = `${api}${route}`;
      const answer = await call({ method, service: 'execute-api', url, ...text, headers: { ...type, ...headers } });
      return { ...answer, body: JSON.parse(answer.text) };
    },
    async must<T>(method: string, route: string, body?: object, headers?: Readonly<Record<string, string>>) {
      const { status, text, body: answered } = await town.ask<T>(method, route, body, headers);
      if (status >= 300) throw new Error(`${method} ${route}: ${status} ${text}`);
      return answered;
    },
  };
  return town;
}

export async function until<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what}: not within ${withinMs / 1000} s`);
}
