/**
 * The whole town in one process: the same handlers, state-machine files and records as in AWS, over the local ports.
 * Queues and executions live in memory; after a restart the Witness rebuilds what was in flight from the record.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHarness } from '../containers/polecat/bundle.ts';
import type { EffectRecord } from '../core/effects.ts';
import { kindOf } from '../core/keys.ts';
import { limits } from '../core/limits.ts';
import { harnessEnv, type Subject } from '../core/polecats/protocol.ts';
import type { Clock, CodeHost, Fleet, Item, Log, Model, Ports, Repo } from '../core/ports.ts';
import { machines } from '../core/wiring.ts';
import { makeGitRepo } from '../git/repo.ts';
import { telling } from '../lambdas/platform/telling.ts';
import { makeDirectoryBlobs } from './blobs.ts';
import { bundleScript } from './bundle-script.ts';
import { realClock } from './clock.ts';
import { makeReportedChecks } from './code-host.ts';
import { failedWriteText, stoppingAtFailure } from './failed-write.ts';
import { type LocalFleet, makeProcessFleet } from './fleet.ts';
import { wireFunctions } from './functions.ts';
import { makeGitCredential } from './git-credential.ts';
import { makeGitSpawner } from './git-spawner.ts';
import { makeGithubPullRequests } from './github-pull-requests.ts';
import { realIds } from './ids.ts';
import { openLedger } from './ledger.ts';
import { makeNotifier } from './notifier.ts';
import { serveApi } from './serve.ts';
import { unwatched, type Watch } from './watch.ts';
import { makeWebhookSecrets } from './webhook-secrets.ts';

const spawnerEntry = new URL('../git/spawner.ts', import.meta.url);

export interface TownOptions {
  /** State, logs, mails and secrets of this town; created with mode 0700 if it is missing. */
  readonly dir: string;
  /** 0: any free one. */
  readonly port?: number;
  readonly print: (line: string) => void;
  readonly log: Log;
  /** Where `log` writes, if that is a file: `gt why` names it. */
  readonly logFile?: string;
  /** Wait for the disk at every commit (default). Off, only a loss of power can lose the newest records. */
  readonly sync?: boolean;
  readonly polecatsPerTown?: number;
  /** Where agents' programs are found (`PATH`), and who answers them (`ANTHROPIC_…`); by default this process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Absent: the Mayor plans checklists only. */
  readonly model?: Model | undefined;
  /** Runs around every write of the ledger: where tests make the disk full. */
  readonly aroundWrite?: (write: () => Promise<void>) => Promise<void>;
  readonly watch?: Watch;
  /** What stands for processes and git, where a bench wants to see the town alone. */
  readonly world?: (apiUrl: () => string) => World;
}

/** Where tasks run, and what moves main. */
interface World {
  readonly fleet: LocalFleet;
  readonly repo: Repo;
  close(): void;
}

export interface Town {
  readonly url: string;
  readonly token: string;
  readonly ports: Pick<Ports, 'ledger' | 'blobs' | 'clock' | 'ids'>;
  /** What was found in flight at the start, and taken up again. */
  readonly recovered: number;
  /** Ends it in good order: polecats are stopped and push what they have. */
  close(): Promise<void>;
}

