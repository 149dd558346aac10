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
import type { Fleet, Item, Json, Log, Ports } from '../core/ports.ts';
import { machines, type QueueName, queues as queueWiring } from '../core/wiring.ts';
import { makeGitRepo } from '../git/repo.ts';
import { makeHandler as makeConvoys } from '../lambdas/convoys/convoys.ts';
import { makeHandler as makeMayor } from '../lambdas/intents/mayor.ts';
import { makeHandler as makeMolecule } from '../lambdas/molecules/molecule.ts';
import { makeHandler as makeEffects } from '../lambdas/platform/effects.ts';
import { makeHandler as makeFleetHandler } from '../lambdas/polecats/fleet.ts';
import { makeHandler as makeRefinery } from '../lambdas/refinery/refinery.ts';
import { launchGate } from '../lambdas/refinery/verdict.ts';
import { makeHandler as makeScheduler } from '../lambdas/scheduler/scheduler.ts';
import { makeHandler as makeWitness } from '../lambdas/witness/witness.ts';
import { makeDirectoryBlobs } from './blobs.ts';
import { bundleScript } from './bundle-script.ts';
import { realClock } from './clock.ts';
import { makeReportedChecks } from './code-host.ts';
import { failedWriteText, stoppingAtFailure } from './failed-write.ts';
import { type LocalFleet, makeProcessFleet } from './fleet.ts';
import { makeGitSpawner } from './git-spawner.ts';
import { realIds } from './ids.ts';
import { openLedger } from './ledger.ts';
import { makeNotifier } from './notifier.ts';
import { makeQueues, type QueueHandler } from './queues.ts';
import { serveApi } from './serve.ts';
import { makeWorkflows } from './states/workflows.ts';

const spawnerEntry = new URL('../git/spawner.ts', import.meta.url);

export interface TownOptions {
  /** State, logs, mails and secrets of this town; created with mode 0700 if it is missing. */
  readonly dir: string;
  /** 0: any free one. */
  readonly port?: number;
  readonly print: (line: string) => void;
  readonly log: Log;
  /** Wait for the disk at every commit (default). Off, only a loss of power can lose the newest records. */
  readonly sync?: boolean;
  readonly polecatsPerTown?: number;
  /** Runs around every write of the ledger: where tests make the disk full. */
  readonly aroundWrite?: (write: () => Promise<void>) => Promise<void>;
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
  const { dir, log } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const clock = realClock;
  const ids = realIds(clock);
  const halted = new AbortController();
  const ledger = await openLedger({
    location: join(dir, 'ledger'),
    clock,
    sync: options.sync ?? true,
    aroundWrite: stoppingAtFailure(options.aroundWrite ?? ((write) => write()), (error) => {
      options.print(failedWriteText(error));
      log('error', 'ledger unwritable', { error: String(error) });
      halted.abort();
    }),
  });
  const token = await secretIn(join(dir, 'token'));
  const secretOf = (subject: string): string => createHmac('sha256', token).update(subject).digest('hex');

  let url = '';
  const apiUrl = (): string => url;
  const harness = await bundleHarness(join(dir, 'harness', 'polecat'));
  const processes = makeProcessFleet({ dir: join(dir, 'fleet'), harness, apiUrl, clock });
  const { fleet, subjectOf } = rememberingSubjects(processes);
  const orphans = await processes.killOrphans();
  const blobs = makeDirectoryBlobs(join(dir, 'blobs'));
  const notifier = makeNotifier({ dir: join(dir, 'mail'), print: options.print });
  const spawner = makeGitSpawner(await bundleScript(spawnerEntry, join(dir, 'harness', 'git-spawner')));
  const repo = makeGitRepo({ cacheDir: join(dir, 'git'), clock, run: spawner.run });
  const codeHost = makeReportedChecks(ledger);
  const queues = makeQueues({
    wiring: queueWiring,
    clock,
    ids,
    onFailure: (queue, error) => log('error', 'delivery failed', { queue, error: String(error) }),
  });

  const molecule = makeMolecule({ ledger, clock, ids });
  const mayor = makeMayor({ ledger, blobs, clock, ids });
  const functions: Readonly<Record<string, (payload: never) => Promise<unknown>>> = { molecule, mayor };
  const workflows = makeWorkflows({
    machines: await definitions(),
    substitutions: { MoleculeFunction: 'molecule', MayorFunction: 'mayor', SlingQueueUrl: 'sling' },
    invoke: async (name, payload) => (await functions[name]?.(payload as never)) as Json,
    send: (message) => queues.send(message),
    clock,
    ids,
    onEnded: (machine, name, status, why) => {
      if (status !== 'succeeded') log('warn', 'execution ended', { machine, name, status, why: why?.cause ?? '' });
    },
  });

  const common = { ledger, clock, ids, log };
  const effects = makeEffects({
    ...common,
    queues,
    workflows,
    fleet,
    notifier,
    launchGate: (effect) => launchGate({ ...common, fleet, apiUrl, secretOf }, effect),
  });
  const witness = makeWitness({ ...common, workflows, fleet, performEffects: effects });
  const caps = {
    polecatsPerTown: options.polecatsPerTown ?? limits.polecatsPerTownDefault,
    dayBudgetUsd: limits.dayBudgetUsdDefault,
  };
  const consumers: Readonly<Record<QueueName, QueueHandler>> = {
    sling: makeFleetHandler({ ...common, fleet, queues, apiUrl, secretOf }),
    scheduler: makeScheduler({ ...common, caps }),
    convoys: makeConvoys(common),
    refinery: makeRefinery({ ...common, repo, fleet, codeHost }),
  };

  const server = await serveApi({
    deps: { ledger, repo, blobs, clock, ids, codeHost },
    port: options.port ?? 0,
    token,
    log,
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
  for (const [name, consume] of Object.entries(consumers)) queues.consume(name, consume);
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
      spawner.close();
      await server.close();
      await ledger.close();
    },
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
