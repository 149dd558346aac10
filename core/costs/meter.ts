/**
 * Ports that count: each call by its kind, in the units that AWS bills. A decorator changes no answer. Latency, retries
 * within an SDK and data over the internet are not counted here.
 */
import type { Blobs, CodeHost, Fleet, Log, Model, Notifier, Ports, Queues, Repo, Workflows } from '../ports.ts';
import { type QueueName, queues } from '../wiring.ts';
import { utf8Bytes } from './item-units.ts';
import { meterLedger } from './meter-ledger.ts';
import type { Units } from './prices.ts';

/** Told of every call that was answered: its kind (`ledger.get`) and what it is billed. */
export type Meter = (call: string, units: Units) => void;

/** SQS and SNS bill a message for each 64 KB begun. */
const chunksOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 65_536));
/** What CloudWatch adds to each event, and the timestamp and level that a line gets. */
const logLineBytes = 26;
const logHeadBytes = 60;

/** The same ports, counted; clock and ids cost nothing. */
export function meterPorts<Given extends Partial<Ports>>(ports: Given, meter: Meter): Given {
  return {
    ...ports,
    ...(ports.ledger && { ledger: meterLedger(ports.ledger, meter) }),
    ...(ports.queues && { queues: meterQueues(ports.queues, meter) }),
    ...(ports.workflows && { workflows: meterWorkflows(ports.workflows, meter) }),
    ...(ports.fleet && { fleet: meterFleet(ports.fleet, meter) }),
    ...(ports.blobs && { blobs: meterBlobs(ports.blobs, meter) }),
    ...(ports.repo && { repo: meterRepo(ports.repo, meter) }),
    ...(ports.codeHost && { codeHost: meterCodeHost(ports.codeHost, meter) }),
    ...(ports.model && { model: meterModel(ports.model, meter) }),
    ...(ports.notifier && { notifier: meterNotifier(ports.notifier, meter) }),
    ...(ports.log && { log: meterLog(ports.log, meter) }),
  };
}

const counted = <Answer>(answer: Promise<Answer>, meter: Meter, call: string, units: Units = {}): Promise<Answer> =>
  answer.then((value) => {
    meter(call, units);
    return value;
  });

export const isFifo = (queue: string): boolean => queues[queue as QueueName]?.type === 'fifo';

const meterQueues = (inner: Queues, meter: Meter): Queues => ({
  send(message) {
    const chunks = chunksOf(utf8Bytes(JSON.stringify(message.body) ?? ''));
    const units = isFifo(message.queue) ? { sqsFifo: chunks } : { sqsStandard: chunks };
    return counted(inner.send(message), meter, 'queues.send', units);
  },
});

/** The calls are free: Step Functions bills transitions, of which the start of an execution is one. */
const meterWorkflows = (inner: Workflows, meter: Meter): Workflows => ({
  start: (...request) =>
    inner.start(...request).then((answer) => {
      meter('workflows.start', answer === 'started' ? { transitions: 1 } : {});
      return answer;
    }),
  succeed: (...answer) => counted(inner.succeed(...answer), meter, 'workflows.succeed'),
  fail: (...answer) => counted(inner.fail(...answer), meter, 'workflows.fail'),
  stop: (...which) => counted(inner.stop(...which), meter, 'workflows.stop'),
  describe: (...which) => counted(inner.describe(...which), meter, 'workflows.describe'),
});

/** The calls are free: the tasks are billed by the second. */
const meterFleet = (inner: Fleet, meter: Meter): Fleet => ({
  launch: (request) => counted(inner.launch(request), meter, 'fleet.launch'),
  stop: (...which) => counted(inner.stop(...which), meter, 'fleet.stop'),
  list: (...which) => counted(inner.list(...which), meter, 'fleet.list'),
});

const meterBlobs = (inner: Blobs, meter: Meter): Blobs => ({
  put: (...blob) => counted(inner.put(...blob), meter, 'blobs.put', { s3Puts: 1 }),
  get: (hash) => counted(inner.get(hash), meter, 'blobs.get', { s3Gets: 1 }),
});

/** Git is the host's. The rig's credential is held between calls, so that its reads are not told by them. */
function meterRepo(inner: Repo, meter: Meter): Repo {
  const asked = <Answer>(answer: Promise<Answer>, call: string) => counted(answer, meter, call);
  return {
    readRef: (...what) => asked(inner.readRef(...what), 'repo.readRef'),
    readRefs: (...what) => asked(inner.readRefs(...what), 'repo.readRefs'),
    buildChain: (...what) => asked(inner.buildChain(...what), 'repo.buildChain'),
    pushWithLease: (...what) => asked(inner.pushWithLease(...what), 'repo.pushWithLease'),
    isAncestor: (...what) => asked(inner.isAncestor(...what), 'repo.isAncestor'),
    createBranch: (...what) => asked(inner.createBranch(...what), 'repo.createBranch'),
    findCommit: (...what) => asked(inner.findCommit(...what), 'repo.findCommit'),
    containedIn: (...what) => asked(inner.containedIn(...what), 'repo.containedIn'),
    changedPaths: (...what) => asked(inner.changedPaths(...what), 'repo.changedPaths'),
    conflictOf: (...what) => asked(inner.conflictOf(...what), 'repo.conflictOf'),
    inspectResolution: (...what) => asked(inner.inspectResolution(...what), 'repo.inspectResolution'),
    readTree: (...what) => asked(inner.readTree(...what), 'repo.readTree'),
    readFiles: (...what) => asked(inner.readFiles(...what), 'repo.readFiles'),
    recentCommits: (...what) => asked(inner.recentCommits(...what), 'repo.recentCommits'),
    deleteRefs: (...what) => asked(inner.deleteRefs(...what), 'repo.deleteRefs'),
    probe: (...what) => asked(inner.probe(...what), 'repo.probe'),
  };
}

/** At most: what is held is not read again. The rest is the ledger's, and counted there. */
const meterCodeHost = (inner: CodeHost, meter: Meter): CodeHost => ({
  ...inner,
  gitCredential: (remote) => counted(inner.gitCredential(remote), meter, 'codeHost.gitCredential', { secretReads: 1 }),
});

const meterModel = (inner: Model, meter: Meter): Model => ({
  ...inner,
  complete: (request) =>
    inner.complete(request).then((reply) => {
      meter('model.complete', { modelInputTokens: reply.inputTokens, modelOutputTokens: reply.outputTokens });
      return reply;
    }),
});

const meterNotifier = (inner: Notifier, meter: Meter): Notifier => ({
  publish(notification) {
    const snsPublishes = chunksOf(utf8Bytes(notification.body));
    return counted(inner.publish(notification), meter, 'notifier.publish', { snsPublishes });
  },
});

const meterLog =
  (inner: Log, meter: Meter): Log =>
  (level, message, fields = {}) => {
    inner(level, message, fields);
    meter('log', { logBytes: utf8Bytes(JSON.stringify({ ...fields, message })) + logHeadBytes + logLineBytes });
  };
