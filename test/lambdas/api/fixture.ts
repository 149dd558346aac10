/** A town behind its API, with real ports in memory or a temporary directory; every answer is checked against the document. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { z } from 'zod';
import { refuse } from '../../../core/errors.ts';
import type { Subject } from '../../../core/polecats/protocol.ts';
import type { Ports } from '../../../core/ports.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { makeApp } from '../../../lambdas/api/app.ts';
import type { ApiDeps, ApiOptions } from '../../../lambdas/api/deps.ts';
import { problemSchema } from '../../../lambdas/api/problem.ts';
import { makeTick } from '../../../lambdas/convoys/convoys.ts';
import { makeHandler as makeMayor } from '../../../lambdas/intents/mayor.ts';
import { makeDirectoryBlobs } from '../../../local/blobs.ts';
import { realClock } from '../../../local/clock.ts';
import { makeReportedChecks } from '../../../local/code-host.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';

export const token = 'f'.repeat(64);

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers that the schema has just checked.
  readonly body: any;
  readonly headers: Headers;
}

interface Ask {
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

export interface TestTown {
  readonly deps: ApiDeps & Pick<Ports, 'repo'>;
  readonly bugs: readonly unknown[];
  /** Subjects whose tasks spoke too late. */
  readonly late: readonly Subject[];
  readonly app: ReturnType<typeof makeApp>;
  /** Sends one request with the token, and checks the answer against its schema. */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** Plans and launches a convoy, as the intent's state machine and the convoy tick do. */
  plan(convoy: string): Promise<void>;
  tick(convoy: string): Promise<void>;
  close(): Promise<void>;
}

export async function openTown(options: Partial<ApiOptions> = {}): Promise<TestTown> {
  const dir = mkdtempSync(join(tmpdir(), 'gastown-api-'));
  const clock = realClock;
  const ids = realIds(clock);
  const ledger = await openLedger({ clock });
  const bugs: unknown[] = [];
  const late: Subject[] = [];
  const deps: TestTown['deps'] = {
    ledger,
    clock,
    ids,
    blobs: makeDirectoryBlobs(join(dir, 'blobs')),
    repo: makeGitRepo({ cacheDir: join(dir, 'git'), clock }),
    codeHost: makeReportedChecks(ledger),
  };
  const app = makeApp(deps, {
    authenticate: (request) =>
      request.headers.get('authorization') === `Bearer ${token}`
        ? { name: 'ada' }
        : refuse(401, 'TOKEN_MISSING', 'No token.', 'Send one.'),
    hostNames: ['127.0.0.1', 'localhost'],
    localRemotes: true,
    webhookSecrets: async () => [],
    fleet: { polecatsMax: 32 },
    onBug: (error) => bugs.push(error),
    onSuperseded: (subject) => late.push(subject),
    ...options,
  });
  const mayor = makeMayor({ ...deps, caps: { dayBudgetUsd: 20 } });
  const tick = makeTick({ ...deps, log: () => {} });
  return {
    deps,
    bugs,
    late,
    app,
    tick,
    async ask(method, path, { body, raw, headers = {} } = {}) {
      const response = await app.request(`http://127.0.0.1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(body) }),
      });
      return checked(app, method, path, response);
    },
    async plan(convoy) {
      await mayor({ op: 'plan', convoy });
      await mayor({ op: 'launch', convoy });
      await tick(convoy);
    },
    async close() {
      await ledger.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Every refusal is a problem document; every other answer has the fields that its operation lists, and no more. */
async function checked(app: TestTown['app'], method: string, path: string, response: Response): Promise<Answer> {
  const { status, headers } = response;
  const body = JSON.parse(await response.text());
  if (status >= 400) {
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(body)).toEqual(body);
    expect(body.status).toBe(status);
    expect(body.remedy).not.toBe('');
  } else {
    expect(answerSchema(app, method, path, status).parse(body)).toEqual(body);
  }
  return { status, body, headers };
}

function answerSchema(app: TestTown['app'], method: string, path: string, status: number): z.ZodType {
  const [wanted = ''] = path.split('?');
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { route } = definition;
    const pattern = new RegExp(`^${route.path.replace(/\{[^}]+\}/g, '[^/]+')}$`);
    if (route.method !== method.toLowerCase() || !pattern.test(wanted)) continue;
    const response = route.responses[String(status)];
    const media = response && 'content' in response ? response.content?.['application/json'] : undefined;
    if (media && 'schema' in media) return media.schema as z.ZodType;
  }
  throw new Error(`No schema for ${method} ${path} → ${status}`);
}

export const intentText = `# Greet people by name

- [ ] greet: Add a greeting
  accept: it says hello

  \`\`\`sh
  echo hello > greet.txt
  \`\`\`

- [ ] cli: Call it
  needs: greet

  \`\`\`sh
  echo call > cli.txt
  \`\`\`

- [ ] docs: Describe it
  needs: greet, cli

  \`\`\`sh
  echo docs > docs.txt
  \`\`\`
`;