export async function startTown(options: TownOptions): Promise<Town> {
  const { dir, log, watch = unwatched } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const clock = realClock;
  const ids = realIds(clock);
  const halted = new AbortController();
  const stored = await openLedger({
    location: join(dir, 'ledger'),
    clock,
    sync: options.sync ?? true,
    aroundWrite: stoppingAtFailure(options.aroundWrite ?? ((write) => write()), (error) => {
      options.print(failedWriteText(error));
      log('error', 'ledger unwritable', { error: String(error) });
      halted.abort();
    }),
  });
  const ledger = telling(stored, log);
  const token = await secretIn(join(dir, 'token'));
  const secretOf = (subject: string): string => createHmac('sha256', token).update(subject).digest('hex');

  let url = '';
  const apiUrl = (): string => url;
  const gitCredential = makeGitCredential(join(dir, 'git-credentials'));
  const world = options.world?.(apiUrl) ?? (await processesAndGit(options, apiUrl, clock, gitCredential));
  const { fleet: processes, repo } = world;
  const { fleet, subjectOf } = rememberingSubjects(processes);
  const orphans = await processes.killOrphans();
  const blobs = makeDirectoryBlobs(join(dir, 'blobs'));
  const notifier = makeNotifier({ dir: join(dir, 'mail'), print: options.print });
  const codeHost = {
    ...makeReportedChecks(ledger, gitCredential),
    pullRequest: makeGithubPullRequests({ credential: gitCredential }),
  };
  const caps = {
    polecatsPerTown: options.polecatsPerTown ?? limits.polecatsPerTownDefault,
    dayBudgetUsd: limits.dayBudgetUsdDefault,
  };
  const { queues, workflows, effects, witness, consume } = wireFunctions(
    {
      ...{ ledger, repo, fleet, blobs, notifier, codeHost, clock, ids, log },
      ...{ apiUrl, secretOf, caps, watch, machines: await definitions(), model: options.model },
    },
    (name, make, given) => {
      const handler = make(watch.ports(name, given));
      return (input) => watch.run(name, () => handler(input));
    },
  );

  const server = await serveApi({
    deps: watch.ports('api', { ledger, repo, blobs, clock, ids, codeHost }),
    run: (answer) => watch.run('api', answer),
    port: options.port ?? 0,
    token,
    log,
    webhookSecrets: makeWebhookSecrets(join(dir, 'webhooks')),
    fleet: { polecatsMax: caps.polecatsPerTown },
    logs: options.logFile === undefined ? undefined : { file: options.logFile },
  });
  url = server.url;

  ledger.onCommitted((put) => {
    const fresh = put.filter((item) => kindOf(item) === 'effect' && item.version === 1);
    if (fresh.length > 0) void effects(fresh as unknown as Item<EffectRecord>[]);
  });
  processes.onStopped((taskId) => {
    const subject = subjectOf(taskId);
    if (!subject) return;
    witness({ kind: 'task_stopped', subject }).catch((error: unknown) =>
      log('error', 'a stopped task was not looked at', { taskId, error: String(error) }),
    );
  });
  consume();
  const { looked } = await witness({ kind: 'town_restarted' });
  if (orphans > 0) log('warn', 'stopped what the last town left running', { processes: orphans });
  const patrols = patrolEvery(() => witness({ kind: 'patrol' }), log);
  const halt = (): void => {
    patrols.stop();
    workflows.close();
    void queues.close();
  };
  if (halted.signal.aborted) halt();
  halted.signal.addEventListener('abort', halt);
  await writeTownFile(dir, url);

  return {
    url,
    token,
    ports: { ledger, blobs, clock, ids },
    recovered: looked,
    async close() {
      patrols.stop();
      await processes.close();
      await queues.close();
      workflows.close();
      world.close();
      await server.close();
      await ledger.close();
    },
  };
}

async function processesAndGit(
  { dir, environment = process.env }: TownOptions,
  apiUrl: () => string,
  clock: Clock,
  credential: CodeHost['gitCredential'],
): Promise<World> {
  const harness = await bundleHarness(join(dir, 'harness', 'polecat'));
  const spawner = makeGitSpawner(await bundleScript(spawnerEntry, join(dir, 'harness', 'git-spawner')));
  return {
    fleet: makeProcessFleet({ dir: join(dir, 'fleet'), harness, apiUrl, clock, environment }),
    repo: makeGitRepo({ cacheDir: join(dir, 'git'), clock, credential, run: spawner.run }),
    close: () => spawner.close(),
  };
}

/** Knows what each task works for: ECS tells it with the task's end, a process does not. */
function rememberingSubjects(processes: LocalFleet): { fleet: Fleet; subjectOf(taskId: string): Subject | undefined } {
  const subjects = new Map<string, Subject>();
  return {
    fleet: {
      async launch(request) {
        const launched = await processes.launch(request);
        const subject = request.environment[harnessEnv.subject];
        if (launched.ok && subject) subjects.set(launched.taskId, JSON.parse(subject) as Subject);
        return launched;
      },
      stop: (taskId, reason) => processes.stop(taskId, reason),
      list: (taskIds) => processes.list(taskIds),
    },
    subjectOf(taskId) {
      const subject = subjects.get(taskId);
      subjects.delete(taskId);
      return subject;
    },
  };
}

/** A secret of 256 bits in a file that only its owner reads; made at the first start, and kept. */
async function secretIn(file: string): Promise<string> {
  try {
    await writeFile(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}

/** The state-machine files that CDK deploys. */
async function definitions(): Promise<Record<string, { definition: string }>> {
  const read = (path: string) => readFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
  const entries = Object.entries(machines).map(
    async ([name, { definition }]) => [name, { definition: await read(definition) }] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** How `gt` finds this town. */
async function writeTownFile(dir: string, url: string): Promise<void> {
  const text = `${JSON.stringify({ url, tokenFile: join(dir, 'token'), pid: process.pid }, null, 2)}\n`;
  await writeFile(join(dir, 'town.json.new'), text, { mode: 0o600 });
  await rename(join(dir, 'town.json.new'), join(dir, 'town.json'));
}

function patrolEvery(patrol: () => Promise<unknown>, log: Log): { stop(): void } {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    patrol()
      .catch((error: unknown) => log('error', 'patrol failed', { error: String(error) }))
      .finally(() => {
        busy = false;
      });
  }, limits.localPatrolEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
